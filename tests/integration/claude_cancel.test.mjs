import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ask,
  assertGone,
  claudeStage,
  health,
  openStream,
  programProcesses,
  readUntil,
  send,
  startClaude,
  stopClaude,
  turn,
  untilIdle,
} from './claude_stage.mjs';
import { assertBrokenChatStream } from './contract.mjs';
import { eventually, isInstrumented } from './gateway.mjs';
import { begin, endlessText, hang, openText, reply } from './messages_steps.mjs';
import { argumentsOf, descendantsOf, identityOf } from './process_table.mjs';
import { chat, RawConnection } from './raw_http.mjs';
import { ScriptedCli } from './scripted_cli.mjs';

// The contract is 10 ms from the gateway to the program; the assertion tells "at once" from "at some deadline".
const kLimitMs = 2500;
// A FIN sooner than this after a request is a half-close, not a client that leaves.
const kHalfCloseMs = 50;

const { api, gateway } = await claudeStage();
const processOf = (id) => programProcesses(gateway).find((pid) => argumentsOf(pid).includes(id));
let session;
let itsProcess;

beforeEach(async () => {
  await untilIdle(gateway);
  api.forget();
  ({ session } = await turn(gateway, 'begin'));
  itsProcess = processOf(session);
  assert.ok(itsProcess);
  api.forget();
});

async function assertUpstreamLeft(t, request, leftAt) {
  await eventually('the program leaves the API', () => request.leftAt !== undefined, kLimitMs);
  t.diagnostic(`the program left the API ${(request.leftAt - leftAt).toFixed(0)} ms after the client left`);
  await untilIdle(gateway);
}

// In the same process: its turn was interrupted, which is quicker and cheaper than a new one.
async function assertSessionGoesOn() {
  api.answer(reply(['fine']));
  assert.equal((await turn(gateway, 'go on', { session })).text, 'fine');
  assert.equal(processOf(session), itsProcess, 'its process is kept');
}

for (const [how, leave] of [
  ['a FIN', (connection) => connection.close()],
  ['a reset', (connection) => connection.reset()],
]) {
  test(`claude cancel: a client that leaves a stream with ${how} stops the model, and the session goes on`, async (t) => {
    api.answer(endlessText());
    const { connection } = await openStream(gateway, 'on', { session });
    await readUntil(connection, 'and on');
    await delay(2 * kHalfCloseMs);
    const leftAt = performance.now();
    leave(connection);
    await assertUpstreamLeft(t, api.requests[0], leftAt);
    await assertSessionGoesOn();
  });
}

for (const [phase, steps, stream] of [
  ['before the API has answered a plain request', [hang()], false],
  ['before the API has answered a stream', [hang()], true],
  ['while a plain answer is being said', [endlessText()], false],
  ['while the model is silent in the middle', [begin(), openText(['x']), hang()], true],
]) {
  test(`claude cancel: leaving ${phase} stops the model`, async (t) => {
    api.answer(...steps);
    const connection = await send(gateway, 'on', { session, stream });
    const request = await api.request();
    await delay(3 * kHalfCloseMs);
    const leftAt = performance.now();
    connection.reset();
    await assertUpstreamLeft(t, request, leftAt);
    await assertSessionGoesOn();
  });
}

test("claude cancel: leaving while a new session's process starts leaves nothing behind", async () => {
  const before = programProcesses(gateway).length;
  const connection = await send(gateway, 'new one', { stream: true });
  await eventually('a process starts', () => programProcesses(gateway).length > before, 5000);
  await delay(3 * kHalfCloseMs);
  connection.reset();
  await untilIdle(gateway);
  const isSettled = () => programProcesses(gateway).length <= before;
  await eventually('the process that nobody wants goes', isSettled, 15_000);
  assert.equal(api.requests.length, 0, 'the model was never asked');
});

test('claude cancel: leaving the queue gives the place away', async () => {
  const stage = await claudeStage({ env: { MAX_CONCURRENT_PROCESSES: '1', POOL_QUEUE_TIMEOUT_MS: '30000' } });
  stage.api.answer(endlessText());
  const { connection: running } = await openStream(stage.gateway, 'long');
  const queued = async (count) => (await health(stage.gateway)).checks.capacity.queued === count;
  const waiting = await send(stage.gateway, 'waits', {});
  await eventually('one waits', () => queued(1));
  await delay(3 * kHalfCloseMs);
  waiting.reset();
  await eventually('nobody waits', () => queued(0), kLimitMs);
  running.reset();
  await untilIdle(stage.gateway);
  stage.api.answer(reply(['fine']));
  assert.equal((await turn(stage.gateway, 'next')).text, 'fine');
  assert.ok(!stage.api.requests.some(({ raw }) => raw.includes('waits')), 'who left was not served');
});

