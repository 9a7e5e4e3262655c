import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import {
  assertBrokenChatStream,
  assertChatStream,
  assertError,
  assertErrorObject,
  parseEvents,
  streamedText,
} from './contract.mjs';
import {
  apiError,
  chatRequest,
  chatStream,
  event,
  finishEvent,
  kDone,
  roleEvent,
  textCompletion,
  textEvent,
} from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { stage } from './stage.mjs';
import {
  chunk,
  events,
  finish,
  flood,
  head,
  lastChunk,
  reset,
  send,
  stall,
  stream,
  streamHead,
  wait,
} from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const kHalf = events([roleEvent(), textEvent('half')]);
const kPartial =
  '{"id":"chatcmpl-fake0001","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"never';

beforeEach(() => upstream.forget());

const ask = (extra = {}) => chat(gateway, chatRequest({ stream: true, ...extra }));

// ---- proper ends

test('stream end: a finish reason and [DONE] are a clean end', async () => {
  upstream.answer(stream(chatStream(['whole'])));
  assert.equal((await ask()).text, chatStream(['whole']).join(''));
});

for (const reason of ['stop', 'length', 'tool_calls', 'content_filter', 'function_call', 'vendor_reason']) {
  test(`stream end: a missing [DONE] after finish_reason ${reason} is supplied`, async () => {
    upstream.answer(stream(chatStream(['whole'], { finish: reason, done: false })));
    const { values } = assertChatStream(await ask());
    assert.equal(streamedText(values), 'whole');
    assert.ok(values.every((value) => value.error === undefined));
    assert.equal(values.at(-1).choices[0].finish_reason, reason);
  });
}

test('stream end: a missing [DONE] after the usage chunk is supplied', async () => {
  upstream.answer(stream(chatStream(['whole'], { usage: true, done: false })));
  const { values } = assertChatStream(await ask({ stream_options: { include_usage: true } }));
  assert.equal(values.at(-1).usage.total_tokens, 18);
});

test('stream end: several [DONE] become one', async () => {
  upstream.answer(stream([...chatStream(['x']), kDone, kDone]));
  assertChatStream(await ask());
});

test('stream end: nothing that follows [DONE] is relayed', async () => {
  upstream.answer(stream([...chatStream(['x']), textEvent('late'), finishEvent(), kDone]));
  const response = await ask();
  assertChatStream(response);
  assert.ok(!response.text.includes('late'));
});

test('stream end: an upstream that stays open after [DONE] does not hold the answer open', async () => {
  upstream.answer(streamHead(), events(chatStream(['x'])), stall());
  assertChatStream(await chat(gateway, chatRequest({ stream: true }), {}, { limitMs: 2000 }));
  await upstream.lastRequest.connection.left;
});

// ---- improper ends

for (const [what, steps] of [
  ['ends its chunked body', [wait(20), lastChunk()]],
  ['drops with FIN', [wait(20), finish()]],
  ['drops with a reset', [wait(20), reset()]],
  ['drops inside an event', [chunk(`data: ${kPartial}`), wait(20), finish()]],
  ['drops inside a chunk', [send(`fff\r\ndata: ${kPartial}`), wait(20), finish()]],
  ['ends after an event without its blank line', [chunk(`data: ${kPartial}`), wait(20), lastChunk()]],
  ['sends a bad chunk size', [send('xyz\r\n')]],
]) {
  test(`stream end: an upstream that ${what} before a finish reason is an error, never a clean end`, async () => {
    upstream.answer(streamHead(), kHalf, ...steps);
    const response = await ask();
    const { values } = assertBrokenChatStream(response);
    assert.equal(streamedText(values), 'half');
    assert.ok(
      values.every(({ choices }) => choices[0].finish_reason === null),
      'no finish reason is made up',
    );
    assert.ok(!response.text.includes('never'), 'no part of an incomplete event');
  });
}

test('stream end: a body with a length that ends early is an error', async () => {
  const text = [roleEvent(), textEvent('half')].join('');
  upstream.answer(
    head(200, { 'content-type': 'text/event-stream', 'content-length': text.length + 500 }),
    send(text),
    wait(20),
    finish(),
  );
  const { values } = assertBrokenChatStream(await ask());
  assert.equal(streamedText(values), 'half');
});

test('stream end: several choices of which one has no finish reason are no clean end', async () => {
  const choice = (index, delta, finishReason) =>
    event({
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index, delta, finish_reason: finishReason }],
    });
  upstream.answer(
    streamHead(),
    events([choice(0, { content: 'a' }, null), choice(1, { content: 'b' }, null), choice(0, {}, 'stop')]),
    wait(20),
    finish(),
  );
  assertBrokenChatStream(await ask({ n: 2 }));
});

// ---- errors inside the stream

test('stream error: an error event of the upstream is relayed once, then [DONE]', async () => {
  const failure = apiError('overloaded', 'server_error', { code: 'overloaded' });
  upstream.answer(stream([roleEvent(), textEvent('half'), event(failure), textEvent('late'), finishEvent(), kDone]));
  const response = await ask();
  const { values, error } = assertBrokenChatStream(response);
  assert.equal(streamedText(values), 'half');
  assert.deepEqual(error, failure.error);
  assert.ok(!response.text.includes('late'));
});

