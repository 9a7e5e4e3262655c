// Plugins in processes of their own that die: what it costs, and whom.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { craft } from './crafted_plugin.mjs';
import { eventually, Gateway, isInstrumented } from './gateway.mjs';
import { isolatedConfiguration } from './isolated_configuration.mjs';
import { chatRequest } from './openai_shapes.mjs';
import { argumentsOf, descendantsOf, isAlive } from './process_table.mjs';
import { chat, exchange } from './raw_http.mjs';

const skip = isInstrumented() && 'the plugin is built without a sanitizer';
const kCrash = skip || (await craft({}, { source: '../../host/isolation/crash_plugin.cpp' }));
const isolated = (config = {}) => ({ plugin: kCrash, isolation: 'process', config });
const configuration = (crash = isolated()) =>
  isolatedConfiguration({
    backends: { crash, other: isolated() },
    routes: [{ match: { model: 'other' }, backend: 'other' }, { backend: 'crash' }],
  });
const start = async () => {
  const gateway = await Gateway.start({ config: configuration() });
  after(() => gateway.stop());
  return gateway;
};
const ask = (gateway, content, extra = {}) =>
  chat(gateway, chatRequest({ model: 'crash', messages: [{ role: 'user', content }], ...extra }), {}, { limitMs: 20_000 });
const pidOf = (gateway, name) => descendantsOf(gateway.pid).find((pid) => argumentsOf(pid).at(-1) === name);

// Asks until it is answered with 200 and says how long that took.
async function untilServed(gateway) {
  const began = performance.now();
  await eventually('a call is served again', async () => (await ask(gateway, 'hello')).status === 200, 10_000);
  return performance.now() - began;
}

test('crash: each way to die fails the call with its reason, and the next one is served', { skip }, async (t) => {
  const gateway = await start();
  for (const [order, reason] of [
    ['segfault', /signal 11 \(SIGSEGV\)/],
    ['abort', /signal 6 \(SIGABRT\)/],
    ['exit', /exit code 3/],
  ]) {
    assert.equal((await ask(gateway, 'hello')).status, 200);
    const dead = await ask(gateway, order);
    assert.equal(dead.status, 502, dead.body?.toString());
    assert.equal(dead.json.error.code, 'backend_error');
    assert.match(dead.json.error.message, reason);
    assert.match(dead.json.error.message, /"crash"/);
    const next = performance.now();
    const answer = await ask(gateway, 'hello');
    t.diagnostic(`${order}: the next call was answered after ${(performance.now() - next).toFixed(0)} ms`);
    assert.equal(answer.status, 200, answer.body?.toString());
  }
  await gateway.logLine(({ event, reason }) => event === 'plugin_process_died' && /SIGSEGV/.test(reason));
});

test('crash: other instances, also of the same plugin, go on', { skip }, async () => {
  const gateway = await start();
  const held = chat(gateway, chatRequest({ model: 'other', messages: [{ role: 'user', content: 'hello' }] }));
  const pid = pidOf(gateway, 'other');
  assert.equal((await ask(gateway, 'segfault')).status, 502);
  assert.equal((await held).status, 200);
  assert.equal(pidOf(gateway, 'other'), pid);
});

test('crash: what the process was doing for others fails cleanly, streams with an error event', { skip }, async () => {
  const gateway = await start();
  const plain = ask(gateway, 'hold');
  const streamed = ask(gateway, 'hold', { stream: true });
  await delay(200);
  assert.equal((await ask(gateway, 'segfault')).status, 502);
  assert.equal((await plain).status, 502);
  const { status, body } = await streamed;
  assert.equal(status, 200);
  assert.match(body.toString(), /held[^]*"code":"stream_error"/);
});

test('crash: what the plugin said before it died is in the log', { skip }, async () => {
  const gateway = await start();
  await ask(gateway, 'last words and segfault');
  await gateway.logLine(({ event, message }) => event === 'plugin' && message === 'last words');
});

