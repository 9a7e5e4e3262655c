import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ask, claudeStage, health, openStream, programProcesses, turn, untilIdle } from './claude_stage.mjs';
import { assertError } from './contract.mjs';
import { eventually } from './gateway.mjs';
import { echo, endlessText, reply } from './messages_steps.mjs';
import { argumentsOf } from './process_table.mjs';
import { ScriptedCli } from './scripted_cli.mjs';

// Most of this is about numbers of processes: the scripted program is as good and starts faster.
function scripted(behaviour) {
  const cli = new ScriptedCli(behaviour);
  after(() => cli.remove());
  return cli;
}

const argumentOf = (pid, name) => argumentsOf(pid)[argumentsOf(pid).indexOf(name) + 1];
const sessionsOf = (gateway) => programProcesses(gateway).map((pid) => argumentOf(pid, '--session-id'));

test('claude pool: by default one process is warm for the default model before the first request', async (t) => {
  const { api, gateway } = await claudeStage({
    claude: { warm_processes: undefined },
    env: { DEFAULT_MODEL: 'haiku' },
  });
  await eventually('a warm process', () => programProcesses(gateway).length === 1, 15_000);
  const [pid] = programProcesses(gateway);
  assert.match(argumentOf(pid, '--model'), /haiku/);
  await delay(1500);
  const began = performance.now();
  const { session } = await turn(gateway, 'hi', { model: 'haiku' });
  const elapsedMs = performance.now() - began;
  assert.equal(argumentOf(pid, '--session-id'), session, 'the warm process has become that of the session');
  t.diagnostic(`the first answer took ${elapsedMs.toFixed(0)} ms`);
  assert.equal(api.lastRequest.headers['x-claude-code-session-id'], session);
  await eventually('another one is warm', () => programProcesses(gateway).length === 2, 15_000);
});

test('claude pool: without credentials none is kept warm', async () => {
  const { gateway } = await claudeStage({
    claude: { warm_processes: undefined },
    env: { ANTHROPIC_API_KEY: undefined },
  });
  await delay(1500);
  assert.equal(programProcesses(gateway).length, 0);
});

test("claude pool: a warm process takes a system prompt, and is no one else's afterwards", async () => {
  const { api, gateway } = await claudeStage({ claude: { warm_processes: { 'claude-sonnet-4-6': 1 } } });
  await eventually('a warm process', () => programProcesses(gateway).length === 1, 15_000);
  const messages = (system) => [
    { role: 'system', content: system },
    { role: 'user', content: 'hi' },
  ];
  const options = (system) => ({ model: 'claude-sonnet-4-6', messages: messages(system) });
  const { session: one } = await turn(gateway, '', options('You are A.'));
  assert.equal(api.lastRequest.systemPrompt, 'You are A.');
  const { session: two } = await turn(gateway, '', options('You are B.'));
  assert.equal(api.lastRequest.systemPrompt, 'You are B.');
  assert.notEqual(one, two);
  await turn(gateway, 'hi', { session: one });
  assert.equal(api.lastRequest.systemPrompt, 'You are A.');
});

test('claude pool: a session keeps its process between turns, until it was idle for long enough', async () => {
  const { gateway } = await claudeStage({ cli: scripted().path, claude: { process_idle_ms: 1500 } });
  const { session } = await turn(gateway, 'one');
  const [pid] = programProcesses(gateway);
  await delay(500);
  await turn(gateway, 'two', { session });
  assert.deepEqual(programProcesses(gateway), [pid]);
  await eventually('the idle process ends', () => programProcesses(gateway).length === 0, 8000);
  await turn(gateway, 'three', { session });
  assert.equal(argumentOf(programProcesses(gateway)[0], '--resume'), session);
});

test('claude pool: a process is replaced after its number of turns, and the session goes on', async () => {
  const cli = scripted();
  const { gateway } = await claudeStage({ cli: cli.path, claude: { max_turns_per_process: 2 } });
  const { session } = await turn(gateway, 'one');
  for (const prompt of ['two', 'three', 'four', 'five']) await turn(gateway, prompt, { session });
  const pids = cli.log.filter(({ record }) => record?.type === 'user').map(({ pid }) => pid);
  assert.equal(new Set(pids).size, 3, `${pids}`);
});

