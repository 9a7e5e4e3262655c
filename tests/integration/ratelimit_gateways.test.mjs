import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { chain } from './chain.mjs';
import { assertError } from './contract.mjs';
import { eventually } from './gateway.mjs';
import { hold, release } from './held_streams.mjs';
import { bearer, createKey, keys } from './managed_keys.mjs';
import { chatCompletion, chatRequest } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { countByStatus, RequestWave } from './request_wave.mjs';
import { twoGateways } from './two_gateways.mjs';
import { json } from './upstream_steps.mjs';

const kAllowed = 100;
const kPerGateway = 200;
const kSlots = 5;
const kLeaseMs = 1500;
const kCacheMs = 400;
const kLimited = { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null };
const { upstream, gateways, redis } = await twoGateways({
  middleware: chain({
    address: { requests: kAllowed, window_ms: 60000 },
    auth: { require: 'always', hash_key: 'a hash key that both gateways have', cache_ms: kCacheMs },
    client: [{ per: 'key', concurrent: kSlots, lease_ms: kLeaseMs, models: ['held-*'] }],
  }),
});
const [first, second] = gateways;
const made = await createKey(first, 'of both gateways');
let numberOfAddress = 0;

beforeEach(() => {
  upstream.forget();
  upstream.answer(json(chatCompletion()));
});

const client = (address = `10.0.${Math.floor(numberOfAddress / 250)}.${++numberOfAddress % 250}`) => ({
  ...bearer(made.key),
  'X-Forwarded-For': address,
});

test('two gateways: a key that one of them made is known to the other, and revoked at both', async () => {
  const other = await createKey(second, 'to be revoked');
  for (const gateway of gateways)
    assert.equal((await chat(gateway, chatRequest(), { ...client(), ...bearer(other.key) })).status, 200);
  await keys(first, 'revoke', other.id);
  const ask = (gateway) => chat(gateway, chatRequest(), { ...client(), ...bearer(other.key) });
  assert.equal((await ask(first)).status, 401);
  await eventually('the other gateway knows', async () => (await ask(second)).status === 401, kCacheMs + 1000);
});

test(`two gateways: of ${2 * kPerGateway} requests at the same time exactly ${kAllowed} are allowed`, async (t) => {
  for (let round = 0; round < 6; ++round) {
    const wave = await RequestWave.open(gateways, kPerGateway);
    const headers = client();
    const started = performance.now();
    const responses = await wave.send(() => ({
      method: 'POST',
      target: '/v1/chat/completions',
      headers,
      body: chatRequest(),
    }));
    t.diagnostic(`round ${round}: ${(performance.now() - started).toFixed(0)} ms`);
    assert.deepEqual(countByStatus(responses), { 200: kAllowed, 429: 2 * kPerGateway - kAllowed });
    for (const response of responses.filter(({ status }) => status === 429)) assertError(response, kLimited);
    wave.close();
  }
});

test('two gateways: requests in turns at both are counted together', async () => {
  const headers = client();
  for (let sent = 1; sent <= 20; ++sent) {
    const response = await chat(gateways[sent % 2], chatRequest(), headers);
    assert.equal(Number(response.header('x-ratelimit-remaining')), kAllowed - sent);
  }
});

test('two gateways: the slots of one that is killed come back within the lease', async (t) => {
  const kHeld = chatRequest({ model: 'held-model', stream: true });
  const headers = client();
  const held = await Promise.all(Array.from({ length: kSlots }, () => hold(upstream, first, kHeld, headers)));
  assert.deepEqual(held.map(({ response }) => response.status), Array(kSlots).fill(200));
  const ask = () => chat(second, chatRequest({ model: 'held-model' }), client());
  await delay(kLeaseMs * 1.5);
  assertError(await ask(), kLimited);
  first.signal('SIGKILL');
  await first.exited;
  const killedAt = performance.now();
  assertError(await ask(), kLimited);
  upstream.answer(json(chatCompletion()));
  await eventually('a slot is free', async () => (await ask()).status === 200, kLeaseMs + 1500);
  const tookMs = performance.now() - killedAt;
  t.diagnostic(`the slots were free ${tookMs.toFixed(0)} ms after the gateway was killed`);
  assert.ok(tookMs <= kLeaseMs + 300, `${tookMs} ms`);
  const again = await Promise.all(Array.from({ length: kSlots }, () => hold(upstream, second, kHeld, client())));
  assert.deepEqual(again.map(({ response }) => response.status), Array(kSlots).fill(200), 'all of them came back');
  assertError(await ask(), kLimited);
  await Promise.all(again.map(release));
  assert.equal(await redis.ask('PING'), '+PONG');
});
