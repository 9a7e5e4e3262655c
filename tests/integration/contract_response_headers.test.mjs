import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertChatStream, assertError, assertFreshRequestId, assertSecurityFields } from './contract.mjs';
import { apiError, chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();

beforeEach(() => {
  upstream.forget();
  upstream.answer(json(chatCompletion()));
});

test('headers: a plain answer has every common header once', async () => {
  const response = await chat(gateway, chatRequest());
  assert.equal(response.status, 200);
  assertSecurityFields(response);
  assert.deepEqual(response.headers.all('x-backend-mode'), ['openai-passthrough']);
  assert.equal(response.headers.all('content-type').length, 1);
});

test('headers: a stream has every common header once', async () => {
  upstream.answer(stream(chatStream()));
  const response = await chat(gateway, chatRequest({ stream: true }));
  assertChatStream(response);
  assert.deepEqual(response.headers.all('x-backend-mode'), ['openai-passthrough']);
});

test('headers: an error of the upstream has every common header and the backend mode', async () => {
  upstream.answer(json(apiError('no', 'invalid_request_error'), { status: 400 }));
  const response = await chat(gateway, chatRequest());
  assertError(response, { status: 400, type: 'invalid_request_error' });
  assert.equal(response.header('x-backend-mode'), 'openai-passthrough');
});

test('headers: models, health, unknown routes and bad requests have every common header', async () => {
  for (const target of ['/v1/models', '/health', '/nowhere']) assertSecurityFields(await exchange(gateway, { target }));
  assertSecurityFields(await chat(gateway, '{"model":'));
  assertSecurityFields(await exchange(gateway, { method: 'PUT', target: '/health' }));
});

test('headers: security fields of the upstream do not double or replace ours', async () => {
  upstream.answer(
    json(chatCompletion(), {
      headers: {
        'cache-control': 'public, max-age=60',
        'x-frame-options': 'ALLOW',
        'x-content-type-options': 'sniff',
        server: 'fake/1',
        'x-powered-by': 'fake',
      },
    }),
  );
  assertSecurityFields(await chat(gateway, chatRequest()));
});

test('request id: a missing one becomes a fresh UUID, a different one each time', async () => {
  const ids = [];
  for (let round = 0; round < 3; ++round) {
    const id = (await chat(gateway, chatRequest())).header('x-request-id');
    assertFreshRequestId(id);
    ids.push(id);
  }
  assert.equal(new Set(ids).size, 3);
});

for (const [what, id] of [
  ['short', 'a'],
  ['of 128 characters', 'x'.repeat(128)],
  ['with punctuation', 'req_1:2/3;,=+~!#$%&\'()*[]{}<>?@^`|"\\'],
]) {
  test(`request id: the client's own is kept (${what})`, async () => {
    const response = await chat(gateway, chatRequest(), { 'X-Request-ID': id });
    assert.deepEqual(response.headers.all('x-request-id'), [id]);
  });
}

for (const [what, id] of [
  ['of 129 characters', 'x'.repeat(129)],
  ['with a blank', 'two words'],
  ['that is empty', ''],
  ['with a tab', 'a\tb'],
  ['outside ASCII', 'req-\xe9'],
]) {
  test(`request id: one ${what} is replaced by a fresh UUID`, async () => {
    const response = await chat(gateway, chatRequest(), { 'X-Request-ID': id });
    assert.equal(response.status, 200);
    assertFreshRequestId(response.header('x-request-id'));
  });
}

test('request id: it is on errors and streams too', async () => {
  const id = { 'X-Request-ID': 'mine-1' };
  assert.equal((await chat(gateway, '{', id)).header('x-request-id'), 'mine-1');
  assert.equal((await exchange(gateway, { target: '/nowhere', headers: id })).header('x-request-id'), 'mine-1');
  upstream.answer(stream(chatStream()));
  assert.equal((await chat(gateway, chatRequest({ stream: true }), id)).header('x-request-id'), 'mine-1');
});

test('request id: the upstream id is a header of its own', async () => {
  upstream.answer(json(chatCompletion(), { headers: { 'x-request-id': 'req_upstream' } }));
  const response = await chat(gateway, chatRequest(), { 'X-Request-ID': 'mine-2' });
  assert.deepEqual(response.headers.all('x-request-id'), ['mine-2']);
  assert.deepEqual(response.headers.all('x-upstream-request-id'), ['req_upstream']);
});

test('health: it answers without a key and says what works', async () => {
  const response = await exchange(gateway, { target: '/health' });
  assert.equal(response.status, 200, response.text);
  assert.match(response.header('content-type'), /^application\/json/);
  assert.ok(['ready', 'degraded'].includes(response.json.status), response.text);
  assert.equal(typeof response.json.version, 'string');
  assert.equal(response.json.checks.openai_passthrough, 'ok');
  const head = await exchange(gateway, { target: '/health', method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
});
