// Asks the gateway's admin socket what became of a request, as `sluice explain ID --json` does.
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const kConnections = 2; // the admin listener has few threads
const kFirstAfterMs = 100;
const kPatienceMs = 6000;

export class ExplainedRecords {
  constructor(socketPath) {
    this.socketPath = socketPath;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: kConnections });
  }

  // All records of a request, newest first; none when there is none a while after it has ended.
  async of(id) {
    for (let waitedMs = 0, waitMs = kFirstAfterMs; waitedMs < kPatienceMs; waitedMs += waitMs, waitMs *= 2) {
      await delay(waitMs);
      const { exit_code: code, output } = await this.#command('explain', ['--json', '--', id]);
      if (code === 0) return output.trim().split('\n').map((line) => JSON.parse(line));
    }
    return [];
  }

  end() {
    this.agent.destroy();
  }

  #command(name, words) {
    const options = {
      socketPath: this.socketPath,
      agent: this.agent,
      method: 'POST',
      path: `/commands/${name}`,
      headers: { 'Content-Type': 'application/json' },
    };
    return new Promise((resolve, reject) => {
      const request = http.request(options, async (response) => {
        try {
          resolve(JSON.parse(Buffer.concat(await response.toArray()).toString()));
        } catch (error) {
          reject(error);
        }
      });
      request.on('error', reject);
      request.end(JSON.stringify({ arguments: words }));
    });
  }
}
