import assert from 'node:assert/strict';
import net from 'node:net';
import { beforeEach, test } from 'node:test';
import { assertError, assertErrorObject, assertSecurityFields } from './contract.mjs';
import { chatCompletion, chatRequest } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { body, chunk, finish, head, inOrder, json, lastChunk, reset, send, stream, wait } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const kBroken = { status: 502, type: 'server_error', code: 'upstream_error' };
const kJson = { 'content-type': 'application/json' };

beforeEach(() => upstream.forget());

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('upstream: one nobody listens on is 502 for plain, streamed and other routes', async () => {
  const { gateway: lonely } = await stage({ env: { OPENAI_BASE_URL: `http://127.0.0.1:${await freePort()}/v1` } });
  assertError(await chat(lonely, chatRequest()), kBroken);
  assertError(await chat(lonely, chatRequest({ stream: true })), kBroken);
  assertError(
    await exchange(lonely, { method: 'POST', target: '/v1/embeddings', body: { model: 'm', input: 'x' } }),
    kBroken,
  );
});

test('upstream: a host name that does not resolve is 502', async () => {
  const { gateway: lost } = await stage({ env: { OPENAI_BASE_URL: 'http://no-such-host.invalid/v1' } });
  assertError(await chat(lost, chatRequest(), {}, { limitMs: 20_000 }), kBroken);
});

const kNoAnswers = [
  ['HTML', body('<html>login</html>', { headers: { 'content-type': 'text/html' } })],
  ['text', body('ok', { headers: { 'content-type': 'text/plain' } })],
  ['an empty body', body('', { headers: kJson })],
  ['cut JSON with the right length', json('{"id":"chatcmpl-1","choices":[')],
  ['HTML that claims to be JSON', json('<html></html>')],
  ['a JSON string', json('"ok"')],
  ['a JSON list', json('[]')],
  ['null', json('null')],
  ['an object that is no completion', json('{"status":"ok"}')],
  ['204 without a body', inOrder(head(204))],
];
const kCuts = [
  ['closes before the head', inOrder(finish())],
  ['resets before the head', inOrder(reset())],
  ['closes inside the head', inOrder(send('HTTP/1.1 200 OK\r\ncontent-type: appl'), wait(20), finish())],
  [
    'closes inside the body',
    inOrder(head(200, { ...kJson, 'content-length': 500 }), send('{"id":"chatcmpl-1"'), wait(20), finish()),
  ],
  [
    'resets inside the body',
    inOrder(head(200, { ...kJson, 'content-length': 500 }), send('{"id":"chatcmpl-1"'), wait(20), reset()),
  ],
  [
    'closes inside a chunk',
    inOrder(head(200, { ...kJson, 'transfer-encoding': 'chunked' }), send('ff\r\n{"id"'), wait(20), finish()),
  ],
  [
    'closes before the last chunk',
    inOrder(
      head(200, { ...kJson, 'transfer-encoding': 'chunked' }),
      chunk(JSON.stringify(chatCompletion())),
      wait(20),
      finish(),
    ),
  ],
];
const kNonsense = [
  ['no HTTP', inOrder(send('SSH-2.0-OpenSSH_9.2\r\n\r\n'), finish())],
  ['a bad status line', inOrder(send('HTTP/1.1 abc\r\n\r\n'), finish())],
  [
    'two differing lengths',
    inOrder(
      send('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} '),
      finish(),
    ),
  ],
  [
    'a bad chunk size',
    inOrder(head(200, { ...kJson, 'transfer-encoding': 'chunked' }), send('zz\r\n{}\r\n0\r\n\r\n'), finish()),
  ],
  [
    'a head without end',
    inOrder(send(`HTTP/1.1 200 OK\r\n${'x-filler: yyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(20_000)}`), finish()),
  ],
];

for (const [what, answer] of [
  ...kNoAnswers.map(([name, step]) => [`200 with ${name}`, step]),
  ...kCuts.map(([name, step]) => [`one that ${name}`, step]),
  ...kNonsense,
]) {
  test(`upstream: ${what} is 502 upstream_error`, async () => {
    upstream.answer(answer);
    assertError(await chat(gateway, chatRequest()), kBroken);
  });
}

for (const [what, answer] of [kNoAnswers[0], kNoAnswers[1], ...kCuts.slice(0, 3), ...kNonsense.slice(0, 2)]) {
  test(`upstream: ${what} is 502 for a stream too, before its first event`, async () => {
    upstream.answer(answer);
    assertError(await chat(gateway, chatRequest({ stream: true })), kBroken);
  });
}

test('upstream: an event stream without an event is 502', async () => {
  upstream.answer(stream([]));
  assertError(await chat(gateway, chatRequest({ stream: true })), kBroken);
  upstream.answer(stream([': nothing but comments\n\n']));
  assertError(await chat(gateway, chatRequest({ stream: true })), kBroken);
});

for (const status of [301, 302, 303, 307, 308]) {
  test(`upstream: ${status} is not followed and is 502`, async () => {
    upstream.answer(body('moved', { status, headers: { location: `${upstream.baseUrl}/elsewhere` } }));
    const response = await chat(gateway, chatRequest());
    assertError(response, kBroken);
    assert.ok(!response.headers.has('location'));
    assert.equal(upstream.requests.length, 1);
  });
}

for (const status of [400, 401, 403, 404, 408, 418, 429, 500, 502, 503, 504, 529]) {
  for (const [what, bytes, type] of [
    ['text', 'plainly wrong', 'text/plain'],
    ['HTML', '<h1>Error</h1>', 'text/html; charset=utf-8'],
    ['empty', '', undefined],
    ['no JSON in spite of its type', '{"error":', 'application/json'],
  ]) {
    test(`upstream: ${status} with a body that is ${what} keeps its status and becomes an error object`, async () => {
      upstream.answer(body(bytes, { status, headers: type ? { 'content-type': type } : {} }));
      const response = await chat(gateway, chatRequest());
      assert.equal(response.status, status);
      assert.match(response.header('content-type'), /^application\/json/);
      assertSecurityFields(response);
      assertErrorObject(response.json.error);
    });
  }
}

test('upstream: an error in JSON of another shape passes as it came', async () => {
  for (const text of [
    '{"detail":"Not Found"}',
    '{"object":"error","message":"too long","code":40303}',
    '{"error":"just text"}',
  ]) {
    upstream.answer(json(text, { status: 404 }));
    const response = await chat(gateway, chatRequest());
    assert.equal(response.status, 404);
    assert.equal(response.text, text);
  }
});

test('upstream: an error to a streamed request is plain JSON with its status', async () => {
  const text = '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"nope"}}';
  upstream.answer(json(text, { status: 400 }));
  const response = await chat(gateway, chatRequest({ stream: true }));
  assert.equal(response.status, 400);
  assert.match(response.header('content-type'), /^application\/json/);
  assert.equal(response.text, text);
});

test('upstream: an error that claims to be an event stream keeps its status', async () => {
  upstream.answer(
    head(500, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }),
    chunk('data: {"error":{"message":"boom"}}\n\n'),
    lastChunk(),
  );
  const response = await chat(gateway, chatRequest({ stream: true }));
  assert.equal(response.status, 500);
});

test('upstream: after every failure the gateway still answers', async () => {
  upstream.answer(json(chatCompletion('alive')));
  assert.equal((await chat(gateway, chatRequest())).status, 200);
});
