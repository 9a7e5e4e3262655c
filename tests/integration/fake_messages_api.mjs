// Anthropic's Messages API on loopback for the real claude program. A test says step by step what it does (see
// messages_steps.mjs); it records what the program asked and when it left.
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { reply } from './messages_steps.mjs';

const kMessages = 'POST /v1/messages';

const blocksOf = (content) => (typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []));
const textOf = (content) =>
  blocksOf(content)
    .filter(({ type }) => type === 'text')
    .map(({ text }) => text);
const isReminder = (text) => text.startsWith('<system-reminder>');

// One request for a message. Time stamps are performance.now() of this process.
class MessagesRequest {
  constructor(request, raw) {
    this.at = performance.now();
    this.socket = request.socket;
    this.headers = request.headers;
    this.raw = raw;
    this.body = JSON.parse(raw);
    this.leftAt = undefined; // the program closed before the answer ended
    this.endedAt = undefined; // the answer was taken whole
  }

  // The system prompt without what the program says of itself, which comes before it: undefined where there is none.
  get systemPrompt() {
    return textOf(this.body.system).find((text) => !/^x-anthropic-billing-header|^You are a Claude agent/.test(text));
  }

  // [role, text] of every message, without the program's reminders.
  get conversation() {
    return this.body.messages.map(({ role, content }) => [
      role,
      textOf(content)
        .filter((text) => !isReminder(text))
        .join('\n'),
    ]);
  }

  get userText() {
    return this.conversation.findLast(([role]) => role === 'user')[1];
  }

  get toolResults() {
    const last = this.body.messages.findLast(({ role }) => role === 'user');
    return blocksOf(last.content).filter(({ type }) => type === 'tool_result');
  }

  get toolNames() {
    return (this.body.tools ?? []).map(({ name }) => name);
  }
}

// A request on the way to its answer: what the step functions act on.
class Exchange {
  constructor(id, request, response) {
    this.id = id;
    this.request = request;
    this.response = response;
    this.blockCount = 0;
    this.eventsSent = 0;
    this.left = new Promise((resolve) => {
      response.on('close', () => {
        if (response.writableFinished) request.endedAt = performance.now();
        else request.leftAt = performance.now();
        resolve();
      });
    });
  }

  get isGone() {
    return this.response.destroyed;
  }

  head(status, headers) {
    this.response.writeHead(status, { 'request-id': `req_${this.id}`, ...headers });
  }

  async emit(type, fields) {
    if (this.isGone) return;
    ++this.eventsSent;
    const taken = this.response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
    if (!taken) await Promise.race([new Promise((resolve) => this.response.once('drain', resolve)), this.left]);
  }
}

export class FakeMessagesApi {
  static async start() {
    const api = new FakeMessagesApi();
    await new Promise((resolve, reject) => {
      api.server.once('error', reject);
      api.server.listen(0, '127.0.0.1', 1024, resolve);
    });
    return api;
  }

  constructor() {
    this.requests = []; // those for messages
    this.otherRequests = []; // "METHOD path" of all others
    this.failures = [];
    this.waiters = [];
    this.nextAnswers = [];
    this.defaultAnswer = [reply(['Hello ', 'there.'])];
    this.serial = 0;
    this.server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.#serve(request, response).catch((error) => {
        this.failures.push(error);
        response.destroy();
      });
    });
  }

  get baseUrl() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  get lastRequest() {
    return this.requests.at(-1);
  }

  // Requests that are being answered.
  get openRequests() {
    return this.requests.filter(({ leftAt, endedAt }) => leftAt === undefined && endedAt === undefined);
  }

  // What every request for a message gets from now on.
  answer(...steps) {
    this.defaultAnswer = steps;
  }

  // What only the next one gets; may be called several times.
  answerNext(...steps) {
    this.nextAnswers.push(steps);
  }

  // Forgets what was recorded and what was scripted for next requests.
  forget() {
    this.requests = this.openRequests;
    this.otherRequests.length = 0;
    this.nextAnswers.length = 0;
    this.answer(reply(['Hello ', 'there.']));
  }

  // The request with this index (0-based, since the last forget()), waiting for it if needed.
  async request(index = 0, timeoutMs = 20_000) {
    const deadline = performance.now() + timeoutMs;
    while (this.requests.length <= index) {
      const remaining = deadline - performance.now();
      if (remaining <= 0)
        throw new Error(`${this.requests.length} requests for a message in ${timeoutMs} ms, expected ${index + 1}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, remaining);
        this.waiters.push(() => (clearTimeout(timer), resolve()));
      });
    }
    return this.requests[index];
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const route = `${request.method} ${request.url.split('?')[0]}`;
    if (route !== kMessages) return this.#serveOther(route, response);
    const asked = new MessagesRequest(request, Buffer.concat(pieces).toString());
    const exchange = new Exchange(`msg_fake${++this.serial}`, asked, response);
    const steps = this.nextAnswers.shift() ?? this.defaultAnswer;
    this.requests.push(asked);
    for (const wake of this.waiters.splice(0)) wake();
    for (const step of steps) {
      if (exchange.isGone) break;
      await step(exchange);
    }
  }

  #serveOther(route, response) {
    this.otherRequests.push(route);
    const isCount = route.endsWith('/count_tokens');
    response.writeHead(isCount || route.startsWith('HEAD') ? 200 : 404, { 'content-type': 'application/json' });
    response.end(route.startsWith('HEAD') ? undefined : JSON.stringify(isCount ? { input_tokens: 10 } : {}));
  }
}
