// Plugins that throw, hang, and go on doing so: what clients, operators and the other routes see of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from './gateway.mjs';
import { chat, metric, skip, startUnruly } from './unruly.mjs';

const kThrown = ['exception', 'bad_alloc', 'int'];
const kNever = { failures: 0 };
const kHalfCloseMs = 50; // a client that closes sooner may still wait for its answer

async function assertCleanFailure(response, where) {
  const text = await response.text();
  assert.equal(response.status, 500, `${where}: ${text}`);
  assert.equal(JSON.parse(text).error.code, 'internal_error', where);
  assert.ok(!text.includes('no client must see'), where);
}

const isQuarantine = async (response) =>
  response.status === 503 && (await response.json()).error.code === 'plugin_quarantined';

test('containment: what a backend throws, wherever it does, is one clean 500 and is counted', { skip }, async () => {
  const gateway = await startUnruly({ containment: kNever });
  const places = ['start', 'post', 'defer', 'timer', 'watch', 'store_answer', 'on_writable'];
  let thrown = 0;
  for (const where of places) {
    for (const what of kThrown) {
      await assertCleanFailure(await chat(gateway, 'unruly', `${where} ${what}`), `${where} ${what}`);
      thrown += 1;
    }
  }
  const counted = { plugin: 'unruly_backend', instance: 'unruly', reason: 'exception' };
  assert.equal(await metric(gateway, 'sluice_plugin_errors_total', counted), thrown);
  for (const where of places) {
    const calls = { plugin: 'unruly_backend', instance: 'unruly', function: where };
    assert.ok((await metric(gateway, 'sluice_plugin_calls_total', calls)) >= 3, where);
  }
  assert.equal((await chat(gateway, 'unruly')).status, 200);
});

test('containment: what the callback for a body throws is a clean 500', { skip }, async () => {
  const gateway = await startUnruly({ containment: kNever });
  const response = await fetch(`${gateway.baseUrl}/audio`, {
    method: 'POST',
    headers: { 'Content-Type': 'audio/wav', 'X-Unruly': 'read_body int' },
    body: 'x'.repeat(1000),
  });
  await assertCleanFailure(response, 'read_body');
  assert.equal(
    await metric(gateway, 'sluice_plugin_calls_total', { instance: 'unruly', function: 'read_body' }),
    1,
  );
});

test('containment: what a cancel callback throws ends the call', { skip }, async () => {
  const gateway = await startUnruly({ containment: kNever });
  const left = new AbortController();
  const response = chat(gateway, 'unruly', 'on_cancel int', { signal: left.signal });
  await delay(kHalfCloseMs * 4);
  left.abort();
  await assert.rejects(response);
  const counted = { instance: 'unruly', reason: 'exception' };
  await eventually('the exception is counted', async () => metric(gateway, 'sluice_plugin_errors_total', counted));
});

test('containment: a callback that throws into the host, against the contract, does not end it', { skip }, async () => {
  const gateway = await startUnruly({ containment: kNever });
  assert.equal((await chat(gateway, 'unruly', 'raw_post x')).status, 200);
  const counted = { instance: 'unruly', reason: 'exception' };
  await eventually('the exception is counted', async () => metric(gateway, 'sluice_plugin_errors_total', counted));
  assert.equal((await chat(gateway, 'unruly')).status, 200);
});

test('containment: what a synchronous backend throws is a clean 500 and is counted', { skip }, async () => {
  const gateway = await startUnruly({ containment: kNever });
  for (const what of kThrown) {
    await assertCleanFailure(await chat(gateway, 'unruly-worker', `start ${what}`), what);
  }
  await assertCleanFailure(await chat(gateway, 'unruly-worker', 'drop'), 'drop');
  await assertCleanFailure(await chat(gateway, 'unruly-worker', 'unsendable'), 'unsendable');
  const count = (reason) => metric(gateway, 'sluice_plugin_errors_total', { instance: 'unruly-worker', reason });
  assert.equal(await count('exception'), 3);
  assert.equal(await count('no_answer'), 1);
  assert.equal(await count('unsendable'), 1);
});

