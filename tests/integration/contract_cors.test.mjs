import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertChatStream } from './contract.mjs';
import { apiError, chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const kOrigin = 'https://app.example.com';
const kForeign = { Origin: 'https://evil.example.net' };
const kOurs = { Origin: kOrigin };
const { upstream, gateway } = await stage({ env: { CORS_ALLOWED_ORIGINS: `${kOrigin},http://localhost:5173` } });
const { gateway: closed, upstream: closedUpstream } = await stage();

beforeEach(() => {
  upstream.answer(json(chatCompletion()));
  closedUpstream.answer(json(chatCompletion()));
});

const listOf = (value) =>
  (value ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());

function preflight(target, origin, extra = {}) {
  return exchange(gateway, {
    method: 'OPTIONS',
    target,
    headers: {
      ...origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type',
      ...extra,
    },
  });
}

function assertAllowed(response, origin = kOrigin) {
  assert.deepEqual(response.headers.all('access-control-allow-origin'), [origin]);
  assert.ok(response.headers.all('vary').flatMap(listOf).includes('origin'), 'Vary: Origin');
}

test('cors: a configured origin may read a plain answer and all of our headers', async () => {
  const response = await chat(gateway, chatRequest(), kOurs);
  assert.equal(response.status, 200);
  assertAllowed(response);
  const exposed = listOf(response.header('access-control-expose-headers'));
  for (const name of [
    'x-request-id',
    'x-backend-mode',
    'x-upstream-request-id',
    'x-claude-session-id',
    'x-claude-session-created',
    'x-claude-ignored-params',
    'x-ratelimit-limit',
    'x-ratelimit-remaining',
    'x-ratelimit-reset',
    'retry-after',
  ])
    assert.ok(exposed.includes(name), `${name} is exposed: ${exposed}`);
});

test('cors: the second configured origin is allowed by its own name', async () => {
  assertAllowed(await chat(gateway, chatRequest(), { Origin: 'http://localhost:5173' }), 'http://localhost:5173');
});

test('cors: streams and errors carry the headers too', async () => {
  upstream.answer(stream(chatStream()));
  const streamed = await chat(gateway, chatRequest({ stream: true }), kOurs);
  assertChatStream(streamed);
  assertAllowed(streamed);
  upstream.answer(json(apiError('no', 'server_error'), { status: 500 }));
  assertAllowed(await chat(gateway, chatRequest(), kOurs));
  assertAllowed(await chat(gateway, '{bad', kOurs));
  assertAllowed(await exchange(gateway, { target: '/nowhere', headers: kOurs }));
  assertAllowed(await exchange(gateway, { target: '/v1/models', headers: kOurs }));
});

test('cors: a foreign origin gets no permission', async () => {
  const response = await chat(gateway, chatRequest(), kForeign);
  assert.ok(!response.headers.has('access-control-allow-origin'));
});

for (const near of [
  'https://app.example.com.evil.net',
  'https://app.example.co',
  'http://app.example.com',
  'https://app.example.com:8443',
  'null',
]) {
  test(`cors: ${near} is not a configured origin`, async () => {
    assert.ok(!(await chat(gateway, chatRequest(), { Origin: near })).headers.has('access-control-allow-origin'));
  });
}

test('cors: a preflight is 204 with methods, headers and a day of validity', async () => {
  for (const target of ['/v1/chat/completions', '/v1/models', '/v1/embeddings']) {
    const response = await preflight(target, kOurs);
    assert.equal(response.status, 204, target);
    assertAllowed(response);
    assert.equal(response.header('access-control-max-age'), '86400');
    assert.equal(response.body.length, 0);
    const methods = listOf(response.header('access-control-allow-methods'));
    for (const method of ['get', 'post', 'delete']) assert.ok(methods.includes(method), `${method} in ${methods}`);
    const allowed = listOf(response.header('access-control-allow-headers'));
    for (const name of [
      'authorization',
      'content-type',
      'idempotency-key',
      'openai-organization',
      'openai-project',
      'openai-beta',
      'x-request-id',
      'x-openai-api-key',
      'x-claude-code',
      'x-claude-session-id',
    ])
      assert.ok(allowed.includes(name), `${name} in ${allowed}`);
  }
});

test('cors: the headers a preflight asks for are allowed, the SDK ones too', async () => {
  const asked = 'authorization,x-stainless-lang,x-stainless-retry-count,x-custom-thing';
  const allowed = listOf(
    (await preflight('/v1/chat/completions', kOurs, { 'Access-Control-Request-Headers': asked })).header(
      'access-control-allow-headers',
    ),
  );
  for (const name of asked.split(',')) assert.ok(allowed.includes(name), `${name} in ${allowed}`);
});

test('cors: a foreign preflight is 403', async () => {
  const response = await preflight('/v1/chat/completions', kForeign);
  assert.equal(response.status, 403);
  assert.ok(!response.headers.has('access-control-allow-origin'));
});

test('cors: it is off unless origins are configured', async () => {
  const response = await chat(closed, chatRequest(), kOurs);
  assert.equal(response.status, 200);
  assert.ok(
    response.headers.names.every((name) => !name.startsWith('access-control-')),
    `${response.headers.names}`,
  );
});

test('cors: a preflight never reaches the upstream', async () => {
  upstream.forget();
  await preflight('/v1/chat/completions', kOurs);
  assert.equal(upstream.requests.length, 0);
});