test('crash: a process whose loop spins is ended, and the next one serves', { skip }, async () => {
  const gateway = await start();
  const spinning = await ask(gateway, 'spin');
  assert.equal(spinning.status, 502);
  assert.match(spinning.json.error.message, /stood still/);
  await untilServed(gateway);
});

test('crash: kill -9 under 32 calls fails only those, within moments', { skip }, async (t) => {
  const gateway = await start();
  const calls = Array.from({ length: 32 }, () => ask(gateway, 'hold'));
  await delay(300);
  const began = performance.now();
  process.kill(pidOf(gateway, 'crash'), 'SIGKILL');
  const answers = await Promise.all(calls);
  t.diagnostic(`all 32 had failed after ${(performance.now() - began).toFixed(0)} ms`);
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [502]);
  t.diagnostic(`served again after ${(await untilServed(gateway)).toFixed(0)} ms`);
});

test('crash: a gateway that is killed leaves no process behind, spinning ones included', { skip }, async () => {
  const gateway = await Gateway.start({ config: configuration() });
  const spinning = ask(gateway, 'spin').catch(() => {});
  await delay(200);
  const pids = descendantsOf(gateway.pid);
  assert.ok(pids.length >= 2, `processes: ${pids}`);
  gateway.signal('SIGKILL');
  await gateway.exited;
  await spinning;
  await eventually('no process is left', () => !pids.some(isAlive));
});

test('crash: a plugin that dies again and again before it is of use is started less and less often', { skip }, async () => {
  const gateway = await start();
  for (let round = 0; round < 4; ++round) await ask(gateway, 'segfault');
  const lines = () => gateway.logLines.filter(({ event }) => event === 'plugin_process_died');
  await eventually('three deaths', async () => {
    await ask(gateway, 'segfault');
    return lines().length >= 4;
  });
  const delays = lines().map(({ restart_in_ms }) => Number(restart_in_ms));
  assert.equal(delays[0], 0);
  assert.ok(delays[3] > delays[1], `${delays}`);
});

test('crash: while it waits for its restart, calls are refused with 503 and Retry-After', { skip }, async () => {
  const gateway = await start();
  await eventually(
    'a call is refused',
    async () => {
      const answer = await ask(gateway, 'segfault');
      if (answer.status !== 503) return false;
      assert.equal(answer.json.error.code, 'backend_unavailable');
      assert.ok(Number(answer.header('retry-after')) >= 1);
      return true;
    },
    15_000,
  );
});

test('crash: a plugin that dies in create() refuses the configuration with its reason', { skip }, async () => {
  const { code, output } = await Gateway.runToExit({ config: configuration(isolated({ die: 'segfault' })) });
  assert.notEqual(code, 0);
  assert.match(output, /backends\.crash.*signal 11 \(SIGSEGV\)/);
});

test('crash: fifty crashes leave no descriptor and no memory behind', { skip }, async (t) => {
  const gateway = await start();
  const crashOnce = async () => {
    assert.equal((await ask(gateway, 'segfault')).status, 502);
    await untilServed(gateway);
  };
  for (let round = 0; round < 5; ++round) await crashOnce();
  const descriptors = gateway.descriptorCount();
  const resident = gateway.residentBytes();
  for (let round = 0; round < 50; ++round) await crashOnce();
  const rose = gateway.residentBytes() - resident;
  t.diagnostic(`descriptors ${descriptors} and ${gateway.descriptorCount()}, memory rose by ${(rose / 1024).toFixed(0)} KiB`);
  await eventually('the descriptors are those of before', () => gateway.descriptorCount() <= descriptors);
  if (!isInstrumented()) assert.ok(rose < 2 * 1024 * 1024, `${rose} bytes`);
  const metrics = (await exchange(gateway, { target: '/metrics' })).body?.toString() ?? '';
  t.diagnostic(metrics.split('\n').filter((line) => line.startsWith('sluice_plugin_process')).join(' '));
});
