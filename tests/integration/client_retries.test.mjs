import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { apiError, chatCompletion, chatRequest, chatStream, roleEvent, textEvent } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { openaiClient, stage } from './stage.mjs';
import { events, finish, head, json, reset, send, stream, streamHead } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const kFast = { 'retry-after-ms': '5' };

beforeEach(() => upstream.forget());

const overloaded = (status, headers = kFast) => json(apiError('later', 'server_error'), { status, headers });

for (const status of [408, 409, 429, 500, 502, 503, 529]) {
  test(`retries: one attempt of a client is one request upstream (${status})`, async () => {
    upstream.answer(overloaded(status));
    const response = await chat(gateway, chatRequest());
    assert.equal(response.status, status);
    await delay(60);
    assert.equal(upstream.requests.length, 1);
  });
}

for (const [how, steps] of [
  ['resets before the head', [reset()]],
  ['closes before the head', [finish()]],
  ['closes inside the head', [send('HTTP/1.1 200 OK\r\ncontent-ty'), finish()]],
  [
    'closes inside the body',
    [head(200, { 'content-type': 'application/json', 'content-length': 100 }), send('{"id"'), finish()],
  ],
]) {
  test(`retries: an upstream that ${how} is asked once`, async () => {
    upstream.answer(...steps);
    const response = await chat(gateway, chatRequest());
    assert.equal(response.status, 502);
    await delay(60);
    assert.equal(upstream.requests.length, 1);
  });
}

test('retries: a stream cut in the middle is not asked again', async () => {
  upstream.answer(streamHead(), events([roleEvent(), textEvent('half')]), finish());
  await chat(gateway, chatRequest({ stream: true }));
  await delay(60);
  assert.equal(upstream.requests.length, 1);
});

test('retries: the client makes three attempts in all and its retry count goes upstream', async () => {
  upstream.answer(overloaded(500));
  const client = openaiClient(gateway, { maxRetries: 2 });
  await assert.rejects(client.chat.completions.create(chatRequest()));
  assert.deepEqual(
    upstream.requests.map((request) => request.headers.get('x-stainless-retry-count')),
    ['0', '1', '2'],
  );
});

test('retries: the client succeeds at its second attempt after a 429', async () => {
  upstream.answerNext(overloaded(429));
  upstream.answer(json(chatCompletion('second')));
  const answer = await openaiClient(gateway, { maxRetries: 2 }).chat.completions.create(chatRequest());
  assert.equal(answer.choices[0].message.content, 'second');
  assert.equal(upstream.requests.length, 2);
});

test('retries: a stream refused before it begins is tried again by the client', async () => {
  upstream.answerNext(overloaded(503));
  upstream.answer(stream(chatStream(['ok'])));
  const answer = await openaiClient(gateway, { maxRetries: 2 })
    .chat.completions.stream(chatRequest())
    .finalChatCompletion();
  assert.equal(answer.choices[0].message.content, 'ok');
  assert.equal(upstream.requests.length, 2);
});

test('retries: x-should-retry false reaches the client, which then gives up', async () => {
  upstream.answer(overloaded(500, { 'x-should-retry': 'false' }));
  await assert.rejects(openaiClient(gateway, { maxRetries: 2 }).chat.completions.create(chatRequest()));
  assert.equal(upstream.requests.length, 1);
});

test('retries: a pooled connection the upstream has closed meanwhile is replaced without an error', async () => {
  for (let round = 0; round < 4; ++round) {
    upstream.answer(json(chatCompletion(`round ${round}`)));
    const response = await chat(gateway, chatRequest());
    assert.equal(response.status, 200);
    for (const connection of upstream.openConnections) connection.socket.end();
    await delay(40);
  }
});
