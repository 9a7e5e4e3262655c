import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertChatStream, assertError } from './contract.mjs';
import { FakeUpstream } from './fake_upstream.mjs';
import { eventually, Gateway } from './gateway.mjs';
import { apiError, chatCompletion, chatRequest, chatStream, modelList } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { json, reset, stream } from './upstream_steps.mjs';

const kKeys = ['sk-first-key-4f9c2b7d1e8aAAAA', 'sk-second-key-70b4e19fc2d3BBBB', 'sk-third-key-5a6d8e0f1b2cCCCC'];
const kOwnKey = 'sk-own-key-of-the-caller-0042';
const kRefusal = apiError('Incorrect API key provided.', 'invalid_request_error', { code: 'invalid_api_key' });
const kLimit = apiError('Rate limit reached for requests', 'requests', { code: 'rate_limit_exceeded' });

const limited = (retryAfter) =>
  json(kLimit, { status: 429, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } });
const refused = (status = 401) => json(kRefusal, { status });
const good = () => json(chatCompletion());

// A gateway whose only backend has several keys, in front of an upstream that answers each key as it is told.
class KeyedStage {
  static async start(context, { count = 2, options = {}, models = json(modelList()) } = {}) {
    const stage = new KeyedStage(await FakeUpstream.start(), count, options);
    stage.upstream.answerOn('GET /v1/models', models);
    const { configFile, folder } = stage;
    const env = Object.fromEntries(kKeys.map((key, index) => [`TEST_KEY_${index}`, key]));
    stage.gateway = await Gateway.start({ config: configFile, stateDirectory: folder, env }).catch(async (error) => {
      await stage.upstream.stop();
      throw error;
    });
    context.after(() => stage.end());
    await stage.settle(count);
    return stage;
  }

  constructor(upstream, count, options) {
    this.upstream = upstream;
    this.folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
    this.configFile = join(this.folder, 'gateway.yaml');
    const names = kKeys.slice(0, count).map((_, index) => `env:TEST_KEY_${index}`);
    this.options = { base_url: upstream.baseUrl, api_key: names[0], api_keys: names.slice(1), ...options };
    this.configure({});
    this.answers = new Map(kKeys.map((key) => [key, good()]));
    upstream.answer((exchange) => (this.answers.get(sentKey(exchange.request)) ?? good())(exchange));
  }

  // The list of models that the gateway asks for at its start has the first turn: goes on to the turn of the first key.
  async settle(count) {
    await eventually('the gateway asks for models', () => this.upstream.modelListRequests.length > 0);
    while (kKeys.indexOf(sentKey(this.upstream.lastRequest)) !== count - 1) await this.chat();
    this.upstream.forget();
  }

  configure(options) {
    Object.assign(this.options, options);
    const configuration = {
      server: { port: 0, state_dir: this.folder },
      backends: { pool: { plugin: 'openai.so', config: this.options } },
      routes: [{ backend: 'pool' }],
    };
    writeFileSync(this.configFile, JSON.stringify(configuration));
  }

  // What requests with the key of this index get from now on.
  answer(index, step) {
    this.answers.set(kKeys[index], step);
  }

  chat(headers = {}, extra = {}) {
    return chat(this.gateway, chatRequest(extra), headers);
  }

  // The statuses of that many chats, one after the other.
  async statuses(count) {
    const list = [];
    for (let i = 0; i < count; ++i) list.push((await this.chat()).status);
    return list;
  }

  // Which keys the upstream has seen since the last look, by their index; -1 for others.
  keysSeen() {
    const list = this.upstream.requests.map((request) => kKeys.indexOf(sentKey(request)));
    this.upstream.forget();
    return list;
  }

  async metrics() {
    const response = await exchange({ port: join(this.folder, 'admin.sock') }, { target: '/metrics' });
    assert.equal(response.status, 200, response.text);
    return response.text;
  }

  // {usable, resting, retired}
  async keyCounts() {
    const text = await this.metrics();
    const lines = [...text.matchAll(/^sluice_openai_keys\{instance="pool",state="(\w+)"\} (\d+)$/gm)];
    assert.equal(lines.length, 3, text);
    return Object.fromEntries(lines.map(([, state, value]) => [state, Number(value)]));
  }

  async end() {
    const exit = await this.gateway.stop();
    await this.upstream.stop();
    rmSync(this.folder, { recursive: true, force: true });
    assert.equal(exit.code, 0, `exit of the gateway: ${JSON.stringify(exit)}\n${this.gateway.output}`);
    assert.deepEqual(this.upstream.failures, [], 'requests the upstream could not parse');
  }
}

const sentKey = (request) => request?.headers.get('authorization')?.replace('Bearer ', '');

