// One upstream that fails at random, per request and as a whole: it has good and bad times, and now and then it resets
// all its connections, is away for a moment, and comes back on the same port.
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { modelList } from '../../../tests/integration/openai_shapes.mjs';
import { json } from '../../../tests/integration/upstream_steps.mjs';
import { RequestReader } from '../../../tests/integration/wire_request.mjs';
import { Choices } from './choices.mjs';
import { orderOf } from './numbered_answer.mjs';
import { scriptFor } from './upstream_faults.mjs';

// Share of the requests that meet a fault, and how often such a time comes.
const kFaultRates = { fair: 0.05, rough: 0.3, storm: 0.9 };
const kWeather = { fair: 5, rough: 4, storm: 1 };
const kSpellMs = [2000, 10_000];
const kUpMs = [4000, 20_000];
const kDownMs = [100, 2000];
// What was sent this shortly before a reset may be lost on the way.
const kInFlightMs = 500;

// One request on the way to its answer: what the steps act on.
class Exchange {
  constructor(connection, request) {
    this.connection = connection;
    this.socket = connection.socket;
    this.request = request;
    this.keepsAlive = true;
  }

  get isGone() {
    return this.connection.isLeft || this.socket.destroyed;
  }

  async write(bytes) {
    if (this.isGone) return;
    await Promise.race([new Promise((resolve) => this.socket.write(bytes, resolve)), this.connection.left]);
  }
}

class Connection {
  constructor(socket) {
    this.socket = socket;
    this.isLeft = false;
    this.lastWhole = undefined; // the entry of the last good answer, and when it was sent
    this.left = new Promise((resolve) => {
      const leave = () => {
        this.isLeft = true;
        resolve();
      };
      for (const event of ['end', 'error', 'close']) socket.on(event, leave);
    });
  }
}

export class ChaoticUpstream {
  // `note(entry)` is called at the end of every request that carries an order.
  constructor({ name, seed, note }) {
    Object.assign(this, { name, seed, note });
    this.port = 0;
    this.restarts = 0;
    this.weather = 'fair';
    this.hasEnded = false;
    this.connections = new Set();
    this.attempts = new Map(); // of each request, how often it has come
  }

  async start() {
    await this.#listen();
    this.spells = [this.#changeWeather(), this.#restartNowAndThen()];
  }

  async end() {
    this.hasEnded = true;
    await this.#close();
  }

  async #listen() {
    this.server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
    await new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.port, '127.0.0.1', 1024, resolve);
    });
    this.port = this.server.address().port;
  }

  async #close() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const { lastWhole, socket } of this.connections) {
      if (lastWhole && performance.now() - lastWhole.at < kInFlightMs) lastWhole.entry.isWhole = false;
      socket.resetAndDestroy();
    }
    await closed;
  }

  async #changeWeather() {
    const choices = new Choices(this.seed, this.name, 'weather');
    while (!this.hasEnded) {
      this.weather = choices.weighted(kWeather);
      await delay(choices.between(...kSpellMs), undefined, { ref: false });
    }
  }

  async #restartNowAndThen() {
    const choices = new Choices(this.seed, this.name, 'restarts');
    for (;;) {
      await delay(choices.between(...kUpMs), undefined, { ref: false });
      if (this.hasEnded) return;
      ++this.restarts;
      await this.#close();
      await delay(choices.between(...kDownMs), undefined, { ref: false });
      if (this.hasEnded) return;
      await this.#listen();
    }
  }

  #accept(socket) {
    const connection = new Connection(socket);
    this.connections.add(connection);
    socket.on('close', () => this.connections.delete(connection));
    // What is no request ends the connection, as an upstream would.
    this.#serve(connection).catch(() => socket.destroy());
  }

  async #serve(connection) {
    const reader = new RequestReader(connection.socket);
    for (;;) {
      const request = await reader.next();
      if (request === undefined) return connection.socket.destroy();
      const exchange = new Exchange(connection, request);
      await this.#answer(exchange);
      if (exchange.keepsAlive) continue;
      connection.socket.end();
      await connection.left;
      return connection.socket.destroy();
    }
  }

  async #answer(exchange) {
    const text = exchange.request.body.toString();
    const order = orderOf(text);
    if (!order) return json(modelList([]))(exchange);
    const attempt = (this.attempts.get(order.id) ?? 0) + 1;
    this.attempts.set(order.id, attempt);
    const entry = { id: order.id, upstream: this.name, attempt, isWhole: false };
    const { kind, isFault, steps } = scriptFor({
      choices: new Choices(this.seed, order.id, this.name, attempt),
      faultRate: kFaultRates[this.weather],
      order,
      maker: `${this.name}.${attempt}`,
      asked: JSON.parse(text),
      onWhole: () => {
        entry.isWhole = true;
        exchange.connection.lastWhole = { entry, at: performance.now() };
      },
    });
    Object.assign(entry, { kind, isFault });
    this.note(entry);
    for (const step of steps) {
      if (exchange.isGone) return;
      await step(exchange);
    }
  }
}
