// An HTTP client that sends exactly the bytes it is given and shows the answer as it stood on the wire.
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { ByteQueue } from './byte_queue.mjs';
import { HeadFields } from './wire_request.mjs';

const kReadLimitMs = 8000;

export class RawResponse {
  constructor({ version, status, reason, headers, headBytes }) {
    Object.assign(this, { version, status, reason, headers, headBytes });
    this.body = Buffer.alloc(0);
    this.isComplete = false; // the body ended as its framing says
    this.framing = 'none'; // none | length | chunked | close
  }

  header(name) {
    return this.headers.get(name);
  }

  get text() {
    return this.body.toString('utf8');
  }

  get json() {
    return JSON.parse(this.text);
  }
}

export class RawConnection {
  // A connection to a port of this machine, or to a Unix socket when `port` is a path.
  static async open(port, { host = '127.0.0.1', allowHalfOpen = true } = {}) {
    const address = typeof port === 'string' ? { path: port } : { port, host };
    const socket = net.connect({ ...address, allowHalfOpen, noDelay: true });
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawConnection(socket);
  }

  constructor(socket) {
    this.socket = socket;
    this.queue = new ByteQueue(socket);
  }

  get isEnded() {
    return this.queue.isEnded;
  }

  // Resolves when the kernel took the bytes. An error (the gateway closed) is seen by the next read.
  send(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, resolve));
  }

  // FIN: nothing more will be sent, the answer is still read.
  finish() {
    this.socket.end();
  }

  close() {
    this.socket.destroy();
  }

  reset() {
    this.socket.resetAndDestroy();
  }

  // One whole response. `method` matters for HEAD, whose answer has no body. 1xx answers are collected in `interim`.
  async response({ method = 'GET', limitMs = kReadLimitMs } = {}) {
    const interim = [];
    for (;;) {
      const response = await this.responseHead(limitMs);
      if (response.status >= 200) {
        response.interim = interim;
        await this.#readBody(response, method, limitMs);
        return response;
      }
      interim.push(response);
    }
  }

  // Only the status line and fields; read the body with bodyPiece().
  async responseHead(limitMs = kReadLimitMs) {
    const headBytes = await this.#until('\r\n\r\n', limitMs);
    const [statusLine, ...lines] = headBytes.subarray(0, -4).toString('latin1').split('\r\n');
    const match = /^(HTTP\/1\.[01]) (\d{3})(?: (.*))?$/.exec(statusLine);
    if (match === null) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`);
    const response = new RawResponse({
      version: match[1],
      status: Number(match[2]),
      reason: match[3] ?? '',
      headers: HeadFields.parse(lines),
      headBytes,
    });
    response.framing = this.#framingOf(response);
    return response;
  }

  // The data of the next chunk of a chunked body; undefined at its end.
  async chunk(limitMs = kReadLimitMs) {
    const sizeLine = (await this.#until('\r\n', limitMs)).toString('latin1');
    const size = parseInt(sizeLine, 16);
    if (!/^[0-9a-fA-F]+\r\n$/.test(sizeLine)) throw new Error(`not a chunk size: ${JSON.stringify(sizeLine)}`);
    if (size > 0) return (await this.#exactly(size + 2, limitMs)).subarray(0, size);
    while ((await this.#until('\r\n', limitMs)).length > 2);
    return undefined;
  }

  // Everything up to the end of the connection.
  async rest(limitMs = kReadLimitMs) {
    return this.queue.rest(limitMs);
  }

  // Resolves to the time the gateway took to close the connection; rejects when it does not.
  async closedWithin(limitMs) {
    const started = performance.now();
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the gateway kept the connection open for ${limitMs} ms`)), limitMs);
    });
    await Promise.race([this.queue.ended, late]).finally(() => clearTimeout(timer));
    return performance.now() - started;
  }

  #framingOf(response) {
    const codings = response.headers.all('transfer-encoding').join(',').toLowerCase();
    if (codings.includes('chunked')) return 'chunked';
    if (response.headers.has('content-length')) return 'length';
    return response.status < 200 || response.status === 204 || response.status === 304 ? 'none' : 'close';
  }

  async #readBody(response, method, limitMs) {
    if (method === 'HEAD') response.framing = 'none';
    if (response.framing === 'length') {
      response.body = Buffer.from(await this.#exactly(Number(response.header('content-length')), limitMs));
    } else if (response.framing === 'chunked') {
      const pieces = [];
      for (let piece = await this.chunk(limitMs); piece !== undefined; piece = await this.chunk(limitMs))
        pieces.push(piece);
      response.body = Buffer.concat(pieces);
    } else if (response.framing === 'close') {
      response.body = await this.rest(limitMs);
    }
    response.isComplete = true;
  }

  async #until(marker, limitMs) {
    return (await this.queue.until(marker, limitMs)) ?? this.#failEarly();
  }

  async #exactly(length, limitMs) {
    return (await this.queue.exactly(length, limitMs)) ?? this.#failEarly();
  }

  #failEarly() {
    throw new Error(`the gateway closed the connection (${this.queue.error ?? 'FIN'}) after ${this.queue.preview()}`);
  }
}

// The bytes of a request. `headers` is an object or a list of pairs; a body gets its Content-Length unless one is given.
export function requestBytes({ method = 'GET', target = '/', version = 'HTTP/1.1', headers = {}, body } = {}) {
  const pairs = Array.isArray(headers) ? [...headers] : Object.entries(headers);
  const has = (name) => pairs.some(([key]) => key.toLowerCase() === name);
  const data =
    body === undefined
      ? Buffer.alloc(0)
      : Buffer.from(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  if (!has('host')) pairs.unshift(['Host', 'gateway.test']);
  if (body !== undefined && !has('content-type')) pairs.push(['Content-Type', 'application/json']);
  if (body !== undefined && !has('content-length') && !has('transfer-encoding'))
    pairs.push(['Content-Length', String(data.length)]);
  const lines = pairs
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  return Buffer.concat([Buffer.from(`${method} ${target} ${version}\r\n${lines}\r\n`, 'latin1'), data]);
}

// One request on a connection of its own.
export async function exchange(gateway, options = {}) {
  const connection = await RawConnection.open(gateway.port);
  try {
    await connection.send(requestBytes(options));
    return await connection.response({ method: options.method, limitMs: options.limitMs });
  } finally {
    connection.close();
  }
}

// A chat request with this body (object, text or bytes) on a connection of its own.
export function chat(gateway, body, headers = {}, options = {}) {
  return exchange(gateway, { method: 'POST', target: '/v1/chat/completions', headers, body, ...options });
}
