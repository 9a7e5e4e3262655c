import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertChatStream, assertError } from './contract.mjs';
import { kUpstreamKey } from './gateway.mjs';
import {
  apiError,
  chatCompletion,
  chatRequest,
  chatStream,
  event,
  finishEvent,
  kDone,
  roleEvent,
  textEvent,
} from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { kClientKey, stage } from './stage.mjs';
import { body, json, sliced, stream } from './upstream_steps.mjs';

const kOwnKey = 'sk-own-key-of-the-caller-0042';
const { upstream, gateway } = await stage();
const { upstream: strictUpstream, gateway: strict } = await stage({ env: { ALLOW_CLIENT_OPENAI_KEY: 'false' } });
const { upstream: keylessUpstream, gateway: keyless } = await stage({ env: { OPENAI_API_KEY: undefined } });
const { upstream: lockedUpstream, gateway: locked } = await stage({
  env: { OPENAI_API_KEY: undefined, ALLOW_CLIENT_OPENAI_KEY: 'false' },
});
const { upstream: disabledUpstream, gateway: disabled } = await stage({ env: { OPENAI_PASSTHROUGH_ENABLED: 'false' } });
const kUpstreams = [upstream, strictUpstream, keylessUpstream, lockedUpstream, disabledUpstream];

beforeEach(() => {
  for (const each of kUpstreams) {
    each.forget();
    each.answer(json(chatCompletion()));
  }
});

const sentKeys = (from) => from.lastRequest.headers.all('authorization');

test('keys: X-OpenAI-API-Key replaces the server key when that is allowed', async () => {
  assert.equal((await chat(gateway, chatRequest(), { 'X-OpenAI-API-Key': kOwnKey })).status, 200);
  assert.deepEqual(sentKeys(upstream), [`Bearer ${kOwnKey}`]);
  assert.ok(!upstream.lastRequest.headers.has('x-openai-api-key'));
});

test('keys: X-OpenAI-API-Key is ignored when it is not allowed', async () => {
  assert.equal((await chat(strict, chatRequest(), { 'X-OpenAI-API-Key': kOwnKey })).status, 200);
  assert.deepEqual(sentKeys(strictUpstream), [`Bearer ${kUpstreamKey}`]);
});

test('keys: a key of 256 characters is taken, 257 are 400', async () => {
  const longest = `sk-${'k'.repeat(253)}`;
  assert.equal((await chat(gateway, chatRequest(), { 'X-OpenAI-API-Key': longest })).status, 200);
  assert.deepEqual(sentKeys(upstream), [`Bearer ${longest}`]);
  upstream.forget();
  assertError(await chat(gateway, chatRequest(), { 'X-OpenAI-API-Key': `${longest}k` }), {
    status: 400,
    type: 'invalid_request_error',
    code: 'invalid_header_value',
  });
  assert.equal(upstream.requests.length, 0);
});

test('keys: the Authorization of the client never goes upstream', async () => {
  await chat(gateway, chatRequest(), { Authorization: `Bearer ${kClientKey}` });
  assert.deepEqual(sentKeys(upstream), [`Bearer ${kUpstreamKey}`]);
  await chat(keyless, chatRequest(), { Authorization: `Bearer ${kClientKey}`, 'X-OpenAI-API-Key': kOwnKey });
  assert.deepEqual(sentKeys(keylessUpstream), [`Bearer ${kOwnKey}`]);
});

test('keys: without a server key the caller needs a key of its own', async () => {
  assertError(await chat(keyless, chatRequest()), {
    status: 503,
    type: 'server_error',
    code: 'passthrough_not_configured',
  });
  assertError(await chat(keyless, chatRequest({ stream: true })), {
    status: 503,
    type: 'server_error',
    code: 'passthrough_not_configured',
  });
  assert.equal(keylessUpstream.requests.length, 0);
  assert.equal((await chat(keyless, chatRequest(), { 'X-OpenAI-API-Key': kOwnKey })).status, 200);
});

// The list is the gateway's, the same for every caller and kept for all of them: one caller's key must not fill it.
test('keys: without a server key the list of models is that of the other backends, whoever asks', async () => {
  const fields = { 'X-OpenAI-API-Key': kOwnKey };
  for (const headers of [{}, fields, {}]) {
    const response = await exchange(keyless, { target: '/v1/models', headers });
    assert.equal(response.status, 200, response.text);
    assert.deepEqual(
      response.json.data.map(({ id }) => id),
      ['echo'],
    );
  }
  assertError(await exchange(keyless, { target: '/v1/models/gpt-4o', headers: fields }), {
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
  });
  assert.equal(keylessUpstream.modelListRequests.length, 0);
  assert.equal((await chat(keyless, chatRequest({ model: 'gpt-4o' }), fields)).status, 200);
});