test('key pool: calls take the keys in turn, and load spreads evenly', async (t) => {
  const stage = await KeyedStage.start(t, { count: 3 });
  assert.deepEqual(await stage.statuses(6), Array(6).fill(200));
  assert.deepEqual(stage.keysSeen(), [0, 1, 2, 0, 1, 2]);
  await Promise.all(Array.from({ length: 60 }, () => stage.chat()));
  const seen = stage.keysSeen();
  for (const index of [0, 1, 2]) assert.equal(seen.filter((key) => key === index).length, 20, `key ${index}`);
  assert.deepEqual(await stage.keyCounts(), { usable: 3, resting: 0, retired: 0 });
});

test('key pool: a limited key rests for its Retry-After, and its answer is passed on as it came', async (t) => {
  const stage = await KeyedStage.start(t, { options: { key_cooldown_ms: 600_000 } });
  stage.answer(0, limited('4'));
  const response = await stage.chat();
  const answeredAt = performance.now();
  assert.equal(response.status, 429);
  assert.equal(response.header('retry-after'), '4');
  assert.deepEqual(response.json, kLimit);
  stage.answer(0, good());
  assert.deepEqual(await stage.keyCounts(), { usable: 1, resting: 1, retired: 0 });
  assert.deepEqual(await stage.statuses(3), [200, 200, 200]);
  assert.ok(performance.now() - answeredAt < 3900, 'the machine is too slow for this test');
  assert.deepEqual(stage.keysSeen(), [0, 1, 1, 1]);
  await eventually('the end of the rest is seen without a call', async () => (await stage.keyCounts()).usable === 2, 8000);
  assert.ok(performance.now() - answeredAt >= 3900, 'the rest has lasted');
  assert.deepEqual(await stage.statuses(2), [200, 200]);
  assert.deepEqual(stage.keysSeen(), [0, 1]);
});

test('key pool: where the upstream names no time, the cooldown is that of the configuration', async (t) => {
  const stage = await KeyedStage.start(t, { options: { key_cooldown_ms: 300 } });
  stage.answer(0, limited());
  assert.equal((await stage.chat()).status, 429);
  stage.answer(0, good());
  await delay(400);
  assert.deepEqual(await stage.statuses(2), [200, 200]);
  assert.deepEqual(stage.keysSeen().sort(), [0, 0, 1]);
});

test('key pool: where all keys rest, a call fails at once with 429 and does not touch the upstream', async (t) => {
  const stage = await KeyedStage.start(t);
  stage.answer(0, limited('30'));
  stage.answer(1, limited('9'));
  assert.deepEqual(await stage.statuses(2), [429, 429]);
  stage.upstream.forget();
  for (const extra of [{}, { stream: true }]) {
    const response = await stage.chat({}, extra);
    assertError(response, { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null });
    const seconds = Number(response.header('retry-after'));
    assert.ok(seconds >= 5 && seconds <= 9, `Retry-After: ${seconds}`);
  }
  assert.equal(stage.upstream.requests.length, 0);
  assert.deepEqual(await stage.keyCounts(), { usable: 0, resting: 2, retired: 0 });
});

test('key pool: a refused key is retired, and tried again by one call after key_retry_ms', async (t) => {
  const stage = await KeyedStage.start(t, { options: { key_retry_ms: 4000 } });
  stage.answer(0, refused());
  const response = await stage.chat();
  const retiredAt = performance.now();
  assert.equal(response.status, 401);
  assert.deepEqual(response.json, kRefusal);
  assert.deepEqual(await stage.statuses(3), [200, 200, 200]);
  assert.ok(performance.now() - retiredAt < 3900, 'the machine is too slow for this test');
  assert.deepEqual(stage.keysSeen(), [0, 1, 1, 1]);
  assert.deepEqual(await stage.keyCounts(), { usable: 1, resting: 0, retired: 1 });
  stage.answer(0, good());
  await delay(4100 - (performance.now() - retiredAt));
  assert.deepEqual(await stage.statuses(3), [200, 200, 200]);
  assert.deepEqual(stage.keysSeen(), [0, 1, 0]);
  assert.deepEqual(await stage.keyCounts(), { usable: 2, resting: 0, retired: 0 });
});

test('key pool: where all keys are retired, a call fails at once, and a reload begins anew', async (t) => {
  const stage = await KeyedStage.start(t, { options: { allow_client_key: false } });
  const health = async () => (await exchange(stage.gateway, { target: '/health' })).json.checks.pool;
  stage.answer(0, refused(401));
  stage.answer(1, refused(403));
  assert.equal(await health(), 'ok');
  assert.deepEqual(await stage.statuses(2), [401, 403]);
  stage.upstream.forget();
  assertError(await stage.chat(), { status: 502, type: 'server_error', code: 'upstream_error' });
  assertError(await stage.chat({}, { stream: true }), { status: 502, type: 'server_error', code: 'upstream_error' });
  assert.equal(stage.upstream.requests.length, 0);
  assert.deepEqual(await stage.keyCounts(), { usable: 0, resting: 0, retired: 2 });
  await eventually('the health check names it', async () => (await health()) === 'keys_refused', 10_000);

  for (const index of [0, 1]) stage.answer(index, good());
  stage.configure({ key_retry_ms: 200_000 });
  const reload = await stage.gateway.command('reload');
  assert.equal(reload.code, 0, reload.stdout + reload.stderr);
  assert.deepEqual(await stage.statuses(2), [200, 200]);
  const isAnew = async () => (await stage.keyCounts()).retired === 0;
  await eventually('the keys of the old instance are off the page', isAnew);
  assert.deepEqual(await stage.keyCounts(), { usable: 2, resting: 0, retired: 0 });
});

