import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import {
  chatRequest,
  chatStream,
  deltaChunk,
  event,
  finishEvent,
  kDone,
  kUsage,
  roleEvent,
  textEvent,
} from './openai_shapes.mjs';
import { openaiClient, stage } from './stage.mjs';
import { events, finish, json, lastChunk, reset, stream, streamHead, until } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const client = openaiClient(gateway);

beforeEach(() => upstream.forget());

async function collect(request = {}, options = {}) {
  const chunks = [];
  const answer = await client.chat.completions.create(chatRequest({ stream: true, ...request }), options);
  for await (const chunk of answer) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');

test('openai stream: every chunk arrives in order with the text, one id and a finish reason', async () => {
  upstream.answer(stream(chatStream(['Hel', 'lo ', 'wörld 🙂'])));
  const chunks = await collect();
  assert.equal(textOf(chunks), 'Hello wörld 🙂');
  assert.equal(chunks[0].choices[0].delta.role, 'assistant');
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
});

test('openai stream: the usage chunk arrives when it was asked for', async () => {
  upstream.answer(stream(chatStream(['Hi'], { usage: true })));
  const chunks = await collect({ stream_options: { include_usage: true } });
  assert.deepEqual(chunks.at(-1).usage, kUsage);
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.deepEqual(JSON.parse(upstream.lastRequest.body).stream_options, { include_usage: true });
});

test('openai stream: the first text is delivered while the upstream is still writing', async () => {
  let goOn;
  const held = new Promise((resolve) => (goOn = resolve));
  upstream.answer(
    streamHead(),
    events([roleEvent(), textEvent('first')]),
    until(held),
    events([textEvent(' second'), finishEvent(), kDone]),
    lastChunk(),
  );
  const seen = [];
  for await (const chunk of await client.chat.completions.create(chatRequest({ stream: true }))) {
    const text = chunk.choices[0].delta.content;
    if (text) seen.push(text);
    if (text === 'first') goOn();
  }
  assert.deepEqual(seen, ['first', ' second']);
});

test('openai stream: the stream() helper assembles the final completion', async () => {
  upstream.answer(stream(chatStream(['a', 'b', 'c'], { usage: true })));
  const runner = client.chat.completions.stream(chatRequest({ stream_options: { include_usage: true } }));
  const deltas = [];
  runner.on('content', (delta) => deltas.push(delta));
  const completion = await runner.finalChatCompletion();
  assert.deepEqual(deltas.filter(Boolean), ['a', 'b', 'c']);
  assert.equal(completion.choices[0].message.content, 'abc');
  assert.deepEqual(completion.usage, kUsage);
});

test('openai stream: reasoning_content deltas reach the client', async () => {
  upstream.answer(
    stream([roleEvent(), event(deltaChunk({ reasoning_content: 'hm' })), textEvent('yes'), finishEvent(), kDone]),
  );
  const chunks = await collect();
  assert.equal(chunks.map((chunk) => chunk.choices[0].delta.reasoning_content ?? '').join(''), 'hm');
});

test('openai stream: choices of different index interleave', async () => {
  const part = (index, content) =>
    event({ ...deltaChunk({}), choices: [{ index, delta: { content }, logprobs: null, finish_reason: null }] });
  const end = (index) =>
    event({ ...deltaChunk({}), choices: [{ index, delta: {}, logprobs: null, finish_reason: 'stop' }] });
  upstream.answer(stream([part(0, 'a'), part(1, 'x'), part(0, 'b'), part(1, 'y'), end(0), end(1), kDone]));
  const chunks = await collect({ n: 2 });
  const textAt = (index) =>
    chunks
      .flatMap((chunk) => chunk.choices)
      .filter((choice) => choice.index === index)
      .map((choice) => choice.delta.content ?? '')
      .join('');
  assert.deepEqual([textAt(0), textAt(1)], ['ab', 'xy']);
});

test('openai stream: the first of two choices finishing does not end the stream', async () => {
  const choice = (index, delta, finishReason) =>
    event({ ...deltaChunk({}), choices: [{ index, delta, logprobs: null, finish_reason: finishReason }] });
  upstream.answer(
    stream([
      choice(0, { content: 'a' }, null),
      choice(0, {}, 'stop'),
      choice(1, { content: 'late' }, null),
      choice(1, {}, 'stop'),
      kDone,
    ]),
  );
  const chunks = await collect({ n: 2 });
  assert.ok(chunks.some((chunk) => chunk.choices[0].delta.content === 'late'));
});

test('openai stream: an error event throws after the text before it was delivered', async () => {
  const failure = { error: { message: 'The model stumbled', type: 'server_error', param: null, code: 'overloaded' } };
  upstream.answer(stream([roleEvent(), textEvent('so far'), event(failure)]));
  const chunks = [];
  await assert.rejects(
    async () => {
      for await (const chunk of await client.chat.completions.create(chatRequest({ stream: true }))) chunks.push(chunk);
    },
    (error) => error instanceof OpenAI.APIError && error.code === 'overloaded',
  );
  assert.equal(textOf(chunks), 'so far');
});

for (const [how, ending] of [
  ['a clean end of the body', [lastChunk()]],
  ['FIN inside the body', [finish()]],
  ['a reset', [reset()]],
]) {
  test(`openai stream: ${how} without a finish reason throws instead of looking complete`, async () => {
    upstream.answer(streamHead(), events([roleEvent(), textEvent('half')], { gapMs: 30 }), ...ending);
    const chunks = [];
    await assert.rejects(async () => {
      for await (const chunk of await client.chat.completions.create(chatRequest({ stream: true }))) chunks.push(chunk);
    }, OpenAI.APIError);
    assert.equal(textOf(chunks), 'half');
  });
}

test('openai stream: a stream that fails before its first event throws the class of its status', async () => {
  upstream.answer(
    json(
      { error: { message: 'slow down', type: 'requests', param: null, code: 'rate_limit_exceeded' } },
      { status: 429, headers: { 'retry-after': '1' } },
    ),
  );
  await assert.rejects(
    collect(),
    (error) => error instanceof OpenAI.RateLimitError && error.code === 'rate_limit_exceeded',
  );
  upstream.answer(
    json(
      { error: { message: 'bad model', type: 'invalid_request_error', param: 'model', code: 'model_not_found' } },
      { status: 404 },
    ),
  );
  await assert.rejects(collect(), (error) => error instanceof OpenAI.NotFoundError && error.param === 'model');
});

test('openai stream: a thousand chunks arrive whole', async () => {
  const words = Array.from({ length: 1000 }, (_, index) => `w${index} `);
  upstream.answer(stream(chatStream(words)));
  assert.equal(textOf(await collect()), words.join(''));
});
