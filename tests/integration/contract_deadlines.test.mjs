import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { beforeEach, test } from 'node:test';
import { assertBrokenChatStream, assertChatStream, assertError, streamedText } from './contract.mjs';
import { chatCompletion, chatRequest, chatStream, kDone, finishEvent, roleEvent, textEvent } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { chunk, events, head, json, lastChunk, sliced, stall, streamHead, wait } from './upstream_steps.mjs';

const kDeadlineMs = 400;
const kTimeout = { status: 504, type: 'server_error', code: 'timeout' };
const { upstream, gateway } = await stage({ env: { REQUEST_TIMEOUT_MS: String(kDeadlineMs) } });
const kJsonHead = head(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });

beforeEach(() => upstream.forget());

// The answer, which has to come after the deadline and not much later; the upstream connection is closed by then.
async function timed(request) {
  const started = performance.now();
  const response = await chat(gateway, request);
  const elapsedMs = performance.now() - started;
  assert.ok(elapsedMs >= kDeadlineMs - 20, `answered after ${elapsedMs.toFixed(0)} ms, before the deadline`);
  assert.ok(elapsedMs < kDeadlineMs + 1500, `answered after ${elapsedMs.toFixed(0)} ms`);
  await upstream.lastRequest.connection.left;
  return response;
}

test('deadline: an upstream that never answers is 504', async () => {
  upstream.answer(stall());
  assertError(await timed(chatRequest()), kTimeout);
});

test('deadline: an upstream that stops inside the body of a plain answer is 504', async () => {
  upstream.answer(kJsonHead, chunk('{"id":"chatcmpl-1",'), stall());
  assertError(await timed(chatRequest()), kTimeout);
});

test('deadline: it bounds a plain call as a whole, however busy the upstream looks', async () => {
  upstream.answer(kJsonHead, events(sliced(JSON.stringify(chatCompletion()), 10), { gapMs: 60 }), lastChunk());
  assertError(await timed(chatRequest()), kTimeout);
});

test('deadline: a stream that never begins is 504', async () => {
  upstream.answer(stall());
  assertError(await timed(chatRequest({ stream: true })), kTimeout);
});

test('deadline: a stream whose head comes but no event is 504', async () => {
  upstream.answer(streamHead(), stall());
  assertError(await timed(chatRequest({ stream: true })), kTimeout);
});

test('deadline: a stream that falls silent ends with an error event', async () => {
  upstream.answer(streamHead(), events([roleEvent(), textEvent('so far')]), stall());
  const { values } = assertBrokenChatStream(await timed(chatRequest({ stream: true })));
  assert.equal(streamedText(values), 'so far');
});

test('deadline: comments of the upstream do not count as progress for ever', async () => {
  const nothing = async (exchange) => {
    while (!exchange.isGone) {
      await chunk(': keep-alive\n\n')(exchange);
      await wait(50)(exchange);
    }
  };
  upstream.answer(streamHead(), nothing);
  const response = await Promise.race([
    timed(chatRequest({ stream: true })),
    new Promise((resolve) => setTimeout(resolve, 4000)),
  ]);
  assert.ok(response, 'a stream of comments alone is ended');
});

test('deadline: a stream may last longer than the limit as long as each gap is shorter', async () => {
  upstream.answer(streamHead(), events(chatStream(['a', 'b', 'c', 'd', 'e']), { gapMs: 150 }), lastChunk());
  const { values } = assertChatStream(await chat(gateway, chatRequest({ stream: true })));
  assert.equal(streamedText(values), 'abcde');
});

test('deadline: an upstream that keeps the connection open after [DONE] delays nobody', async () => {
  upstream.answer(streamHead(), events([roleEvent(), textEvent('x'), finishEvent(), kDone]), stall());
  const started = performance.now();
  assertChatStream(await chat(gateway, chatRequest({ stream: true })));
  assert.ok(performance.now() - started < kDeadlineMs, 'ended at [DONE], not at the deadline');
});

test('deadline: after every timeout the gateway still answers', async () => {
  upstream.answer(json(chatCompletion()));
  assert.equal((await chat(gateway, chatRequest())).status, 200);
});
