// Clients that ask one chat after the other, plain and streamed in turn, and compare every byte of every answer. For
// tests that change something below a running load.
import assert from 'node:assert/strict';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { RawConnection, requestBytes } from './raw_http.mjs';
import { json, stream } from './upstream_steps.mjs';

const kAnswerLimitMs = 60_000;
const kPieces = 8;

// What the upstream makes of a question, so that no answer fits another question.
const piecesFor = (question) => Array.from({ length: kPieces }, (_, index) => `${question}/${index} `);
const completionFor = (question) => JSON.stringify(chatCompletion(`answer to ${question}`));

// Makes a fake upstream answer such clients. `gapMs` lies between two events of a stream.
export function answerLoad(upstream, { gapMs = 1 } = {}) {
  upstream.answer(async (exchange) => {
    const { messages, stream: isStreamed } = JSON.parse(exchange.request.body.toString());
    const question = messages[0].content;
    const step = isStreamed ? stream(chatStream(piecesFor(question)), { gapMs }) : json(completionFor(question));
    await step(exchange);
  });
}

export class ChatLoad {
  // Starts `clients` of them, each with a connection that is kept. `pauseMs` lies between two questions of one client.
  static start(gateway, { clients = 2, pauseMs = 0 } = {}) {
    const load = new ChatLoad(gateway, pauseMs);
    load.clients = Array.from({ length: clients }, (_, index) => load.#run(index));
    return load;
  }

  constructor(gateway, pauseMs) {
    this.gateway = gateway;
    this.pauseMs = pauseMs;
    this.answers = 0;
    this.failures = [];
    this.isOver = false;
  }

  // Ends after the questions that are being answered. Every answer has to have been right.
  async stop() {
    this.isOver = true;
    await Promise.all(this.clients);
    assert.deepEqual(this.failures.slice(0, 3), [], `${this.failures.length} of ${this.answers} answers failed`);
    assert.ok(this.answers > 0, 'there was a load');
    return this.answers;
  }

  async #run(client) {
    let connection;
    for (let turn = 0; !this.isOver; ++turn) {
      try {
        connection ??= await RawConnection.open(this.gateway.port);
        await this.#ask(connection, `question ${client}.${turn}`, (client + turn) % 2 === 1);
      } catch (error) {
        this.failures.push(`${client}.${turn}: ${error.message}`);
        connection?.close();
        connection = undefined;
        if (this.failures.length > 100) return;
      }
      ++this.answers;
      if (this.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    }
    connection?.close();
  }

  async #ask(connection, question, isStreamed) {
    const body = chatRequest({ messages: [{ role: 'user', content: question }], stream: isStreamed });
    await connection.send(requestBytes({ method: 'POST', target: '/v1/chat/completions', body }));
    const response = await connection.response({ limitMs: kAnswerLimitMs });
    const expected = isStreamed ? chatStream(piecesFor(question)).join('') : completionFor(question);
    if (response.status !== 200) throw new Error(`status ${response.status}: ${response.text.slice(0, 300)}`);
    if (response.text !== expected) throw new Error(`another answer: …${response.text.slice(-300)}`);
    if (response.header('connection') === 'close') throw new Error('the gateway closes the connection');
  }
}
