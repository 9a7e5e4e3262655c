// What the fake Messages API can do with a request: step functions for FakeMessagesApi.answer() and answerNext().
import { setTimeout as delay } from 'node:timers/promises';

export const kUsage = { input_tokens: 100, cache_creation_input_tokens: 11, cache_read_input_tokens: 22 };
export const kPromptTokens = 133;

const kErrorTypes = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

// ---- whole answers

// A text in pieces, one event each. `gapMs` lies between them, `firstMs` before everything.
export function reply(pieces, { gapMs = 0, firstMs = 0, stop = 'end_turn', outputTokens = 7 } = {}) {
  return async (exchange) => {
    if (firstMs > 0) await delay(firstMs);
    await begin()(exchange);
    await textBlock([pieces].flat(), { gapMs })(exchange);
    await finish(stop, outputTokens)(exchange);
  };
}

// Says what the newest user message says.
export function echo(options) {
  return (exchange) => reply(exchange.request.userText, options)(exchange);
}

// Calls of tools, all in one reply. `calls`: {name, input} or {name, pieces} where the JSON is cut by hand.
export function callTools(calls, { text = 'Let me see. ' } = {}) {
  return async (exchange) => {
    await begin()(exchange);
    if (text) await textBlock([text])(exchange);
    for (const call of calls) await toolBlock(call)(exchange);
    await finish('tool_use')(exchange);
  };
}

export function apiError(status, { type = kErrorTypes[status] ?? 'api_error', message, headers = {} } = {}) {
  return async (exchange) => {
    const body = { type: 'error', error: { type, message: message ?? `fake ${status}` }, request_id: exchange.id };
    exchange.head(status, { 'content-type': 'application/json', ...headers });
    exchange.response.end(JSON.stringify(body));
  };
}

// ---- parts of an answer

export function begin() {
  return async (exchange) => {
    exchange.head(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    const message = {
      id: exchange.id,
      type: 'message',
      role: 'assistant',
      model: exchange.request.body.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...kUsage, output_tokens: 1, service_tier: 'standard' },
    };
    await exchange.emit('message_start', { message });
  };
}

export function textBlock(pieces, { gapMs = 0, pings = false } = {}) {
  return block({ type: 'text', text: '' }, pieces, (text) => ({ type: 'text_delta', text }), { gapMs, pings });
}

export function thinkingBlock(pieces, { gapMs = 0 } = {}) {
  const signature = { type: 'signature_delta', signature: 'ZmFrZQ==' };
  const delta = (thinking) => ({ type: 'thinking_delta', thinking });
  return block({ type: 'thinking', thinking: '', signature: '' }, pieces, delta, { gapMs, last: signature });
}

export function toolBlock({ name, input = {}, pieces = halves(JSON.stringify(input)), id }) {
  return (exchange) => {
    const start = { type: 'tool_use', id: id ?? `toolu_${exchange.id}_${exchange.blockCount}`, name, input: {} };
    return block(start, pieces, (json) => ({ type: 'input_json_delta', partial_json: json }))(exchange);
  };
}

function halves(text) {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

function block(start, pieces, delta, { gapMs = 0, pings = false, last } = {}) {
  return async (exchange) => {
    const index = exchange.blockCount++;
    await exchange.emit('content_block_start', { index, content_block: start });
    for (const [at, piece] of pieces.entries()) {
      if (exchange.isGone) return;
      if (at > 0 && gapMs > 0) await delay(gapMs);
      if (pings) await exchange.emit('ping', {});
      await exchange.emit('content_block_delta', { index, delta: delta(piece) });
    }
    if (last) await exchange.emit('content_block_delta', { index, delta: last });
    await exchange.emit('content_block_stop', { index });
  };
}

// A block that is never closed: the model is in the middle of a sentence.
export function openText(pieces, { gapMs = 0 } = {}) {
  return async (exchange) => {
    const index = exchange.blockCount++;
    await exchange.emit('content_block_start', { index, content_block: { type: 'text', text: '' } });
    for (const text of pieces) {
      if (exchange.isGone) return;
      await exchange.emit('content_block_delta', { index, delta: { type: 'text_delta', text } });
      if (gapMs > 0) await delay(gapMs);
    }
  };
}

// Text that goes on until the program leaves.
export function endlessText({ gapMs = 10, piece = 'and on ' } = {}) {
  return async (exchange) => {
    await begin()(exchange);
    const index = exchange.blockCount++;
    await exchange.emit('content_block_start', { index, content_block: { type: 'text', text: '' } });
    while (!exchange.isGone) {
      await exchange.emit('content_block_delta', { index, delta: { type: 'text_delta', text: piece } });
      await delay(gapMs);
    }
  };
}

export function finish(stop = 'end_turn', outputTokens = 7) {
  return async (exchange) => {
    const delta = { stop_reason: stop, stop_sequence: null };
    await exchange.emit('message_delta', { delta, usage: { output_tokens: outputTokens } });
    await exchange.emit('message_stop', {});
    exchange.response.end();
  };
}

export function wait(ms) {
  return () => delay(ms);
}

// Nothing more until the program leaves.
export function hang() {
  return (exchange) => exchange.left;
}

export function drop() {
  return async (exchange) => {
    await delay(50); // what was written before arrives first
    exchange.request.socket.destroy();
  };
}

// The response ends like a whole one, without the events that end a message.
export function endEarly() {
  return async (exchange) => void exchange.response.end();
}

export function sseError(type = 'overloaded_error', message = 'Overloaded') {
  return async (exchange) => {
    await exchange.emit('error', { error: { type, message } });
    exchange.response.end();
  };
}
