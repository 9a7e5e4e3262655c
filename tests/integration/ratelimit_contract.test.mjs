import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { chain } from './chain.mjs';
import { assertChatStream, assertError, assertSecurityFields } from './contract.mjs';
import { bearer } from './managed_keys.mjs';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { countByStatus, RequestWave } from './request_wave.mjs';
import { openaiClient, stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const kLimited = { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null };
const kFull = 200; // requests at the same time
const kKey = 'sk-with-limits-of-its-own-0001';
const kOther = 'sk-without-limits-of-its-own-2';
const kUnset = { RATE_LIMIT_PER_IP: undefined, RATE_LIMIT_PER_SESSION: undefined, MAX_CONCURRENT_PER_KEY: undefined };

const kOwnLimits = { requests: 3, window_ms: 60000 };
const kAuth = {
  require: 'always',
  keys: [
    { name: 'limited', key: kKey, limits: kOwnLimits },
    { name: 'other', key: kOther },
  ],
};
const kProxied = { server: { trusted_proxies: '["127.0.0.1"]' } };
const { upstream, gateway: shipped } = await stage({ env: kUnset });
const { upstream: keyedUpstream, gateway: keyed } = await stage({
  env: { ...kUnset, API_KEY: kKey, CORS_ALLOWED_ORIGINS: 'https://app.example.com' },
  settings: kProxied,
});
const { upstream: smallUpstream, gateway: small } = await stage({
  settings: { ...kProxied, middleware: chain({ address: { requests: 50, window_ms: 60000 } }) },
});
const { upstream: slidingUpstream, gateway: sliding } = await stage({
  settings: { ...kProxied, middleware: chain({ address: { requests: 4, window_ms: 2000 } }) },
});
const { upstream: ownUpstream, gateway: own } = await stage({
  settings: {
    middleware: chain({
      auth: kAuth,
      client: [
        { per: 'key', requests: 8, window_ms: 60000 },
        { per: 'model', models: ['tokens-*'], tokens: 100, window_ms: 60000 },
      ],
    }),
  },
});

beforeEach(() => {
  for (const each of [upstream, keyedUpstream, smallUpstream, slidingUpstream, ownUpstream]) {
    each.forget();
    each.answer(json(chatCompletion()));
  }
});

const from = (address, more = {}) => ({ 'X-Forwarded-For': address, ...more });
const numberOf = (response, name) => Number(response.header(name));

// The three headers, each once and plausible.
function assertStanding(response, { limit, remaining, windowMs = 60_000 }) {
  for (const name of ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'])
    assert.equal(response.headers.all(name).length, 1, `one ${name}`);
  assert.equal(numberOf(response, 'x-ratelimit-limit'), limit);
  assert.equal(numberOf(response, 'x-ratelimit-remaining'), remaining);
  const nowSeconds = Date.now() / 1000;
  const reset = numberOf(response, 'x-ratelimit-reset');
  assert.ok(Number.isInteger(reset), `x-ratelimit-reset: ${reset}`);
  assert.ok(reset >= Math.floor(nowSeconds) && reset <= nowSeconds + windowMs / 1000 + 2, `reset ${reset}, now ${nowSeconds}`);
}

function assertLimited(response, { limit, windowMs = 60_000 }) {
  assertError(response, kLimited);
  assertStanding(response, { limit, remaining: 0, windowMs });
  const retryAfter = numberOf(response, 'retry-after');
  assert.equal(response.headers.all('retry-after').length, 1);
  assert.ok(Number.isInteger(retryAfter) && retryAfter >= 1 && retryAfter <= windowMs / 1000 + 1, `${retryAfter}`);
}

test('limits: as shipped an address has 60 requests a minute, whatever becomes of them', async () => {
  for (let sent = 1; sent <= 60; ++sent) {
    const isBad = sent % 3 === 0;
    const response = isBad ? await chat(shipped, '{"no JSON') : await chat(shipped, chatRequest());
    assert.equal(response.status, isBad ? 400 : 200);
    assertSecurityFields(response);
    assertStanding(response, { limit: 60, remaining: 60 - sent });
  }
  upstream.forget();
  assertLimited(await chat(shipped, chatRequest()), { limit: 60 });
  assertLimited(await chat(shipped, chatRequest({ stream: true })), { limit: 60 });
  assertLimited(await exchange(shipped, { target: '/v1/models' }), { limit: 60 });
  assert.equal(upstream.requests.length, 0, 'nothing went upstream');
});

test('limits: health is never limited and not counted', async () => {
  for (let sent = 0; sent < 100; ++sent) {
    const response = await exchange(small, { target: '/health', headers: from('10.3.0.1') });
    assert.equal(response.status, 200);
    assert.ok(!response.headers.has('x-ratelimit-limit'));
  }
  assertStanding(await chat(small, chatRequest(), from('10.3.0.1')), { limit: 50, remaining: 49 });
});

test('limits: the address is counted before the key, and refused requests count', async () => {
  const client = from('10.1.0.1');
  for (let sent = 1; sent <= 60; ++sent) {
    const response = await chat(keyed, chatRequest(), { ...client, ...bearer(`sk-wrong-${sent}`) });
    assert.equal(response.status, 401, `request ${sent}`);
    assertStanding(response, { limit: 60, remaining: 60 - sent });
  }
  assertLimited(await chat(keyed, chatRequest(), { ...client, ...bearer(kKey) }), { limit: 60 });
  assertLimited(await chat(keyed, 'x'.repeat(2 << 20), client), { limit: 60 });
  assert.equal((await chat(keyed, chatRequest(), { ...from('10.1.0.2'), ...bearer(kKey) })).status, 200);
});

test('limits: a preflight is not counted, and 429 is readable across origins', async () => {
  const origin = { Origin: 'https://app.example.com' };
  const asking = { ...from('10.1.1.1'), ...origin, 'Access-Control-Request-Method': 'POST' };
  for (let sent = 0; sent < 70; ++sent) {
    const options = { method: 'OPTIONS', target: '/v1/chat/completions', headers: asking };
    assert.equal((await exchange(keyed, options)).status, 204);
  }
  for (let sent = 0; sent < 60; ++sent) await chat(keyed, chatRequest(), from('10.1.1.1'));
  const response = await chat(keyed, chatRequest(), { ...from('10.1.1.1'), ...origin });
  assertLimited(response, { limit: 60 });
  assert.equal(response.header('access-control-allow-origin'), origin.Origin);
});

test('limits: as shipped a session has 10 requests a minute', async () => {
  const session = randomUUID();
  const ask = (id) => {
    const headers = { ...from(`10.2.${numberOfAddress++}.1`), ...bearer(kKey), 'X-Claude-Code': 'false' };
    return chat(keyed, chatRequest(), { ...headers, 'X-Claude-Session-ID': id });
  };
  let numberOfAddress = 0;
  for (let sent = 1; sent <= 10; ++sent) {
    const response = await ask(sent % 2 === 0 ? session.toUpperCase() : session);
    assert.equal(response.status, 200);
    assertStanding(response, { limit: 10, remaining: 10 - sent });
  }
  assertLimited(await ask(session), { limit: 10 });
  assert.equal((await ask(randomUUID())).status, 200);
});

test('limits: the headers stand on streams too, and show the limit that is nearest to exhaustion', async () => {
  keyedUpstream.answer(stream(chatStream()));
  const session = { 'X-Claude-Code': 'false', 'X-Claude-Session-ID': randomUUID() };
  const headers = { ...from('10.4.0.1'), ...bearer(kKey), ...session };
  const first = await chat(keyed, chatRequest({ stream: true }), headers);
  assertChatStream(first);
  assertStanding(first, { limit: 10, remaining: 9 });
  for (let sent = 0; sent < 53; ++sent) await chat(keyed, '{', from('10.4.0.1'));
  keyedUpstream.answer(json(chatCompletion()));
  assertStanding(await chat(keyed, chatRequest(), headers), { limit: 60, remaining: 5 });
});

test('limits: X-Forwarded-For says nothing where no proxy is configured', async () => {
  const headers = { 'X-Forwarded-For': '10.9.9.9', 'X-Real-IP': '10.9.9.9', Forwarded: 'for=10.9.9.9' };
  assertLimited(await chat(shipped, chatRequest(), headers), { limit: 60 }); // the first test used them up
});

test('limits: behind a configured proxy the last address that is no proxy counts', async () => {
  const ask = (forwarded) => chat(small, chatRequest(), from(forwarded));
  const remaining = async (forwarded) => numberOf(await ask(forwarded), 'x-ratelimit-remaining');
  assert.equal(await remaining('10.5.0.1'), 49);
  assert.equal(await remaining('10.5.0.2'), 49);
  assert.equal(await remaining('1.2.3.4, 10.5.0.1'), 48);
  assert.equal(await remaining('9.9.9.9,5.5.5.5, 10.5.0.1 '), 47);
  assert.equal(await remaining('10.5.0.1, 127.0.0.1'), 46);
  assert.equal(await remaining('2001:db8:0:1::1'), 49);
  assert.equal(await remaining('2001:db8:0:1:ffff::9'), 48, 'one network of 64 bits');
  assert.equal(await remaining('2001:db8:0:2::1'), 49);
});

test('limits: exactly as many as allowed, one after the other', async () => {
  const responses = [];
  for (let sent = 0; sent < 60; ++sent) responses.push(await chat(small, chatRequest(), from('10.6.0.1')));
  const statuses = responses.map(({ status }) => status);
  assert.deepEqual(statuses, [...Array(50).fill(200), ...Array(10).fill(429)]);
});

test(`limits: exactly as many as allowed of ${kFull} at the same time, in every round`, async () => {
  for (let round = 0; round < 5; ++round) {
    const wave = await RequestWave.open([small], kFull);
    const headers = from(`10.7.0.${round}`);
    const responses = await wave.send(() => ({
      method: 'POST',
      target: '/v1/chat/completions',
      headers,
      body: chatRequest(),
    }));
    assert.deepEqual(countByStatus(responses), { 200: 50, 429: kFull - 50 });
    const shown = responses.filter(({ status }) => status === 200).map((each) => numberOf(each, 'x-ratelimit-remaining'));
    const wanted = Array.from({ length: 50 }, (_, index) => 49 - index);
    assert.deepEqual(shown.sort((left, right) => right - left), wanted, 'each was told another number');
    wave.close();
  }
});

test('limits: the window slides', async (t) => {
  const client = from('10.8.0.1');
  const started = performance.now();
  const untilMs = (milliseconds) => delay(started + milliseconds - performance.now());
  const allowedOf = async (count) => {
    const responses = [];
    for (let sent = 0; sent < count; ++sent) responses.push(await chat(sliding, chatRequest(), client));
    return responses.filter(({ status }) => status === 200).length;
  };
  assert.equal(await allowedOf(2), 2);
  await untilMs(1200);
  assert.equal(await allowedOf(2), 2);
  await untilMs(1700);
  assertLimited(await chat(sliding, chatRequest(), client), { limit: 4, windowMs: 2000 });
  await untilMs(2200); // the first two are older than the window now, the next two are not
  assert.equal(await allowedOf(4), 2);
  const tookMs = performance.now() - started;
  t.diagnostic(`asked until ${tookMs.toFixed(0)} ms after the start`);
  assert.ok(tookMs < 3100, 'the machine is too slow for this test');
});

test('limits: who waits for as long as Retry-After says is let in', async () => {
  const client = from('10.8.0.2');
  let response = await chat(sliding, chatRequest(), client);
  while (response.status === 200) response = await chat(sliding, chatRequest(), client);
  assertLimited(response, { limit: 4, windowMs: 2000 });
  await delay(numberOf(response, 'retry-after') * 1000);
  assert.equal((await chat(sliding, chatRequest(), client)).status, 200);
});

test('limits: a key has its own numbers in place of the configured ones', async () => {
  const allowed = async (key) => {
    const responses = [];
    for (let sent = 0; sent < 10; ++sent) responses.push(await chat(own, chatRequest(), bearer(key)));
    assertLimited(responses.at(-1), { limit: key === kKey ? 3 : 8 });
    return countByStatus(responses);
  };
  assert.deepEqual(await allowed(kKey), { 200: 3, 429: 7 });
  assert.deepEqual(await allowed(kOther), { 200: 8, 429: 2 });
});

test('limits: the openai client sees its RateLimitError', async () => {
  const client = openaiClient(own, { apiKey: kKey });
  await assert.rejects(client.chat.completions.create(chatRequest()), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError, error.constructor.name);
    assert.equal(error.code, 'rate_limit_exceeded');
    return true;
  });
});