test('key pool: an upstream in trouble costs no key its turns', async (t) => {
  const stage = await KeyedStage.start(t);
  stage.answer(0, json(apiError('down', 'server_error'), { status: 503 }));
  stage.answer(1, reset());
  assert.deepEqual(await stage.statuses(4), [503, 502, 503, 502]);
  assert.deepEqual(stage.keysSeen(), [0, 1, 0, 1]);
  assert.deepEqual(await stage.keyCounts(), { usable: 2, resting: 0, retired: 0 });
});

test("key pool: a client's own key retires nothing, and is served when no key of the server is", async (t) => {
  const stage = await KeyedStage.start(t);
  const own = { 'X-OpenAI-API-Key': kOwnKey };
  for (const step of [refused(401), refused(403), limited('60')]) {
    stage.answers.set(kOwnKey, step);
    assert.ok((await stage.chat(own)).status >= 401);
  }
  stage.answers.delete(kOwnKey);
  assert.deepEqual(stage.keysSeen(), [-1, -1, -1]);
  assert.deepEqual(await stage.keyCounts(), { usable: 2, resting: 0, retired: 0 });
  for (const index of [0, 1]) stage.answer(index, refused());
  assert.deepEqual(await stage.statuses(3), [401, 401, 502]);
  stage.upstream.forget();
  assert.equal((await stage.chat(own)).status, 200);
  assert.equal(sentKey(stage.upstream.lastRequest), kOwnKey);
});

test('key pool: the list of models takes a turn, and its answer counts', async (t) => {
  const stage = await KeyedStage.start(t, { count: 3, models: refused() });
  await eventually('the key of the list is retired', async () => (await stage.keyCounts()).retired === 1);
  assert.deepEqual(await stage.statuses(4), [200, 200, 200, 200]);
  assert.deepEqual(stage.keysSeen(), [1, 2, 1, 2]);
});

test('key pool: no key stands in an answer, in the log or in the metrics', async (t) => {
  const stage = await KeyedStage.start(t, { count: 3, options: { key_retry_ms: 1 } });
  const echo = `found ${kKeys.join(', ')}`;
  const seen = [];
  const steps = [
    json(apiError(echo, 'invalid_request_error'), { status: 401, headers: { 'x-request-id': kKeys[2] } }),
    json(apiError(echo, 'requests'), { status: 429, headers: { 'retry-after': '1' } }),
    json(chatCompletion(echo)),
    stream(chatStream([echo])),
  ];
  for (const [at, step] of steps.entries()) {
    for (const index of [0, 1, 2]) stage.answer(index, step);
    const response = await stage.chat({}, { stream: at === 3 });
    if (at === 3) assertChatStream(response);
    seen.push(response.headBytes.toString() + response.text);
    await stage.gateway.accessLine(response.header('x-request-id'));
  }
  assert.ok(seen.join().includes('found ***'), 'the upstream did show the keys');
  await stage.gateway.logLine((line) => JSON.stringify(line).includes('api_key (...AAAA) is retired'));
  await stage.gateway.logLine((line) => JSON.stringify(line).includes('api_keys[0] (...BBBB) rests'));
  const { stdout, stderr } = stage.gateway;
  for (const [what, text] of Object.entries({ answers: seen.join(), stdout, stderr, metrics: await stage.metrics() })) {
    for (const key of kKeys) {
      assert.ok(!text.includes(key), `${what}: a whole key`);
      assert.ok(!text.includes(key.slice(-5)), `${what}: more than four characters of a key`);
      assert.ok(!text.includes(key.slice(0, 12)), `${what}: the beginning of a key`);
    }
  }
});

test('key pool: a key given twice stops the start, and is not shown', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'gateway.yaml');
  const options = { base_url: 'http://127.0.0.1:9/v1', api_key: 'env:A', api_keys: ['env:B', 'env:A'] };
  const backends = { pool: { plugin: 'openai.so', config: options } };
  writeFileSync(config, JSON.stringify({ server: { port: 0, state_dir: folder }, backends, routes: [] }));
  const run = await Gateway.runToExit({ config, env: { A: kKeys[0], B: kKeys[1] } });
  assert.notEqual(run.code, 0);
  assert.match(run.output, /api_keys\[1\]: found the same key as in api_key/);
  for (const key of kKeys) assert.ok(!run.output.includes(key));
});
