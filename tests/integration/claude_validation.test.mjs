import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { ask, claudeRequest, claudeStage, sessionHeader } from './claude_stage.mjs';
import { assertError, assertOneOf } from './contract.mjs';
import { chat } from './raw_http.mjs';
import { ScriptedCli } from './scripted_cli.mjs';

// What is refused is refused before the program is asked, and what is ignored does not reach it: the scripted one starts
// faster, and tells what it was told.
const cli = new ScriptedCli();
const { gateway } = await claudeStage({ cli: cli.path });
after(() => cli.remove());

const kHeaders = { 'X-Claude-Code': 'true' };
const post = (body, headers = {}) => chat(gateway, body, { ...kHeaders, ...headers });
const userRecords = () => cli.log.filter(({ record }) => record?.type === 'user').length;
let asked = 0;
beforeEach(() => (asked = userRecords()));

function assertRefused(response, { code, param, status = 400 }) {
  assertError(response, { status, type: 'invalid_request_error', code, param });
  assert.equal(userRecords(), asked, 'the program was asked nothing');
}

const kImage = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
const kTool = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };

for (const [param, value] of Object.entries({
  tools: [kTool],
  tool_choice: 'auto',
  functions: [{ name: 'f', parameters: {} }],
  function_call: 'auto',
  response_format: { type: 'json_object' },
  logprobs: true,
  top_logprobs: 3,
  logit_bias: { 50256: -100 },
  n: 2,
  audio: { voice: 'alloy', format: 'wav' },
})) {
  for (const stream of [false, true]) {
    test(`claude validation: ${param} is refused by name (stream: ${stream})`, async () => {
      const response = await post(claudeRequest('hi', { [param]: value, stream }));
      assertRefused(response, { code: 'unsupported_parameter', param });
      assert.equal(response.header('x-backend-mode'), 'claude-code');
      assert.ok(response.json.error.message.length > 20, 'the message says what to do');
    });
  }
}

test('claude validation: json_schema is refused while its feature is off', async () => {
  const format = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } };
  const response = await post(claudeRequest('hi', { response_format: format }));
  assertRefused(response, { code: 'unsupported_parameter', param: 'response_format' });
});

test('claude validation: an image part is refused while its feature is off', async () => {
  const content = [{ type: 'text', text: 'look' }, kImage];
  assertRefused(await post(claudeRequest(content)), { code: 'unsupported_parameter' });
});