test('claude pool: never more processes than the cap; the coldest idle one goes for a new session', async () => {
  const { gateway } = await claudeStage({ cli: scripted().path, env: { MAX_CONCURRENT_PROCESSES: '3' } });
  const sessions = [];
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, programProcesses(gateway).length)), 5);
  for (let index = 0; index < 3; ++index) sessions.push((await turn(gateway, `${index}`)).session);
  await turn(gateway, 'the first is warm again', { session: sessions[0] });
  const { session: fourth } = await turn(gateway, 'one too many');
  clearInterval(watch);
  assert.deepEqual(sessionsOf(gateway).sort(), [sessions[0], sessions[2], fourth].sort(), 'the second was the coldest');
  assert.ok(most <= 3, `${most} processes at once`);
  await turn(gateway, 'back', { session: sessions[1] });
});

test('claude pool: more requests than processes wait for their turn and are all answered', async () => {
  const cli = scripted({ turn: [{ wait: 300 }, { say: 'done' }] });
  const env = { MAX_CONCURRENT_PROCESSES: '2', POOL_QUEUE_TIMEOUT_MS: '30000' };
  const { gateway } = await claudeStage({ cli: cli.path, env });
  const pending = Array.from({ length: 6 }, (_, index) => turn(gateway, `${index}`));
  await eventually('four wait', async () => (await health(gateway)).checks.capacity.queued >= 3, 5000);
  const { active, max } = (await health(gateway)).checks.capacity;
  assert.ok(active <= 2, `${active} active`);
  assert.equal(max, 2);
  for (const { text } of await Promise.all(pending)) assert.equal(text, 'done');
});

test('claude pool: who waits too long gets 429 capacity_exceeded', async () => {
  const env = { MAX_CONCURRENT_PROCESSES: '1', POOL_QUEUE_TIMEOUT_MS: '800' };
  const { gateway } = await claudeStage({ cli: scripted({ turn: [{ endless: true }] }).path, env });
  const { connection } = await openStream(gateway, 'long');
  for (const stream of [false, true]) {
    const began = performance.now();
    const response = await ask(gateway, 'no room', { stream });
    const elapsedMs = performance.now() - began;
    assertError(response, { status: 429, type: 'rate_limit_error', code: 'capacity_exceeded' });
    assert.ok(Number(response.header('retry-after')) >= 1);
    assert.ok(elapsedMs > 600 && elapsedMs < 6000, `after ${elapsedMs.toFixed(0)} ms`);
  }
  connection.reset();
  await untilIdle(gateway);
});

test('claude pool: sessions run at the same time, each with its own answer', async () => {
  const { api, gateway } = await claudeStage({ claude: { queue_timeout_ms: 60_000, max_processes: 3 } });
  api.answer(echo({ gapMs: 20 }));
  const speak = async (name) => {
    const { session, text } = await turn(gateway, `I am ${name}`);
    assert.equal(text, `I am ${name}`);
    for (let round = 0; round < 3; ++round)
      assert.equal((await turn(gateway, `${name} says ${round}`, { session })).text, `${name} says ${round}`);
  };
  await Promise.all(['Ada', 'Bob', 'Cyd'].map(speak));
});

test('claude pool: health counts running turns, not idle processes', async () => {
  const { api, gateway } = await claudeStage();
  const { session } = await turn(gateway, 'hi');
  assert.deepEqual((await health(gateway)).checks.capacity, { active: 0, max: 10, queued: 0 });
  api.answer(endlessText());
  const { connection } = await openStream(gateway, 'on', { session });
  await eventually('one runs', async () => (await health(gateway)).checks.capacity.active === 1);
  connection.reset();
  await untilIdle(gateway);
  api.answer(reply(['x']));
});

test('claude pool: a warm process that dies is replaced, without a storm of starts', async () => {
  const cli = scripted({ start: { exit: 1 } });
  const { gateway } = await claudeStage({ cli: cli.path, claude: { warm_processes: { sonnet: 1 } } });
  await delay(3000);
  const starts = cli.log.filter(({ argv }) => argv?.includes('stream-json')).length;
  assert.ok(starts >= 1 && starts <= 12, `${starts} starts in 3 s`);
  cli.behave({});
  assert.equal((await turn(gateway, 'hi')).text, 'Hello.');
});