test('containment: what hooks throw refuses the request or ends the answer, and is counted', { skip }, async () => {
  const gateway = await startUnruly({ containment: kNever, hasGuard: true });
  for (const what of kThrown) {
    for (const where of ['on_head', 'on_request']) {
      await assertCleanFailure(await chat(gateway, 'echo', `${where} ${what}`), `${where} ${what}`);
    }
    const chunk = await (await chat(gateway, 'echo', `on_chunk ${what}`, { stream: true })).text();
    assert.match(chunk, /"code":"(internal|stream)_error"/, what);
    assert.ok(!chunk.includes('no client must see'));
    // These come too late to refuse anything: the answer goes on.
    for (const where of ['on_response', 'on_complete']) {
      const response = await chat(gateway, 'echo', `${where} ${what}`);
      assert.equal(response.status, 200, `${where} ${what}`);
      await response.text();
    }
  }
  const counted = { plugin: 'unruly_middleware', instance: 'guard', reason: 'exception' };
  assert.equal(await metric(gateway, 'sluice_plugin_errors_total', counted), 3 * 4);
  await assertCleanFailure(await chat(gateway, 'echo', 'silent'), 'silent');
  assert.equal(await metric(gateway, 'sluice_plugin_errors_total', { instance: 'guard', reason: 'no_answer' }), 1);
  assert.equal((await chat(gateway, 'echo')).status, 200);
});

test('containment: an error that a plugin means is none of its own', { skip }, async () => {
  const gateway = await startUnruly({ containment: { failures: 1 } });
  for (let count = 0; count < 3; count += 1) {
    assert.equal((await chat(gateway, 'unruly', 'start error')).status, 502);
  }
  assert.equal((await chat(gateway, 'unruly')).status, 200);
});

for (const [model, where, instance] of [
  ['unruly', 'start', 'unruly'],
  ['unruly', 'timer', 'unruly'],
  ['unruly', 'watch', 'unruly'],
  ['unruly', 'post', 'unruly'],
  ['unruly', 'defer', 'unruly'],
  ['unruly', 'store_answer', 'unruly'],
  ['echo', 'on_head', 'guard'],
  ['echo', 'on_request', 'guard'],
  ['echo', 'on_response', 'guard'],
  ['echo', 'on_chunk', 'guard'],
  ['echo', 'on_complete', 'guard'],
]) {
  test(`containment: a plugin that holds a loop in ${where} is named while it does`, { skip }, async () => {
    const gateway = await startUnruly({ containment: { ...kNever, hook_ms: 50 }, hasGuard: true });
    let hasAnswered = false;
    const response = chat(gateway, model, `${where} hang1000`).then((answer) => {
      hasAnswered = true;
      return answer.text();
    });
    const line = await gateway.logLine(({ event, state }) => event === 'plugin_overrun' && state === 'running');
    if (where !== 'on_complete') assert.ok(!hasAnswered, 'the line came before the answer');
    assert.equal(line.function, where);
    assert.equal(line.instance, instance);
    assert.ok([0, 1].includes(line.loop), String(line.loop));
    assert.ok(line.ms >= 50 && line.ms < 1000, String(line.ms));
    await response;
    const end = await gateway.logLine(({ event, state }) => event === 'plugin_overrun' && state === 'ended');
    assert.equal(end.function, where);
    assert.ok(end.ms >= 300, String(end.ms));
    assert.equal(await metric(gateway, 'sluice_plugin_overruns_total', { instance, function: where }), 1);
    assert.ok((await metric(gateway, 'sluice_plugin_seconds_total', { instance, function: where })) > 0.2);
  });
}

test('containment: a worker that goes on with a cancelled call is named while it does', { skip }, async () => {
  const gateway = await startUnruly({ containment: { ...kNever, cancel_ms: 100 } });
  const left = new AbortController();
  const response = chat(gateway, 'unruly-worker', 'start hang1500', { signal: left.signal });
  await delay(300); // longer than the limit: a worker may block as long as its call lives
  assert.ok(!gateway.logLines.some(({ event }) => event === 'plugin_overrun'));
  left.abort();
  await assert.rejects(response);
  const line = await gateway.logLine(({ event }) => event === 'plugin_overrun');
  assert.equal(line.state, 'running');
  assert.equal(line.loop, 'worker');
  assert.equal(line.instance, 'unruly-worker');
  const counted = { instance: 'unruly-worker', reason: 'cancel_ignored' };
  assert.equal(await metric(gateway, 'sluice_plugin_errors_total', counted), 1);
});