test('claude validation: an audio part is refused', async () => {
  const content = [
    { type: 'text', text: 'listen' },
    { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
  ];
  assertRefused(await post(claudeRequest(content)), { code: 'unsupported_parameter' });
});

const kIgnored = {
  temperature: 0.5,
  top_p: 0.9,
  max_tokens: 50,
  max_completion_tokens: 60,
  stop: ['END'],
  seed: 7,
  frequency_penalty: 0.1,
  presence_penalty: 0.2,
  n: 1,
  user: 'someone',
  metadata: { a: 'b' },
};

for (const stream of [false, true]) {
  test(`claude validation: parameters that are not honoured are listed (stream: ${stream})`, async () => {
    const response = await ask(gateway, 'hi', { ...kIgnored, stream });
    assert.equal(response.status, 200, response.text);
    const listed = response.header('x-claude-ignored-params').split(/\s*,\s*/);
    assert.deepEqual(listed.sort(), Object.keys(kIgnored).sort());
  });
}

test('claude validation: null is as good as absent', async () => {
  const absent = { tools: null, temperature: null, response_format: null, n: null, logprobs: null, stream: null };
  const response = await ask(gateway, 'hi', absent);
  assert.equal(response.status, 200, response.text);
  assert.equal(response.header('x-claude-ignored-params'), undefined);
});

test('claude validation: nothing ignored, nothing listed', async () => {
  assert.equal((await ask(gateway, 'hi')).header('x-claude-ignored-params'), undefined);
});

for (const [what, body, expected] of [
  [
    'without a model',
    { messages: [{ role: 'user', content: 'x' }] },
    { code: 'missing_required_parameter', param: 'model' },
  ],
  ['without messages', { model: 'sonnet' }, { code: 'missing_required_parameter', param: 'messages' }],
  [
    'with null messages',
    { model: 'sonnet', messages: null },
    { code: 'missing_required_parameter', param: 'messages' },
  ],
  [
    'with an empty list of messages',
    claudeRequest('', { messages: [] }),
    { code: ['invalid_request', 'missing_required_parameter'] },
  ],
  ['with messages that are no list', { model: 'sonnet', messages: 'hi' }, { code: 'invalid_request' }],
  ['with a message that is no object', claudeRequest('', { messages: ['hi'] }), { code: 'invalid_request' }],
  ['with a message without a role', claudeRequest('', { messages: [{ content: 'x' }] }), { code: 'invalid_request' }],
  [
    'with an unknown role',
    claudeRequest('', { messages: [{ role: 'robot', content: 'x' }] }),
    { code: 'invalid_request' },
  ],
  ['with a number for a content', claudeRequest(5), { code: 'invalid_request' }],
  [
    'with a part of an unknown type',
    claudeRequest([{ type: 'smell' }]),
    { code: ['invalid_request', 'unsupported_parameter'] },
  ],
  ['with a number for the model', claudeRequest('x', { model: 5 }), { code: 'invalid_request' }],
  ['with a text for stream', claudeRequest('x', { stream: 'yes' }), { code: 'invalid_request' }],
  [
    'without a user message',
    claudeRequest('', { messages: [{ role: 'system', content: 'x' }] }),
    { code: 'invalid_request' },
  ],
  ['with an empty last user text', claudeRequest(''), { code: 'invalid_request' }],
  ['with an empty list of parts', claudeRequest([]), { code: 'invalid_request' }],
  ['with a model nobody knows', claudeRequest('x', { model: 'gemini-9' }), { code: 'model_not_found' }],
  ['with a model of 257 characters', claudeRequest('x', { model: 'm'.repeat(257) }), { code: 'invalid_request' }],
  [
    'with 101 messages',
    claudeRequest('', { messages: Array(101).fill({ role: 'user', content: 'x' }) }),
    { code: 'invalid_request' },
  ],
  ['with 500 001 characters in a message', claudeRequest('x'.repeat(500_001)), { code: 'invalid_request' }],
  ['that is no JSON', '{"model": "sonnet", ', { code: ['invalid_json', 'invalid_request'] }],
  ['that is a list', '[1]', { code: ['invalid_json', 'invalid_request'] }],
  [
    'that is not UTF-8',
    Buffer.from('{"model":"sonnet","messages":[{"role":"user","content":"\xff"}]}', 'latin1'),
    { code: ['invalid_json', 'invalid_request'] },
  ],
  [
    'that nests too deep',
    `{"model":"sonnet","messages":${'['.repeat(200)}${']'.repeat(200)}}`,
    { code: ['invalid_json', 'invalid_request'] },
  ],
]) {
  test(`claude validation: a body ${what} is refused`, async () => {
    assertRefused(await post(body), expected);
  });
}

test('claude validation: the message of an unknown model lists those that are known', async () => {
  const { message } = (await post(claudeRequest('x', { model: 'gemini-9' }))).json.error;
  for (const name of ['sonnet', 'claude-opus-4-6']) assert.ok(message.includes(name), message);
});

test('claude validation: 100 messages and 500 000 characters are taken', async () => {
  const many = Array(100).fill({ role: 'user', content: 'x' });
  assert.equal((await ask(gateway, '', { messages: many })).status, 200);
  assert.equal((await ask(gateway, 'ü'.repeat(450_000))).status, 200, 'characters count, not bytes');
});

for (const id of [
  '',
  'x',
  '6f1d2c9a-4c1b-4d5e-9a77',
  '6f1d2c9a-4c1b-4d5e-9a77-0123456789abc',
  '../../etc/passwd',
  '{}',
]) {
  test(`claude validation: the session id "${id}" is refused`, async () => {
    const response = await post(claudeRequest('hi'), sessionHeader(id));
    assertRefused(response, { code: 'invalid_session_id' });
  });
}

test('claude validation: a body that is no JSON by its content type, or too large, is refused unread', async () => {
  const text = await chat(gateway, claudeRequest('hi'), { ...kHeaders, 'Content-Type': 'text/plain' });
  assertRefused(text, { status: 415, code: 'unsupported_media_type' });
  const large = await post(claudeRequest('x'.repeat(1_100_000)));
  assertRefused(large, { status: 413, code: 'payload_too_large' });
});

test('claude validation: what is refused leaves a known session free', async () => {
  const session = (await ask(gateway, 'hi')).header('x-claude-session-id');
  assertOneOf((await post(claudeRequest('x', { n: 2 }), sessionHeader(session))).status, 400, 'status');
  assert.equal((await ask(gateway, 'hi', { session })).status, 200);
});