test('claude cancel: a client that reads nothing holds the program up, not the memory of the gateway', async () => {
  const before = gateway.residentBytes();
  api.answer(endlessText({ gapMs: 0, piece: 'z'.repeat(8000) }));
  const connection = await send(gateway, 'flood', { session, stream: true });
  connection.socket.pause();
  const request = await api.request();
  await delay(3000);
  const rose = gateway.residentBytes() - before;
  connection.reset();
  await eventually('the program leaves the API', () => request.leftAt !== undefined, 10_000);
  // That of an instrumented build means nothing.
  if (!isInstrumented()) assert.ok(rose < 16_000_000, `memory rose by ${rose} bytes`);
  await untilIdle(gateway);
});

test('claude cancel: a gateway that is killed outright leaves no program behind', async () => {
  const stage = await startClaude({ claude: { warm_processes: { sonnet: 1 } } });
  try {
    stage.api.answer(endlessText());
    const { connection } = await openStream(stage.gateway, 'on');
    const isFull = () => programProcesses(stage.gateway).length >= 2;
    await eventually('a running and a warm process', isFull, 15_000);
    const left = descendantsOf(stage.gateway.pid).map(identityOf);
    stage.gateway.signal('SIGKILL');
    await stage.gateway.exited;
    await assertGone(left, 5000);
    connection.close();
    await eventually('nobody talks to the API', () => stage.api.openRequests.length === 0);
  } finally {
    await stage.release();
  }
});

test('claude cancel: SIGTERM in the middle of a stream ends it with an error and [DONE], and the exit is 0', async () => {
  const stage = await startClaude({ env: { SHUTDOWN_TIMEOUT_MS: '8000' } });
  stage.api.answer(endlessText());
  const pending = ask(stage.gateway, 'on', { stream: true });
  await stage.api.request();
  await delay(300);
  stage.gateway.signal('SIGTERM');
  assertBrokenChatStream(await pending);
  await stopClaude(stage);
});

test('claude cancel: SIGTERM while a plain answer is awaited is a server error, and the exit is 0', async () => {
  const stage = await startClaude();
  stage.api.answer(endlessText());
  const pending = ask(stage.gateway, 'on');
  await stage.api.request();
  stage.gateway.signal('SIGTERM');
  const response = await pending;
  assert.ok(response.status >= 500, `${response.status} ${response.text}`);
  await stopClaude(stage);
});

test('claude cancel: a program that ignores interrupt and SIGTERM is killed in the end', async () => {
  const cli = new ScriptedCli({
    turn: [{ endless: true }],
    ignores_interrupt: true,
    ignores_sigterm: true,
    ignores_end: true,
  });
  after(() => cli.remove());
  const { gateway: own } = await claudeStage({ cli: cli.path });
  const { connection } = await openStream(own, 'on');
  await readUntil(connection, 'and on');
  const [pid] = programProcesses(own).map(identityOf);
  connection.reset();
  const began = performance.now();
  await assertGone([pid], 15_000);
  const elapsedMs = performance.now() - began;
  assert.ok(elapsedMs > 3000, `killed after ${elapsedMs} ms, before it had its time`);
  assert.ok(
    cli.log.some(({ signal }) => signal === 'SIGTERM'),
    'it was asked first',
  );
});

test('claude cancel: a program that ignores everything does not hold up the end of the gateway', async () => {
  const cli = new ScriptedCli({
    turn: [{ endless: true }],
    ignores_interrupt: true,
    ignores_sigterm: true,
    ignores_end: true,
  });
  after(() => cli.remove());
  const stage = await startClaude({
    cli: cli.path,
    env: { SHUTDOWN_TIMEOUT_MS: '2000' },
    claude: { shutdown_ms: 2000 },
  });
  const pending = chat(
    stage.gateway,
    { model: 'sonnet', stream: true, messages: [{ role: 'user', content: 'x' }] },
    { 'X-Claude-Code': 'true' },
  ).catch((error) => error);
  await eventually('the turn runs', () => cli.log.some(({ record }) => record?.type === 'user'), 10_000);
  const began = performance.now();
  await stopClaude(stage);
  assert.ok(performance.now() - began < 8000, `the end took ${performance.now() - began} ms`);
  await pending;
});

test('claude cancel: a half-closed client gets its answer', async () => {
  const connection = await send(gateway, 'hi', { session });
  connection.finish();
  const response = await connection.response({ limitMs: 40_000 });
  assert.equal(response.json.choices[0].message.content, 'Hello there.');
  assert.ok(connection instanceof RawConnection);
  connection.close();
});