test('keys: the list of models is asked for with the server key, also where the caller brings one', async () => {
  const { upstream: askedUpstream, gateway: asked } = await stage();
  const response = await exchange(asked, { target: '/v1/models', headers: { 'X-OpenAI-API-Key': kOwnKey } });
  assert.equal(response.status, 200, response.text);
  assert.ok(response.json.data.some(({ id }) => id === 'gpt-4o'));
  const keys = askedUpstream.modelListRequests.flatMap(({ headers }) => headers.all('authorization'));
  assert.ok(keys.length > 0);
  assert.deepEqual([...new Set(keys)], [`Bearer ${kUpstreamKey}`]);
});

test('keys: with neither kind of key the passthrough is not configured', async () => {
  assertError(await chat(locked, chatRequest(), { 'X-OpenAI-API-Key': kOwnKey }), {
    status: 503,
    type: 'server_error',
    code: 'passthrough_not_configured',
  });
  assert.equal(lockedUpstream.requests.length, 0);
});

test('keys: a disabled passthrough says so', async () => {
  for (const request of [chatRequest(), chatRequest({ stream: true })]) {
    assertError(await chat(disabled, request), { status: 503, type: 'server_error', code: 'passthrough_disabled' });
  }
  assert.equal(disabledUpstream.requests.length, 0);
  assert.equal((await chat(disabled, chatRequest({ model: 'echo' }))).status, 200);
});

// ---- redaction

const leaks = (response) => response.headBytes.includes(kUpstreamKey) || response.body.includes(kUpstreamKey);
const kEcho = `Incorrect API key provided: ${kUpstreamKey}. You can find your key at …`;

for (const [what, answer] of [
  ['an error body', json(apiError(kEcho, 'invalid_request_error', { code: 'invalid_api_key' }), { status: 401 })],
  ['a text error', body(kEcho, { status: 401, headers: { 'content-type': 'text/plain' } })],
  ['an HTML error', body(`<p>${kEcho}</p>`, { status: 500, headers: { 'content-type': 'text/html' } })],
  ['a good answer', json(chatCompletion(kEcho))],
  ['a good answer, with its Bearer', json(chatCompletion(`Authorization: Bearer ${kUpstreamKey}`))],
  ['the upstream request id', json(chatCompletion(), { headers: { 'x-request-id': `req-${kUpstreamKey}` } })],
  ['a rate-limit header', json(chatCompletion(), { headers: { 'x-ratelimit-limit-requests': kUpstreamKey } })],
  [
    'an error that is no schema',
    json({ detail: { headers: { authorization: `Bearer ${kUpstreamKey}` } } }, { status: 422 }),
  ],
]) {
  test(`redaction: the server key never leaves in ${what}`, async () => {
    upstream.answer(answer);
    const response = await chat(gateway, chatRequest());
    assert.ok(!leaks(response), response.text);
    if (/json/.test(response.header('content-type')))
      assert.doesNotThrow(() => response.json, 'the body is still JSON');
    assert.ok(!response.headers.has('authorization'));
  });
}

test('redaction: the server key never leaves in a stream event, whole or in packets of any size', async () => {
  const text = [roleEvent(), textEvent(`the key is ${kUpstreamKey}!`), finishEvent(), kDone].join('');
  for (const size of [text.length, 64, 7, 1]) {
    upstream.answer(stream(sliced(text, size)));
    const response = await chat(gateway, chatRequest({ stream: true }));
    assertChatStream(response);
    assert.ok(!leaks(response), response.text);
  }
});

test('redaction: the server key never leaves in the error event of a stream', async () => {
  upstream.answer(stream([roleEvent(), textEvent('a'), event(apiError(kEcho, 'server_error'))]));
  const response = await chat(gateway, chatRequest({ stream: true }));
  assert.ok(!leaks(response), response.text);
});

test('redaction: a key the caller gave does not come back in an error', async () => {
  upstream.answer(
    json(apiError(`Incorrect API key provided: ${kOwnKey}`, 'invalid_request_error', { code: 'invalid_api_key' }), {
      status: 401,
    }),
  );
  const response = await chat(gateway, chatRequest(), { 'X-OpenAI-API-Key': kOwnKey });
  assert.equal(response.status, 401);
  assert.ok(!response.body.includes(kOwnKey), response.text);
});

test('redaction: neither key stands in the log', async () => {
  upstream.answer(stream(chatStream()));
  const response = await chat(gateway, chatRequest({ stream: true }), {
    Authorization: `Bearer ${kClientKey}`,
    'X-OpenAI-API-Key': kOwnKey,
  });
  await gateway.accessLine(response.header('x-request-id'));
  for (const key of [kUpstreamKey, kOwnKey, kClientKey]) assert.ok(!(gateway.stdout + gateway.stderr).includes(key));
});
