import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { FakeUpstream } from './fake_upstream.mjs';
import { Gateway } from './gateway.mjs';
import { bearer, createKeyBySocket, keys } from './managed_keys.mjs';
import { chatCompletion, chatRequest } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { json } from './upstream_steps.mjs';

const kKeys = 1000;
const kWriters = 16;
const kRounds = 3;
const kCheck = 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check").fetchone()[0])';

const stateDirectory = mkdtempSync(join(tmpdir(), 'sluice-crash-'));
const upstream = await FakeUpstream.start();
upstream.answer(json(chatCompletion()));
const start = () => Gateway.start({ upstream, stateDirectory });
const statusOf = async (gateway, key) => (await chat(gateway, chatRequest(), bearer(key))).status;
after(async () => {
  await upstream.stop();
  rmSync(stateDirectory, { recursive: true, force: true });
});

// Makes keys, many at a time, and kills the gateway after `killAfter` of them. Returns those that were acknowledged.
async function createUntilKilled(gateway, killAfter) {
  const acknowledged = [];
  let begun = 0;
  const write = async () => {
    while (begun < kKeys && gateway.exit === undefined) {
      const made = await createKeyBySocket(gateway, `key ${begun++}`).catch(() => undefined);
      if (made === undefined) return;
      acknowledged.push(made);
      if (acknowledged.length === killAfter) gateway.signal('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: kWriters }, write));
  await gateway.exited;
  return acknowledged;
}

async function countWorking(gateway, made) {
  let working = 0;
  const queue = [...made];
  const ask = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop())
      if ((await statusOf(gateway, next.key)) === 200) ++working;
  };
  await Promise.all(Array.from({ length: kWriters }, ask));
  return working;
}

test('crash: every key that was acknowledged works after the gateway was killed', async (t) => {
  const all = [];
  for (let round = 0; round < kRounds; ++round) {
    const gateway = await start();
    const started = performance.now();
    const made = await createUntilKilled(gateway, Math.round(kKeys * (0.3 + 0.2 * round)));
    t.diagnostic(`${made.length} keys in ${(performance.now() - started).toFixed(0)} ms, then SIGKILL`);
    assert.ok(made.length < kKeys, 'it was killed while keys were made');
    all.push(...made);
    const file = join(stateDirectory, 'store.db');
    const { stdout } = await promisify(execFile)('python3', ['-c', kCheck, file]);
    assert.equal(stdout.trim(), 'ok', 'integrity_check of the file as it was left');
    const again = await start();
    assert.equal(await countWorking(again, all), all.length);
    assert.equal((await again.stop()).code, 0);
  }
  const last = await start();
  const listed = new Set((await keys(last, 'list')).keys.map(({ id }) => id));
  assert.ok(all.every(({ id }) => listed.has(id)));
  assert.equal((await last.stop()).code, 0);
});

test('crash: a key that was revoked just before the kill stays revoked', async () => {
  for (let round = 0; round < 5; ++round) {
    const gateway = await start();
    const made = await createKeyBySocket(gateway, `revoked ${round}`);
    assert.equal(await statusOf(gateway, made.key), 200);
    await keys(gateway, 'revoke', made.id);
    gateway.signal('SIGKILL');
    await gateway.exited;
    const again = await start();
    assert.equal(await statusOf(again, made.key), 401);
    assert.equal((await again.stop()).code, 0);
  }
});