test('containment: plugins that do not let go of a cancelled request are named', { skip }, async () => {
  const gateway = await startUnruly({ containment: { ...kNever, cancel_ms: 100 }, hasGuard: true });
  const left = new AbortController();
  const response = chat(gateway, 'unruly', 'late 1500', { signal: left.signal });
  await delay(kHalfCloseMs * 4);
  left.abort();
  await assert.rejects(response);
  const line = await gateway.logLine(({ event }) => event === 'plugin_cancel_ignored');
  assert.equal(line.instance, 'unruly');
  assert.equal(line.ms, 100);
  assert.equal(
    await metric(gateway, 'sluice_plugin_errors_total', { instance: 'unruly', reason: 'cancel_ignored' }),
    1,
  );
});

test('containment: a backend that keeps failing is kept out until it behaves, and the others go on', { skip }, async () => {
  const gateway = await startUnruly({ containment: { failures: 3, retry_ms: 1500 } });
  for (let count = 0; count < 3; count += 1) await (await chat(gateway, 'unruly', 'start int')).text();
  const refused = await chat(gateway, 'unruly');
  assert.ok(Number(refused.headers.get('Retry-After')) >= 1);
  assert.ok(await isQuarantine(refused));
  assert.equal((await chat(gateway, 'echo')).status, 200, 'another backend');
  const calls = { instance: 'unruly', function: 'start' };
  assert.equal(await metric(gateway, 'sluice_plugin_calls_total', calls), 3, 'it was not entered');
  assert.equal(await metric(gateway, 'sluice_plugin_quarantined', { instance: 'unruly' }), 1);
  const health = await (await fetch(`http://127.0.0.1:${gateway.port}/health`)).json();
  assert.equal(health.checks.unruly, 'quarantined');
  const line = await gateway.logLine(({ event }) => event === 'plugin_quarantined');
  assert.deepEqual([line.plugin, line.instance, line.reason], ['unruly_backend', 'unruly', 'exception']);

  // A trial that fails begins the wait anew; one that goes well ends it.
  await eventually('a trial is let in', async () => (await chat(gateway, 'unruly', 'start int')).status === 500);
  assert.ok(await isQuarantine(await chat(gateway, 'unruly')));
  await eventually('a good trial', async () => (await chat(gateway, 'unruly')).status === 200);
  for (let count = 0; count < 5; count += 1) assert.equal((await chat(gateway, 'unruly')).status, 200);
  await gateway.logLine(({ event, instance }) => event === 'plugin_released' && instance === 'unruly');
  assert.equal(await metric(gateway, 'sluice_plugin_quarantined', { instance: 'unruly' }), 0);
});

test('containment: middleware that keeps failing closes the gate rather than opening it', { skip }, async () => {
  const gateway = await startUnruly({ containment: { failures: 3, retry_ms: 700 }, hasGuard: true });
  for (let count = 0; count < 3; count += 1) await (await chat(gateway, 'echo', 'on_head int')).text();
  assert.ok(await isQuarantine(await chat(gateway, 'echo')), 'no request passes without its guard');
  assert.equal((await fetch(`${gateway.baseUrl}/models`)).status, 503);
  assert.equal(await metric(gateway, 'sluice_plugin_calls_total', { instance: 'guard', function: 'on_head' }), 3);
  await eventually('a good trial', async () => (await chat(gateway, 'echo')).status === 200);
  assert.equal((await chat(gateway, 'echo')).status, 200);
  await gateway.logLine(({ event, instance }) => event === 'plugin_released' && instance === 'guard');
});

test('containment: a backend that holds the loop again and again is kept out', { skip }, async () => {
  const gateway = await startUnruly({ containment: { failures: 2, hook_ms: 50, retry_ms: 60_000 } });
  for (let count = 0; count < 2; count += 1) {
    assert.equal((await chat(gateway, 'unruly', 'start hang300')).status, 200);
  }
  assert.ok(await isQuarantine(await chat(gateway, 'unruly')));
  const line = await gateway.logLine(({ event }) => event === 'plugin_quarantined');
  assert.equal(line.reason, 'overrun');
});

test('containment: what is held for calls is counted as long as they run', { skip }, async () => {
  const gateway = await startUnruly({ containment: kNever });
  const response = chat(gateway, 'unruly', 'late 400');
  const held = () => metric(gateway, 'sluice_plugin_held_bytes', { instance: 'unruly' });
  await eventually('the body is counted', async () => (await held()) > 50);
  assert.equal((await response).status, 200);
  assert.equal(await held(), 0);
});
