// HTTP/1.1 requests as they stood on the wire: the fake upstream's side of the connection.
import { ByteQueue } from './byte_queue.mjs';

// Header fields in the order and spelling they were sent.
export class HeadFields {
  constructor(pairs) {
    this.pairs = pairs;
  }

  static parse(lines) {
    return new HeadFields(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      }),
    );
  }

  all(name) {
    return this.pairs.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  }

  get(name) {
    return this.all(name)[0];
  }

  has(name) {
    return this.all(name).length > 0;
  }

  get names() {
    return this.pairs.map(([key]) => key.toLowerCase());
  }
}

export class RequestReader {
  constructor(socket) {
    this.queue = new ByteQueue(socket);
  }

  // The next whole request, or undefined when the peer left.
  async next() {
    const headBytes = await this.queue.until('\r\n\r\n');
    if (headBytes === undefined) return undefined;
    const [requestLine, ...lines] = headBytes.subarray(0, -4).toString('latin1').split('\r\n');
    const match = /^([A-Z]+) (\S+) (HTTP\/1\.[01])$/.exec(requestLine);
    if (match === null) throw new Error(`not a request line: ${JSON.stringify(requestLine)}`);
    const [, method, target, version] = match;
    const headers = HeadFields.parse(lines);
    const body = await this.#body(headers);
    if (body === undefined) return undefined;
    return { method, target, path: target.split('?')[0], version, headers, headBytes, body };
  }

  async #body(headers) {
    if (headers.has('transfer-encoding')) return this.#chunkedBody();
    const data = await this.queue.exactly(Number(headers.get('content-length') ?? 0));
    return data && Buffer.from(data);
  }

  async #chunkedBody() {
    const pieces = [];
    for (;;) {
      const sizeLine = await this.queue.until('\r\n');
      if (sizeLine === undefined) return undefined;
      const size = parseInt(sizeLine.toString('latin1'), 16);
      if (size === 0) break;
      const piece = await this.queue.exactly(size + 2);
      if (piece === undefined) return undefined;
      pieces.push(Buffer.from(piece.subarray(0, size)));
    }
    for (;;) {
      const trailer = await this.queue.until('\r\n');
      if (trailer === undefined) return undefined;
      if (trailer.length === 2) return Buffer.concat(pieces);
    }
  }
}
