import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ask,
  claudeStage,
  openStream,
  programProcesses,
  sessionFile,
  startClaude,
  stopClaude,
  turn,
  untilIdle,
  untilKept,
} from './claude_stage.mjs';
import { assertError } from './contract.mjs';
import { eventually } from './gateway.mjs';
import { echo, endlessText, hang, reply } from './messages_steps.mjs';

// Two gateways: one keeps a session's process, the other ends it after every turn, so that each turn resumes.
const kept = await claudeStage();
const resuming = await claudeStage({ claude: { process_idle_ms: 0 } });

beforeEach(() => {
  kept.api.forget();
  resuming.api.forget();
});

const kNotFound = { status: 404, type: 'invalid_request_error', code: 'session_not_found' };

test('claude sessions: a session that was never there is 404, in a stream too', async () => {
  for (const stream of [false, true])
    assertError(await ask(kept.gateway, 'hi', { session: randomUUID(), stream }), kNotFound);
  assert.equal(kept.api.requests.length, 0);
});

test('claude sessions: an id is the same in upper case', async () => {
  const { session } = await turn(kept.gateway, 'remember');
  const next = await turn(kept.gateway, 'what?', { session: session.toUpperCase() });
  assert.equal(next.session, session);
  assert.equal(kept.api.lastRequest.conversation.length, 3);
});

test('claude sessions: two sessions know nothing of each other', async () => {
  const { session: one } = await turn(kept.gateway, 'one secret word: xylophone');
  const { session: other } = await turn(kept.gateway, 'the other');
  assert.notEqual(one, other);
  await turn(kept.gateway, 'what do you know?', { session: other });
  assert.ok(!kept.api.lastRequest.raw.includes('xylophone'));
  assert.ok(!kept.api.lastRequest.raw.includes(one));
});

test('claude sessions: a second request while one runs is 429 session_busy, and the first goes on', async () => {
  const { api, gateway } = kept;
  const { session } = await turn(gateway, 'begin');
  api.answerNext(reply(['slow'], { firstMs: 1500 }));
  const first = ask(gateway, 'first', { session });
  await api.request(1);
  const second = await ask(gateway, 'second', { session, stream: true });
  assertError(second, { status: 429, type: 'rate_limit_error', code: 'session_busy' });
  assert.ok(Number(second.header('retry-after')) >= 1, 'Retry-After');
  assert.equal((await first).json.choices[0].message.content, 'slow');
  assert.equal((await turn(gateway, 'third', { session })).session, session);
  assert.ok(!api.lastRequest.raw.includes('second'));
});

test('claude sessions: a new session is busy from its first byte on', async () => {
  const { api, gateway } = kept;
  api.answerNext(endlessText());
  const { connection, session } = await openStream(gateway, 'go on');
  assertError(await ask(gateway, 'me too', { session }), { status: 429, code: 'session_busy' });
  connection.reset();
  await untilIdle(gateway);
  assert.equal((await turn(gateway, 'now', { session })).session, session);
});

test('claude sessions: a process that ended is no loss: the next turn resumes the session', async () => {
  const { api, gateway } = resuming;
  const { session } = await turn(gateway, 'first');
  await eventually('no process between two turns', () => programProcesses(gateway).length === 0, 10_000);
  await turn(gateway, 'second', { session });
  assert.deepEqual(api.lastRequest.conversation, [
    ['user', 'first'],
    ['assistant', 'Hello there.'],
    ['user', 'second'],
  ]);
});

test('claude sessions: history and system prompt of a new session are still there after a resume', async () => {
  const { api, gateway } = resuming;
  const messages = [
    { role: 'system', content: 'Speak like a pirate.' },
    { role: 'user', content: 'I like tea.' },
    { role: 'assistant', content: 'Noted, tea.' },
    { role: 'user', content: 'What do I like?' },
  ];
  const { session } = await turn(gateway, '', { messages });
  const later = [
    { role: 'system', content: 'Speak like a lawyer.' },
    { role: 'user', content: 'Sure?' },
  ];
  await turn(gateway, '', { session, messages: later });
  const { raw, systemPrompt } = api.lastRequest;
  for (const part of ['I like tea.', 'Noted, tea.', 'What do I like?', 'Sure?']) assert.ok(raw.includes(part), part);
  assert.equal(systemPrompt, 'Speak like a pirate.', 'the first system prompt, given again');
  assert.ok(!raw.includes('lawyer'), 'later ones change nothing');
});

