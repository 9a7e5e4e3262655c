// Many requests at the same time, each on a connection that is open before the first of them is sent.
import { RawConnection, requestBytes } from './raw_http.mjs';

const kOpenAtOnce = 100;

export class RequestWave {
  // `count` connections to each of the gateways.
  static async open(gateways, count) {
    const wave = new RequestWave();
    for (const gateway of gateways) {
      for (let opened = 0; opened < count; opened += kOpenAtOnce) {
        const some = Array.from({ length: Math.min(kOpenAtOnce, count - opened) });
        wave.connections.push(...(await Promise.all(some.map(() => RawConnection.open(gateway.port)))));
      }
    }
    return wave;
  }

  constructor() {
    this.connections = [];
  }

  // One request on each connection; `optionsOf(index)` is for requestBytes(). Resolves to the answers.
  send(optionsOf) {
    return Promise.all(
      this.connections.map(async (connection, index) => {
        const options = optionsOf(index);
        await connection.send(requestBytes(options));
        return connection.response({ method: options.method, limitMs: 15_000 });
      }),
    );
  }

  close() {
    for (const connection of this.connections) connection.close();
  }
}

// How many answers have each status: {200: 50, 429: 150}.
export function countByStatus(responses) {
  const counts = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
