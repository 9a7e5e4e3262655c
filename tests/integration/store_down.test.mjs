import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { chain } from './chain.mjs';
import { assertError } from './contract.mjs';
import { eventually } from './gateway.mjs';
import { bearer, createKey } from './managed_keys.mjs';
import { chatCompletion, chatRequest } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { kStoreTimeoutMs, twoGateways } from './two_gateways.mjs';
import { json } from './upstream_steps.mjs';

// A request asks the store for the address, the key and the key's limit, one after another.
const kLongestMs = 4 * kStoreTimeoutMs + 800;
const kUnavailable = { status: 503, type: 'server_error', code: 'backend_unavailable', param: null };
const kLimit = { per: 'key', requests: 1000000, window_ms: 60000 };
const place = (when_store_fails) =>
  twoGateways({
    middleware: chain({
      address: { requests: 1000000, window_ms: 60000 },
      auth: { require: 'always', hash_key: 'a hash key that both gateways have', cache_ms: 200, stale_ms: 60000 },
      client: [kLimit],
      limiter: { when_store_fails },
    }),
  });
const allowing = await place('allow');
const refusing = await place('refuse');
for (const each of [allowing, refusing]) {
  const [first, second] = each.gateways;
  each.known = await createKey(first, 'known');
  each.unknown = await createKey(second, 'not yet known');
}

beforeEach(() => {
  for (const { upstream } of [allowing, refusing]) {
    upstream.forget();
    upstream.answer(json(chatCompletion()));
  }
});

// Clients of both gateways that ask one request after another until they are told to stop: what they got, and when.
class Load {
  constructor({ gateways, known }, clients = 8) {
    this.answers = [];
    this.isRunning = true;
    this.clients = Array.from({ length: clients }, (_, index) => this.#ask(gateways[index % 2], bearer(known.key)));
  }

  async #ask(gateway, headers) {
    while (this.isRunning) {
      const started = performance.now();
      const { status } = await chat(gateway, chatRequest(), headers);
      this.answers.push({ at: started, status, tookMs: performance.now() - started });
      await delay(5);
    }
  }

  async stop() {
    this.isRunning = false;
    await Promise.all(this.clients);
    return this.answers;
  }
}

// Takes the server away under load and brings it back. Returns the answers before, meanwhile and afterwards.
async function outage(at, away, back) {
  const load = new Load(at);
  await delay(500);
  const left = performance.now();
  await away();
  await delay(1500);
  const returned = performance.now();
  await back();
  const ask = () => chat(at.gateways[0], chatRequest(), bearer(at.known.key));
  await eventually(
    'limits count again',
    async () => (await ask()).headers.has('x-ratelimit-remaining') && (await newKeyWorks(at)),
    5000,
  );
  const recovered = performance.now();
  await delay(500);
  const answers = await load.stop();
  return {
    before: answers.filter((answer) => answer.at + answer.tookMs < left),
    meanwhile: answers.filter((answer) => answer.at > left && answer.at < returned),
    after: answers.filter((answer) => answer.at > recovered),
    longestMs: Math.max(...answers.map(({ tookMs }) => tookMs)),
    recoveryMs: recovered - returned,
  };
}

async function newKeyWorks(at) {
  const { code, stdout } = await at.gateways[1].command('keys', 'create', '--name', 'new', '--json');
  if (code !== 0) return false;
  return (await chat(at.gateways[0], chatRequest(), bearer(JSON.parse(stdout).key))).status === 200;
}

const statusesOf = (answers) => [...new Set(answers.map(({ status }) => status))].sort();

const kOutages = {
  'falls silent': (redis) => [async () => redis.pause(), async () => redis.resume()],
  'is killed and started again': (redis) => [() => redis.kill(), () => redis.restart()],
};

for (const [what, wayOf] of Object.entries(kOutages)) {
  test(`store: when Redis ${what}, requests pass uncounted where that is configured`, async (t) => {
    const seen = await outage(allowing, ...wayOf(allowing.redis));
    t.diagnostic(`longest ${seen.longestMs.toFixed(0)} ms, recovered after ${seen.recoveryMs.toFixed(0)} ms`);
    t.diagnostic(`${seen.before.length} before, ${seen.meanwhile.length} meanwhile, ${seen.after.length} afterwards`);
    assert.deepEqual(statusesOf(seen.before), [200]);
    assert.deepEqual(statusesOf(seen.meanwhile), [200], 'the known key goes on working');
    assert.deepEqual(statusesOf(seen.after), [200]);
    assert.ok(seen.meanwhile.length > 0 && seen.after.length > 0);
    assert.ok(seen.longestMs < kLongestMs, `a request took ${seen.longestMs} ms`);
  });

  test(`store: when Redis ${what}, requests are refused where that is configured`, async (t) => {
    const seen = await outage(refusing, ...wayOf(refusing.redis));
    t.diagnostic(`longest ${seen.longestMs.toFixed(0)} ms, recovered after ${seen.recoveryMs.toFixed(0)} ms`);
    assert.deepEqual(statusesOf(seen.before), [200]);
    assert.deepEqual(statusesOf(seen.meanwhile), [503]);
    assert.deepEqual(statusesOf(seen.after), [200]);
    assert.ok(seen.longestMs < kLongestMs, `a request took ${seen.longestMs} ms`);
  });
}

test('store: a key that was never seen cannot be judged while Redis is away, and can afterwards', async () => {
  const { redis, gateways, unknown, known } = allowing;
  redis.pause();
  const started = performance.now();
  assertError(await chat(gateways[0], chatRequest(), bearer(unknown.key)), kUnavailable);
  assert.ok(performance.now() - started < kLongestMs);
  assert.equal((await chat(gateways[0], chatRequest(), bearer(known.key))).status, 200);
  const damaged = `${unknown.key.slice(0, -2)}__`;
  assert.equal((await chat(gateways[0], chatRequest(), bearer(damaged))).status, 401, 'this needs no store');
  redis.resume();
  const ask = () => chat(gateways[0], chatRequest(), bearer(unknown.key));
  await eventually('the key works', async () => (await ask()).status === 200, 5000);
});

test('store: a gateway starts while Redis is away, and works when it is back', async () => {
  const { redis, start, known } = refusing;
  await redis.kill();
  const late = await start();
  try {
    assertError(await chat(late, chatRequest(), bearer(known.key)), kUnavailable);
    await redis.restart();
    const ask = () => chat(late, chatRequest(), bearer(known.key));
    await eventually('requests are counted', async () => (await ask()).status === 200, 5000);
  } finally {
    assert.equal((await late.stop()).code, 0);
  }
});