test('claude sessions: a resumed session takes the last user message of the request only', async () => {
  const { api, gateway } = kept;
  const { session } = await turn(gateway, 'one');
  const messages = [
    { role: 'user', content: 'made-up past' },
    { role: 'assistant', content: 'made-up answer' },
    { role: 'user', content: 'two' },
  ];
  await turn(gateway, '', { session, messages });
  assert.deepEqual(
    api.lastRequest.conversation.map(([, text]) => text),
    ['one', 'Hello there.', 'two'],
  );
});

for (const [how, claude] of [
  ['its process was kept', { process_idle_ms: 600_000 }],
  ['its process had ended', { process_idle_ms: 0 }],
]) {
  test(`claude sessions: they survive a restart of the gateway (${how})`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-restart-'));
    try {
      const first = await startClaude({ folder, claude });
      const { session } = await turn(first.gateway, 'before');
      await stopClaude(first);
      const second = await startClaude({ folder, claude });
      try {
        const next = await turn(second.gateway, 'after', { session });
        assert.equal(next.session, session);
        assert.equal(next.response.header('x-claude-session-created'), undefined);
        assert.equal(second.api.lastRequest.conversation[0][1], 'before');
      } finally {
        await stopClaude(second);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

test('claude sessions: one that was busy when the gateway was killed is free after the restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-restart-'));
  try {
    const first = await startClaude({ folder });
    const { session } = await turn(first.gateway, 'before');
    await untilKept(folder, session);
    first.api.answerNext(hang());
    const lost = ask(first.gateway, 'never answered', { session }).catch((error) => error);
    await first.api.request(1);
    first.gateway.signal('SIGKILL');
    await first.gateway.exited;
    await lost;
    await first.release();
    const second = await startClaude({ folder });
    try {
      assert.equal((await turn(second.gateway, 'after', { session })).session, session);
    } finally {
      await stopClaude(second);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('claude sessions: one the program has lost is 404, and stays so', async () => {
  const { gateway, home } = resuming;
  const { session } = await turn(gateway, 'soon forgotten');
  await eventually('its process is gone', () => programProcesses(gateway).length === 0, 10_000);
  rmSync(sessionFile(home, session));
  for (const stream of [true, false]) assertError(await ask(gateway, 'still there?', { session, stream }), kNotFound);
});

test('claude sessions: an idle one ends after its time to live, and what the program kept goes with the sweep', async () => {
  const env = { SESSION_TTL_MS: '3000', SESSION_CLEANUP_INTERVAL_MS: '500' };
  const { gateway, home } = await claudeStage({ env });
  const { session } = await turn(gateway, 'hi');
  await untilKept(home, session);
  await delay(1500);
  await turn(gateway, 'still there', { session });
  await delay(2000);
  await turn(gateway, 'use prolongs it', { session });
  await eventually('its file is swept', () => sessionFile(home, session) === undefined, 15_000);
  assertError(await ask(gateway, 'too late', { session }), kNotFound);
  await eventually('its process is gone', () => programProcesses(gateway).length === 0, 10_000);
});

test('claude sessions: one ends at its maximum age, used or not', async () => {
  const { gateway, api } = await claudeStage({
    env: { MAX_SESSION_AGE_MS: '6000', SESSION_CLEANUP_INTERVAL_MS: '500' },
  });
  api.answer(echo());
  const { session } = await turn(gateway, 'hi');
  const began = performance.now();
  let response;
  do {
    await delay(400);
    response = await ask(gateway, 'on', { session });
  } while (response.status === 200 && performance.now() - began < 20_000);
  assertError(response, kNotFound);
  assert.ok(performance.now() - began > 2000, 'it was not the first use');
});
