// A scriptable OpenAI upstream on a raw socket. A test says step by step which bytes it sends (see upstream_steps.mjs);
// the server records what it was sent, byte for byte, and when each connection was opened and left.
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import tls from 'node:tls';
import { json } from './upstream_steps.mjs';
import { modelList } from './openai_shapes.mjs';
import { RequestReader } from './wire_request.mjs';

const kModelList = 'GET /v1/models';

// One accepted connection. Time stamps are performance.now() of this process.
class UpstreamConnection {
  constructor(id, socket) {
    this.id = id;
    this.socket = socket;
    this.openedAt = performance.now();
    this.leftAt = undefined; // FIN, reset or close by the gateway, whichever came first
    this.closedAt = undefined;
    this.requestCount = 0;
    this.left = new Promise((resolve) => {
      const leave = () => {
        this.leftAt ??= performance.now();
        resolve(this.leftAt);
      };
      socket.on('end', leave);
      socket.on('error', leave);
      socket.on('close', () => {
        this.closedAt = performance.now();
        leave();
      });
    });
  }

  get isOpen() {
    return this.leftAt === undefined;
  }
}

// One request on the way to its answer: what the step functions act on.
class Exchange {
  constructor(connection, request) {
    this.connection = connection;
    this.socket = connection.socket;
    this.request = request;
    this.bytesSent = 0; // accepted by the socket's buffer
    this.keepsAlive = true;
  }

  get isGone() {
    return !this.connection.isOpen || this.socket.destroyed;
  }

  // Resolves when the kernel has taken the bytes, so that a step after it sees real back-pressure.
  async write(bytes) {
    if (this.isGone) return;
    this.bytesSent += Buffer.byteLength(bytes);
    await Promise.race([new Promise((resolve) => this.socket.write(bytes, resolve)), this.connection.left]);
  }
}

export class FakeUpstream {
  // readDelayMs: from accepting a connection to reading its first byte. certificate: {key, cert} in PEM makes it speak TLS.
  static async start({ readDelayMs = 0, certificate } = {}) {
    const upstream = new FakeUpstream(readDelayMs, certificate);
    await new Promise((resolve, reject) => {
      upstream.server.once('error', reject);
      upstream.server.listen(0, '127.0.0.1', 1024, resolve);
    });
    return upstream;
  }

  constructor(readDelayMs, certificate) {
    this.readDelayMs = readDelayMs;
    this.scheme = certificate ? 'https' : 'http';
    this.connections = [];
    this.requests = []; // all but the model lists the gateway fetches of its own accord
    this.modelListRequests = [];
    this.failures = []; // requests this server could not parse
    this.waiters = [];
    this.nextAnswers = [];
    this.answers = new Map([[kModelList, [json(modelList())]]]);
    this.defaultAnswer = [
      json({ error: { message: 'no answer scripted', type: 'test', param: null, code: null } }, { status: 599 }),
    ];
    const onConnection = (socket) => this.#accept(socket);
    this.server = certificate
      ? tls
          .createServer({ ...certificate, noDelay: true }, onConnection)
          .on('tlsClientError', (error) => this.refusedHandshakes.push(error))
      : net.createServer({ noDelay: true, pauseOnConnect: true }, onConnection);
    this.refusedHandshakes = [];
  }

  get port() {
    return this.server.address().port;
  }

  get baseUrl() {
    return `${this.scheme}://127.0.0.1:${this.port}/v1`;
  }

  get lastRequest() {
    return this.requests.at(-1);
  }

  get openConnections() {
    return this.connections.filter((connection) => connection.isOpen);
  }

  // What every request gets from now on, where nothing more specific is set.
  answer(...steps) {
    this.defaultAnswer = steps;
  }

  // What requests of one route get, e.g. answerOn('POST /v1/embeddings', json(…)). The query is not part of the route.
  answerOn(route, ...steps) {
    this.answers.set(route, steps);
  }

  // What only the next request (not counting model lists) gets; may be called several times.
  answerNext(...steps) {
    this.nextAnswers.push(steps);
  }

  // Forgets what was recorded; connections that are open stay recorded.
  forget() {
    this.requests.length = 0;
    this.modelListRequests.length = 0;
    this.nextAnswers.length = 0;
    this.connections = this.openConnections;
  }

  // The request with this index (0-based, since the last forget()), waiting for it if needed.
  async request(index = 0, timeoutMs = 5000) {
    const deadline = performance.now() + timeoutMs;
    while (this.requests.length <= index) {
      const remaining = deadline - performance.now();
      if (remaining <= 0)
        throw new Error(`upstream got ${this.requests.length} requests in ${timeoutMs} ms, expected ${index + 1}`);
      await this.#change(remaining);
    }
    return this.requests[index];
  }

  async stop() {
    for (const connection of this.connections) connection.socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #change(timeoutMs) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #accept(socket) {
    const connection = new UpstreamConnection(this.connections.length, socket);
    this.connections.push(connection);
    const start = () => {
      socket.resume();
      this.#serve(connection).catch((error) => {
        this.failures.push(error);
        socket.destroy();
      });
    };
    if (this.readDelayMs > 0) setTimeout(start, this.readDelayMs);
    else start();
  }

  async #serve(connection) {
    const reader = new RequestReader(connection.socket);
    for (;;) {
      const request = await reader.next();
      if (request === undefined) return;
      request.at = performance.now();
      request.connection = connection;
      request.isFirstOnConnection = connection.requestCount++ === 0;
      const exchange = new Exchange(connection, request);
      request.exchange = exchange;
      const steps = this.#record(request);
      for (const step of steps) {
        if (exchange.isGone) break;
        await step(exchange);
      }
      if (!exchange.keepsAlive) {
        connection.socket.end();
        return;
      }
    }
  }

  #record(request) {
    const route = `${request.method} ${request.path}`;
    const isModelList = route === kModelList;
    (isModelList ? this.modelListRequests : this.requests).push(request);
    for (const wake of this.waiters.splice(0)) wake();
    if (!isModelList && this.nextAnswers.length > 0) return this.nextAnswers.shift();
    return this.answers.get(route) ?? this.defaultAnswer;
  }
}
