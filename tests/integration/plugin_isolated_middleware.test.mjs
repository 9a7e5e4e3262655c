// Middleware that runs in processes of their own.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { craft } from './crafted_plugin.mjs';
import { eventually, Gateway, isInstrumented } from './gateway.mjs';
import { isolatedConfiguration } from './isolated_configuration.mjs';
import { chatRequest } from './openai_shapes.mjs';
import { chat, RawConnection, requestBytes } from './raw_http.mjs';

const skip = isInstrumented() && 'the plugin is built without a sanitizer';
const kCrash = skip || (await craft({}, { source: '../../host/isolation/crash_plugin.cpp' }));
const isolated = (name, plugin, config = {}) => ({ name, plugin, isolation: 'process', config });
const start = async (middleware, env = {}) => {
  const config = isolatedConfiguration({
    backends: { echo: { plugin: 'echo.so' } },
    middleware,
    routes: [{ backend: 'echo' }],
  });
  const gateway = await Gateway.start({ config, env });
  after(() => gateway.stop());
  return gateway;
};
const say = (gateway, headers = {}, extra = {}) =>
  chat(gateway, chatRequest({ model: 'echo', messages: [{ role: 'user', content: 'good old owl' }], ...extra }), headers, {
    limitMs: 20_000,
  });
const serves = (gateway) => eventually('it serves again', async () => (await say(gateway)).status === 200, 10_000);

test('isolated middleware: all its hooks see the exchange and change it', { skip }, async () => {
  const gateway = await start([isolated('guard', kCrash)]);
  const plain = await say(gateway);
  assert.equal(plain.status, 200, plain.body?.toString());
  assert.equal(plain.header('x-seen'), 'head');
  assert.equal(plain.header('x-status'), '200');
  const changed = await say(gateway, { 'X-Upper': 'yes' });
  assert.equal(changed.json.ch0ices[0].message.c0ntent, 'g00d 0ld 0wl');
  const streamed = await say(gateway, { 'X-Upper': 'yes' }, { stream: true });
  assert.match(streamed.body.toString(), /"c0ntent":"g00d "/);
  const refused = await chat(gateway, { model: 'echo', messages: [] });
  assert.equal(refused.header('x-status'), String(refused.status));
});

test('isolated middleware: one that dies in on_head or on_request refuses that request only', { skip }, async () => {
  const gateway = await start([isolated('guard', kCrash)]);
  for (const [header, order, reason] of [
    ['X-On-Head', 'segfault', /SIGSEGV/],
    ['X-On-Request', 'abort', /SIGABRT/],
  ]) {
    await serves(gateway);
    const dead = await say(gateway, { [header]: order });
    assert.equal(dead.status, 502, dead.body?.toString());
    assert.match(dead.json.error.message, reason);
    await serves(gateway);
  }
});

test('isolated middleware: what it was to see to is not sent unseen when it dies later', { skip }, async () => {
  const gateway = await start([isolated('guard', kCrash)]);
  await serves(gateway);
  const unseen = await say(gateway, { 'X-On-Response': 'segfault' });
  assert.notEqual(unseen.status, 200, unseen.body?.toString());
  await serves(gateway);
  const stream = await say(gateway, { 'X-On-Chunk': 'exit' }, { stream: true });
  assert.ok(!stream.body.toString().includes('"content":"owl"'), stream.body.toString());
  await serves(gateway);
});

test('isolated middleware: one that does not come back from on_chunk is ended, and the loop goes on', { skip }, async () => {
  const gateway = await start([isolated('guard', kCrash)]);
  await serves(gateway);
  const stuck = await say(gateway, { 'X-On-Chunk': 'spin' }, { stream: true });
  assert.ok(!stuck.body.toString().includes('"content":"owl"'));
  await gateway.logLine(({ event, reason }) => event === 'plugin_process_died' && /hook did not return/.test(reason));
  await serves(gateway);
});

test('isolated middleware: auth asks for keys, and counts as a guard', async () => {
  const gateway = await start([isolated('auth', 'auth.so', { api_keys: 'sk-isolated-1' })]);
  assert.equal((await say(gateway)).status, 401);
  const known = await say(gateway, { Authorization: 'Bearer sk-isolated-1', 'X-Request-ID': 'with-key' });
  assert.equal(known.status, 200, known.body?.toString());
  const line = await gateway.accessLine('with-key');
  assert.ok(line.masked_key ?? line.key, JSON.stringify(line));
});

test('isolated middleware: rate limits are kept in the store of the gateway', async () => {
  const limits = { limits: [{ per: 'address', requests: 3, window_ms: 60_000 }] };
  const gateway = await start([isolated('limits', 'ratelimit.so', limits)]);
  const statuses = [];
  for (let round = 0; round < 5; ++round) statuses.push((await say(gateway)).status);
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
});

test('isolated middleware: what its hooks cost is told', { skip }, async (t) => {
  const medianOf = async (middleware) => {
    const gateway = await start(middleware);
    const connection = await RawConnection.open(gateway.port);
    const body = chatRequest({ model: 'echo', messages: [{ role: 'user', content: 'x' }] });
    const bytes = requestBytes({ method: 'POST', target: '/v1/chat/completions', body });
    const times = [];
    for (let round = 0; round < 300; ++round) {
      const began = performance.now();
      await connection.send(bytes);
      await connection.response({ method: 'POST' });
      times.push((performance.now() - began) * 1000);
    }
    connection.close();
    return times.sort((a, b) => a - b)[times.length / 2];
  };
  const inside = await medianOf([{ name: 'guard', plugin: kCrash }]);
  const apart = await medianOf([isolated('guard', kCrash)]);
  t.diagnostic(`median of a call with four hooks: ${inside.toFixed(0)} us inside, ${apart.toFixed(0)} us apart`);
});
