import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { claudeRequest, claudeStage, kAnswerLimitMs, turn } from './claude_stage.mjs';
import { assertError } from './contract.mjs';
import { chatCompletion } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { json } from './upstream_steps.mjs';

const { api, gateway, upstream } = await claudeStage({ env: { DEFAULT_MODEL: 'haiku' } });
const { session: kSession } = await turn(gateway, 'begin');

beforeEach(() => {
  api.forget();
  upstream.forget();
  upstream.answer(json(chatCompletion('from the upstream')));
});

const post = (headers, extra) => chat(gateway, claudeRequest('hi', extra), headers, { limitMs: kAnswerLimitMs });

function assertMode(response, mode) {
  assert.equal(response.status, 200, response.text);
  assert.equal(response.header('x-backend-mode'), mode);
  assert.equal(api.requests.length, mode === 'claude-code' ? 1 : 0);
  assert.equal(upstream.requests.length, mode === 'claude-code' ? 0 : 1);
}

for (const value of ['true', 'YES', '1']) {
  test(`claude routing: X-Claude-Code: ${value} with a session is Claude Code`, async () => {
    assertMode(await post({ 'X-Claude-Code': value, 'X-Claude-Session-ID': kSession }), 'claude-code');
  });
}

for (const value of ['false', 'No', '0']) {
  test(`claude routing: X-Claude-Code: ${value} is the passthrough, whatever else is said`, async () => {
    const headers = { 'X-Claude-Code': value, 'X-Claude-Session-ID': kSession };
    const response = await post(headers, { model: 'claude-sonnet-4-6' });
    assertMode(response, 'openai-passthrough');
    assert.equal(response.header('x-claude-session-id'), undefined);
  });
}

for (const value of ['', 'maybe', 'true, false']) {
  test(`claude routing: X-Claude-Code: "${value}" is refused, and nobody is asked`, async () => {
    const response = await post({ 'X-Claude-Code': value, 'X-Claude-Session-ID': kSession });
    assertError(response, { status: 400, type: 'invalid_request_error', code: 'invalid_header_value' });
    assert.equal(api.requests.length + upstream.requests.length, 0);
  });
}

test('claude routing: a session header alone is Claude Code', async () => {
  assertMode(await post({ 'X-Claude-Session-ID': kSession }), 'claude-code');
});

test('claude routing: a model that only Claude Code lists is Claude Code', async () => {
  assertMode(await post({}, { model: 'claude-haiku-4-5' }), 'claude-code');
});

test('claude routing: a claude- model nobody lists is Claude Code, which says so', async () => {
  const response = await post({}, { model: 'claude-instant-1' });
  assertError(response, { status: 400, type: 'invalid_request_error', code: 'model_not_found' });
  assert.equal(response.header('x-backend-mode'), 'claude-code');
});

test('claude routing: a model of the upstream stays with the upstream', async () => {
  assertMode(await post({}, { model: 'gpt-4o-mini' }), 'openai-passthrough');
});

test('claude routing: the list of models has those of Claude Code and of the upstream', async () => {
  const { json: list } = await exchange(gateway, { target: '/v1/models' });
  const ids = list.data.map(({ id }) => id);
  for (const id of [
    'claude-opus-4-6',
    'claude-sonnet-4-6',
    'claude-haiku-4-5',
    'opus',
    'sonnet',
    'haiku',
    'gpt-4o-mini',
  ])
    assert.ok(ids.includes(id), `${id} in ${ids}`);
  assert.equal(new Set(ids).size, ids.length, `each once: ${ids}`);
  const one = await exchange(gateway, { target: '/v1/models/claude-sonnet-4-6' });
  assert.equal(one.json.id, 'claude-sonnet-4-6');
});

test('claude routing: without a usable program its models are not listed', async () => {
  const { gateway: other } = await claudeStage({ cli: '/nonexistent/claude' });
  const { json: list } = await exchange(other, { target: '/v1/models' });
  assert.ok(!list.data.some(({ id }) => id.startsWith('claude-')), 'no model that cannot work');
  const response = await chat(other, claudeRequest('hi'), { 'X-Claude-Code': 'true' });
  assertError(response, { status: 503, type: 'server_error', code: 'backend_unavailable' });
  assert.equal(response.header('x-backend-mode'), 'claude-code');
});