test('stream error: an error event with an event name is relayed without it', async () => {
  upstream.answer(
    streamHead(),
    kHalf,
    chunk(`event: error\n${event(apiError('overloaded', 'server_error'))}`),
    lastChunk(),
  );
  const { error } = assertBrokenChatStream(await ask());
  assert.equal(error.message, 'overloaded');
});

test('stream error: an error as the first event is no clean answer', async () => {
  upstream.answer(stream([event(apiError('overloaded', 'server_error', { code: 'overloaded' })), kDone]));
  const response = await ask();
  if (response.status === 200) {
    const { error, values } = assertBrokenChatStream(response);
    assert.equal(error.code, 'overloaded');
    assert.equal(values.length, 0);
  } else {
    assert.ok(response.status >= 400);
    assertErrorObject(response.json.error);
  }
});

for (const [what, data] of [
  ['no JSON', 'this is not JSON'],
  ['cut JSON', '{"id":"c","choices":[{"index":0'],
  ['two JSON values', '{"a":1}{"b":2}'],
  ['JSON and rubbish', '{"a":1} rubbish'],
  ['HTML', '<html>bad gateway</html>'],
]) {
  test(`stream error: an event that is ${what} is never relayed`, async () => {
    upstream.answer(stream([roleEvent(), textEvent('half'), event(data), textEvent(' whole'), finishEvent(), kDone]));
    const response = await ask();
    const { values } = assertChatStream(response);
    assert.ok(!response.text.includes(data));
    const failed = values.at(-1).error !== undefined;
    assert.equal(streamedText(values), failed ? 'half' : 'half whole', 'the text is not damaged');
  });
}

test('stream error: an event over 16 MiB is an error, not relayed and not collected', async () => {
  const before = gateway.residentBytes();
  upstream.answer(
    streamHead(),
    kHalf,
    chunk('data: {"id":"'),
    flood('z'.repeat(65536), 64 * 1024 * 1024),
    chunk('"}\n\n'),
    lastChunk(),
  );
  const response = await chat(gateway, chatRequest({ stream: true }), {}, { limitMs: 30_000 });
  const { values } = assertBrokenChatStream(response);
  assert.equal(streamedText(values), 'half');
  await upstream.lastRequest.connection.left;
  assert.ok(gateway.residentBytes() - before < 64 * 1024 * 1024, 'the event was not collected beyond its limit');
});

test('stream error: an event over 16 MiB as the first one is 502', async () => {
  upstream.answer(
    streamHead(),
    chunk('data: {"id":"'),
    flood('z'.repeat(65536), 20 * 1024 * 1024),
    chunk('"}\n\n'),
    lastChunk(),
  );
  assertError(await chat(gateway, chatRequest({ stream: true }), {}, { limitMs: 30_000 }), {
    status: 502,
    type: 'server_error',
    code: 'upstream_error',
  });
});

// ---- other streams

test('stream end: a legacy completion that is cut ends with an error and [DONE]', async () => {
  upstream.answer(streamHead(), events([event(textCompletion('half', null))]), wait(20), finish());
  const response = await exchange(gateway, {
    method: 'POST',
    target: '/v1/completions',
    body: { model: 'm', prompt: 'x', stream: true },
  });
  const { list } = parseEvents(response.text);
  assert.equal(list.at(-1).data, '[DONE]');
  assertErrorObject(JSON.parse(list.at(-2).data).error);
});

test('stream end: a legacy completion without [DONE] after its finish reason gets one', async () => {
  upstream.answer(stream([event(textCompletion('whole', null)), event(textCompletion('', 'stop'))]));
  const response = await exchange(gateway, {
    method: 'POST',
    target: '/v1/completions',
    body: { model: 'm', prompt: 'x', stream: true },
  });
  const { list } = parseEvents(response.text);
  assert.deepEqual(
    list.map(({ data }) => data === '[DONE]'),
    [false, false, true],
  );
});

// ---- while it runs

test('stream: each event is flushed as it comes', async () => {
  upstream.answer(streamHead(), events(chatStream(['a', 'b', 'c']), { gapMs: 80 }), lastChunk());
  const connection = await RawConnection.open(gateway.port);
  await connection.send(
    requestBytes({ method: 'POST', target: '/v1/chat/completions', body: chatRequest({ stream: true }) }),
  );
  await connection.responseHead();
  const arrivals = [];
  for (let piece = await connection.chunk(); piece !== undefined; piece = await connection.chunk())
    arrivals.push(performance.now());
  connection.close();
  assert.ok(arrivals.length >= 5, `${arrivals.length} pieces arrived`);
  assert.ok(arrivals.at(-1) - arrivals[0] > 200, 'pieces arrive apart, as they were sent');
});

test('stream: the head is there before the last event', async () => {
  upstream.answer(streamHead(), kHalf, stall());
  const connection = await RawConnection.open(gateway.port);
  await connection.send(
    requestBytes({ method: 'POST', target: '/v1/chat/completions', body: chatRequest({ stream: true }) }),
  );
  assert.equal((await connection.responseHead(1000)).status, 200);
  connection.close();
});
