// Many turns with everything that goes wrong in between, against the real program. SLUICE_SOAK_TURNS sets how many
// (1000 for the whole of it); a fifth of them is cancelled, a twentieth loses its process.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ask,
  assertGone,
  kAnswerLimitMs,
  programProcesses,
  send,
  startClaude,
  stopClaude,
  turn,
  untilIdle,
  untilKept,
} from './claude_stage.mjs';
import { assertChatStream, streamedText } from './contract.mjs';
import { eventually, isInstrumented } from './gateway.mjs';
import { reply } from './messages_steps.mjs';
import { argumentsOf, descendantsOf, identityOf, zombiesOf } from './process_table.mjs';

const kTurns = Number(process.env.SLUICE_SOAK_TURNS ?? 150);
const kCancelled = Math.round(kTurns / 5);
const kKilled = Math.round(kTurns / 20);
const kWorkers = 3;
const kMebibyte = 1024 * 1024;
const kPieces = ['one ', 'two ', 'three ', 'four'];
// A turn of the real program takes some 50 ms, one that begins with its start a second or more.
const kLimitMs = 110_000 + 1000 * kTurns;

// The kinds of all turns in random order.
function shuffledKinds() {
  const kinds = Array.from({ length: kTurns }, (_, index) => {
    if (index < kCancelled) return 'cancelled';
    return index < kCancelled + kKilled ? 'killed' : 'whole';
  });
  for (let last = kinds.length - 1; last > 0; --last) {
    const other = Math.floor(Math.random() * (last + 1));
    [kinds[last], kinds[other]] = [kinds[other], kinds[last]];
  }
  return kinds;
}

class Soak {
  constructor(stage) {
    this.stage = stage;
    this.gateway = stage.gateway;
    this.counts = { whole: 0, cancelled: 0, killed: 0, survived: 0 };
    this.sessions = new Set();
    this.seen = new Set(); // every process there was
  }

  // Works through the kinds that are left; goes on with its session as long as that lives, now and then with a new one.
  async work(kinds) {
    let session;
    for (let kind = kinds.pop(); kind !== undefined; kind = kinds.pop()) {
      if (Math.random() < 0.1) session = undefined;
      session = await this[kind](session);
      if (session) this.sessions.add(session);
      for (const pid of programProcesses(this.gateway)) this.seen.add(identityOf(pid));
    }
  }

  async whole(session) {
    const stream = Math.random() < 0.5;
    const response = await ask(this.gateway, 'count', { session, stream });
    assert.equal(response.status, 200, response.text);
    const text = stream ? streamedText(assertChatStream(response).values) : response.json.choices[0].message.content;
    assert.equal(text, kPieces.join(''));
    ++this.counts.whole;
    return response.header('x-claude-session-id');
  }

  async cancelled(session) {
    const connection = await send(this.gateway, 'never mind', { session, stream: Math.random() < 0.7 });
    // Somewhere between the request and the end of its answer, but no half-close.
    await delay(60 + Math.random() * 140);
    connection.reset();
    ++this.counts.cancelled;
    if (session) await this.untilFree(session);
    return session;
  }

  // The interrupt of a turn whose client has left takes its time.
  async untilFree(session) {
    const isFree = async () => (await ask(this.gateway, 'free?', { session })).status !== 429;
    await eventually(`session ${session} is free`, isFree, 15_000);
  }

  async killed(session) {
    const known = session ?? (await turn(this.gateway, 'begin')).session;
    await untilKept(this.stage.home, known);
    const pending = ask(this.gateway, 'soon gone', { session: known, stream: Math.random() < 0.5 });
    await delay(Math.random() * 120);
    const victims = programProcesses(this.gateway).filter((pid) => argumentsOf(pid).includes(known));
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    const response = await pending;
    const isWhole = response.status === 200 && !response.text.includes('"error"');
    assert.ok(isWhole || response.status >= 500 || response.text.includes('"stream_error"'), response.text);
    ++this.counts[isWhole ? 'survived' : 'killed'];
    // Killed right behind its answer it was idle: the session's next turn might find it dying, and be told so.
    return isWhole ? undefined : known;
  }

  async settle() {
    await untilIdle(this.gateway, 30_000);
    const count = () => descendantsOf(this.gateway.pid).length;
    await eventually('idle processes end', () => count() === 0, 60_000).catch((error) => {
      throw new Error(`${error.message}: ${count()} left`);
    });
    await delay(300);
  }
}

test(
  `claude soak: ${kTurns} turns, ${kCancelled} cancelled, ${kKilled} killed leave nothing behind`,
  { timeout: kLimitMs },
  async (t) => {
    const stage = await startClaude({ claude: { process_idle_ms: 3000, max_processes: 4, queue_timeout_ms: 60_000 } });
    const { gateway, api } = stage;
    api.answer(reply(kPieces, { gapMs: 15 }));
    const soak = new Soak(stage);
    const warmUp = new Soak(stage);
    await warmUp.work(['whole', 'cancelled', 'killed', 'whole', 'whole', 'whole']);
    await warmUp.settle();
    const before = {
      descriptors: gateway.descriptorCount(),
      bytes: gateway.residentBytes(),
      threads: gateway.threadCount(),
    };

    const began = performance.now();
    const kinds = shuffledKinds();
    await Promise.all(Array.from({ length: kWorkers }, () => soak.work(kinds)));
    const elapsedMs = performance.now() - began;
    await soak.settle();

    const grewBy = (gateway.residentBytes() - before.bytes) / kMebibyte;
    t.diagnostic(
      `${(elapsedMs / 1000).toFixed(0)} s; ${JSON.stringify(soak.counts)}; ${soak.sessions.size} sessions; ${soak.seen.size} processes`,
    );
    t.diagnostic(
      `descriptors ${before.descriptors} -> ${gateway.descriptorCount()}; resident memory grew by ${grewBy.toFixed(1)} MB to ${(gateway.residentBytes() / kMebibyte).toFixed(1)} MB`,
    );
    await assertGone([...soak.seen]);
    assert.deepEqual(zombiesOf(gateway.pid), [], 'no process that nobody has waited for');
    await eventually(
      `descriptors back to ${before.descriptors}`,
      () => gateway.descriptorCount() <= before.descriptors,
      5000,
    );
    assert.equal(gateway.threadCount(), before.threads);
    if (!isInstrumented()) assert.ok(grewBy < 8, `resident memory grew by ${grewBy.toFixed(1)} MB`);
    assert.equal(api.openRequests.length, 0, 'no answer of the API that nobody reads');

    const sample = [...soak.sessions].slice(-3);
    for (const session of sample) {
      const response = await ask(gateway, 'still there?', { session, limitMs: kAnswerLimitMs });
      assert.equal(response.status, 200, `a session that stayed busy or was lost: ${response.text}`);
    }
    await stopClaude(stage);
  },
);
