import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertError } from './contract.mjs';
import { chatCompletion, chatRequest } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json } from './upstream_steps.mjs';

// No Claude CLI here: what is routed to Claude Code has no usable backend.
const { upstream, gateway } = await stage();
const kNoClaude = { status: 503, type: 'server_error', code: 'backend_unavailable' };
const kBadHeader = { status: 400, type: 'invalid_request_error', code: 'invalid_header_value' };
const kSession = { 'X-Claude-Session-ID': '6f1d2c9a-4c1b-4d5e-9a77-0123456789ab' };

beforeEach(() => {
  upstream.forget();
  upstream.answer(json(chatCompletion()));
});

for (const value of ['true', '1', 'yes', 'TRUE', 'Yes']) {
  test(`routing: X-Claude-Code: ${value} never goes to the passthrough`, async () => {
    assertError(await chat(gateway, chatRequest(), { 'X-Claude-Code': value }), kNoClaude);
    assert.equal(upstream.requests.length, 0);
  });
}

for (const value of ['false', '0', 'no', 'FALSE', 'No']) {
  test(`routing: X-Claude-Code: ${value} is the passthrough, even with a session`, async () => {
    const response = await chat(gateway, chatRequest(), { 'X-Claude-Code': value, ...kSession });
    assert.equal(response.status, 200, response.text);
    assert.equal(response.header('x-backend-mode'), 'openai-passthrough');
    assert.equal(upstream.requests.length, 1);
  });
}

for (const value of ['', 'maybe', '2', 'true,false', 'on', 'truee', 'true; x']) {
  test(`routing: X-Claude-Code: "${value}" is 400 invalid_header_value`, async () => {
    assertError(await chat(gateway, chatRequest(), { 'X-Claude-Code': value }), kBadHeader);
    assert.equal(upstream.requests.length, 0);
  });
}

test('routing: two different X-Claude-Code headers are 400', async () => {
  assertError(
    await chat(gateway, chatRequest(), [
      ['X-Claude-Code', 'true'],
      ['X-Claude-Code', 'false'],
    ]),
    kBadHeader,
  );
  assert.equal(upstream.requests.length, 0);
});

test('routing: a session header alone asks for Claude Code', async () => {
  assertError(await chat(gateway, chatRequest(), kSession), kNoClaude);
  assert.equal(upstream.requests.length, 0);
});

test('routing: a model no backend lists goes to the default route', async () => {
  const response = await chat(gateway, chatRequest({ model: 'brand-new-model' }));
  assert.equal(response.status, 200, response.text);
  assert.equal(response.header('x-backend-mode'), 'openai-passthrough');
});

test('routing: a request without a model goes to the default route', async () => {
  const response = await chat(gateway, { messages: [] });
  assert.equal(response.status, 200, response.text);
});

test('routing: the model echo goes to echo, unless the header asks for the passthrough', async () => {
  assert.equal((await chat(gateway, chatRequest({ model: 'echo' }))).header('x-backend-mode'), 'echo');
  assert.equal(upstream.requests.length, 0);
  const forced = await chat(gateway, chatRequest({ model: 'echo' }), { 'X-Claude-Code': 'false' });
  assert.equal(forced.header('x-backend-mode'), 'openai-passthrough');
});

test('routing: the last of two model fields does not smuggle past the route', async () => {
  const response = await chat(
    gateway,
    '{"model":"gpt-4o-mini","model":"echo","messages":[{"role":"user","content":"x"}]}',
  );
  const mode = response.header('x-backend-mode');
  if (response.status === 400) return;
  assert.equal(
    mode,
    upstream.requests.length > 0 ? 'openai-passthrough' : 'echo',
    'the mode names the backend that answered',
  );
});

test('routing: other routes take the same header values', async () => {
  assertError(
    await exchange(gateway, {
      method: 'POST',
      target: '/v1/embeddings',
      headers: { 'X-Claude-Code': 'perhaps' },
      body: { model: 'm', input: 'x' },
    }),
    kBadHeader,
  );
});
