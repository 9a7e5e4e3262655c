// What `sluice explain` tells of requests that have ended.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, kUpstreamKey } from './gateway.mjs';
import { apiError, chatCompletion, chatRequest, kModel, roleEvent, textEvent } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { events, json, reset, stall, streamHead, wait } from './upstream_steps.mjs';

const kKey = 'sk-explain-5b1c0d7e92aa';
const kPrompt = 'a-secret-prompt-4711';
const kAnswer = 'a-secret-answer-0815';
const { upstream, gateway } = await stage({ env: { API_KEY: kKey } });
const { gateway: silent } = await stage({ settings: { append: 'explain: {requests: 0}\n' } });
const key = { Authorization: `Bearer ${kKey}` };
const request = (extra = {}) => chatRequest({ messages: [{ role: 'user', content: kPrompt }], ...extra });

beforeEach(() => {
  upstream.forget();
  upstream.answer(json(chatCompletion(kAnswer)));
});

// The records of one id, newest first, once it has ended.
async function explained(id) {
  await gateway.accessLine(id);
  let outcome;
  await eventually(`the record of ${id}`, async () => (outcome = await gateway.command('explain', id, '--json')).code === 0);
  const lines = outcome.stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

test('explain: a good request shows its path through the gateway', async () => {
  const response = await chat(gateway, request(), { ...key, 'X-Request-ID': 'good-1' });
  assert.equal(response.status, 200);
  const [record, ...older] = await explained('good-1');
  assert.equal(older.length, 0);
  assert.equal(record.generation, 1);
  assert.equal(record.status, 200);
  assert.equal(record.model, kModel);
  assert.equal(record.method, 'POST');
  assert.equal(record.path, '/v1/chat/completions');
  assert.equal(record.backend_mode, 'openai-passthrough');
  assert.equal(record.ended_by, 'backend');
  assert.equal(record.phase, 'done');
  assert.equal(record.error_code, undefined);
  assert.match(record.route, /^routes\[\d+\]$/);
  assert.ok(record.key.length > 0 && !record.key.includes(kKey), record.key);
  assert.ok(record.prompt_tokens > 0 && record.completion_tokens > 0, JSON.stringify(record));
  assert.ok(record.duration_ms >= record.first_byte_ms, JSON.stringify(record));
  assert.equal(record.attempts.length, 1);
  const [attempt] = record.attempts;
  assert.equal(attempt.outcome, 'ok');
  assert.equal(attempt.status, 200);
  assert.equal(attempt.is_answer, true);
  assert.ok(attempt.target.length > 0);
  assert.ok(attempt.started_ms + attempt.duration_ms <= record.duration_ms + 0.002, JSON.stringify(record));
  assert.ok(record.middleware.length > 1, 'the shipped chain has more than one middleware');
  for (const { name, head, request } of record.middleware) {
    assert.ok(head === 'continue' || request === 'continue', `${name} in ${JSON.stringify(record)}`);
  }
});

test("explain: an upstream's own error is told by its status", async () => {
  upstream.answer(json(apiError('no', 'server_error'), { status: 503 }));
  await chat(gateway, request(), { ...key, 'X-Request-ID': 'upstream-0' });
  const [record] = await explained('upstream-0');
  assert.equal(record.status, 503);
  assert.equal(record.ended_by, 'backend');
  assert.equal(record.attempts[0].outcome, 'error_status');
  assert.equal(record.attempts[0].status, 503);
});

test('explain: an upstream that fails shows the error that came of it', async () => {
  upstream.answer(reset());
  const response = await chat(gateway, request(), { ...key, 'X-Request-ID': 'upstream-1' });
  const [record] = await explained('upstream-1');
  assert.equal(record.status, response.status);
  assert.equal(record.ended_by, 'backend');
  assert.ok(record.error_code.length > 0);
  assert.equal(record.attempts[0].outcome, record.error_code);
  assert.equal(record.attempts[0].is_answer, true);
  assert.equal(record.attempts[0].status, 0, "the status is the gateway's own: no answer came");
  assert.equal(record.attempts[0].first_byte_ms, undefined);
});

test('explain: an upstream that drops a stream shows how far it came', async () => {
  upstream.answer(streamHead(), events([roleEvent(), textEvent('half')]), wait(20), reset());
  await chat(gateway, request({ stream: true }), { ...key, 'X-Request-ID': 'upstream-2' });
  const [record] = await explained('upstream-2');
  assert.equal(record.status, 200);
  assert.equal(record.attempts[0].status, 200);
  assert.notEqual(record.attempts[0].outcome, 'ok');
  assert.ok(record.attempts[0].first_byte_ms > 0);
});

test('explain: a client that left shows that it left, and when', async () => {
  upstream.answer(streamHead(), events([roleEvent(), textEvent('x')]), stall());
  const connection = await RawConnection.open(gateway.port);
  const headers = { ...key, 'X-Request-ID': 'left-1' };
  const target = '/v1/chat/completions';
  await connection.send(requestBytes({ method: 'POST', target, headers, body: request({ stream: true }) }));
  await connection.responseHead();
  connection.reset();
  const [record] = await explained('left-1');
  assert.equal(record.ended_by, 'client');
  assert.equal(record.phase, 'backend');
  assert.equal(record.error_code, 'cancelled');
  assert.equal(record.attempts[0].outcome, 'cancelled');
});

test('explain: a refused key shows which middleware refused it, and no attempt', async () => {
  const headers = { Authorization: 'Bearer sk-wrong-0000000000', 'X-Request-ID': 'refused-1' };
  assert.equal((await chat(gateway, request(), headers)).status, 401);
  const [record] = await explained('refused-1');
  assert.equal(record.status, 401);
  assert.equal(record.ended_by, 'middleware');
  assert.equal(record.error_code, 'invalid_api_key');
  assert.deepEqual(record.attempts, []);
  const last = record.middleware.at(-1);
  assert.ok([last.head, last.request].includes('refuse'), JSON.stringify(record.middleware));
});

test("explain: a request id of the client's own may come again, and look like anything", async () => {
  for (const id of ['{"event":"forged"}', '--failed', 'a/b?c=d']) {
    await chat(gateway, request(), { ...key, 'X-Request-ID': id });
    await gateway.accessLine(id);
    const { code, stdout } = await gateway.command('explain', '--json', '--', id);
    assert.equal(code, 0, id);
    assert.equal(JSON.parse(stdout).request_id, id);
  }
  await chat(gateway, request(), { ...key, 'X-Request-ID': 'again' });
  await gateway.accessLine('again');
  await chat(gateway, '{', { ...key, 'X-Request-ID': 'again' });
  await eventually('both', async () => (await explained('again')).length === 2);
  assert.deepEqual((await explained('again')).map(({ status }) => status), [400, 200]);
});

test('explain: people get lines, one for each middleware and attempt', async () => {
  await chat(gateway, request(), { ...key, 'X-Request-ID': 'text-1' });
  await explained('text-1');
  const { code, stdout, stderr } = await gateway.command('explain', 'text-1');
  assert.equal(code, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /^request text-1: POST \/v1\/chat\/completions, model /);
  assert.match(stdout, /^ {2}status 200,/m);
  assert.match(stdout, /^ {2}generation 1, route routes\[\d+\], backend mode openai-passthrough/m);
  assert.match(stdout, /^ {2}middleware auth: head continue/m);
  assert.match(stdout, /^ {2}attempt 1: \S+, ok, status 200, began at .*its answer went to the client$/m);
});

test('explain: --failed lists what failed, newest first', async () => {
  upstream.answer(json(apiError('no', 'server_error'), { status: 500 }));
  await chat(gateway, request(), { ...key, 'X-Request-ID': 'failed-1' });
  await exchange(gateway, { target: '/nowhere', headers: { 'X-Request-ID': 'failed-2' } });
  upstream.answer(json(chatCompletion(kAnswer)));
  await chat(gateway, request(), { ...key, 'X-Request-ID': 'fine-1' });
  await explained('fine-1');
  const { code, stdout } = await gateway.command('explain', '--failed', '2', '--json');
  assert.equal(code, 0);
  const ids = stdout.trim().split('\n').map((line) => JSON.parse(line).request_id);
  assert.deepEqual(ids, ['failed-2', 'failed-1']);
  assert.match((await gateway.command('explain', '--failed')).stdout, /^request failed-2: GET \/nowhere$/m);
});

test('explain: an unknown request is said with how many are kept', async () => {
  const { code, stdout, stderr } = await gateway.command('explain', 'nobody');
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^sluice explain: found no request "nobody" .* among the last \d+ \(explain\.requests: 1000\)\n$/);
  const wrong = await gateway.command('explain');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /expected REQUEST_ID or --failed/);
});

test('explain: it can be turned off', async () => {
  await exchange(silent, { target: '/nowhere', headers: { 'X-Request-ID': 'off-1' } });
  await silent.accessLine('off-1');
  const { code, stderr } = await silent.command('explain', 'off-1');
  assert.equal(code, 1);
  assert.match(stderr, /explain\.requests is 0/);
});

test('explain: prompts, answers and keys stand nowhere in it', async () => {
  await chat(gateway, request(), { ...key, 'X-Request-ID': 'secret-1', 'X-OpenAI-API-Key': 'sk-own-secret-99887766' });
  await exchange(gateway, { target: `/v1/models?api_key=${kKey}`, headers: { 'X-Request-ID': 'secret-2' } });
  await delay(50);
  let all = '';
  for (const words of [['secret-1'], ['secret-2'], ['--failed', '1000']]) {
    all += (await gateway.command('explain', ...words, '--json')).stdout;
    all += (await gateway.command('explain', ...words)).stdout;
  }
  assert.match(all, /secret-1/);
  for (const secret of [kPrompt, kAnswer, kUpstreamKey, kKey, 'sk-own-secret-99887766', 'sk-wrong-0000000000'])
    assert.ok(!all.includes(secret), `${secret} is told`);
});
