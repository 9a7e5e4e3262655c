import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertError } from './contract.mjs';
import { FakeUpstream } from './fake_upstream.mjs';
import { kUpstreamKey } from './gateway.mjs';
import { chatCompletion, chatRequest, modelList } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json, stall, wait } from './upstream_steps.mjs';

// Three more instances of the same plugin beside the shipped one.
const [azure, local, slow] = await Promise.all([FakeUpstream.start(), FakeUpstream.start(), FakeUpstream.start()]);
after(() => Promise.all([azure.stop(), local.stop(), slow.stop()]));
local.answerOn('GET /v1/models', json(modelList(['local-small', 'gpt-4o'])));
slow.answerOn('GET /v1/models', json(modelList(['slow-1'])));
const kInstances = `
  azure:
    plugin: openai.so
    config:
      base_url: http://127.0.0.1:${azure.port}/openai/deployments/gpt-4o?api-version=2024-10-21
      auth: api-key
      api_key: "env:AZURE_TEST_KEY"
      allow_client_key: false
      headers: {X-Team: platform}
  local:
    plugin: openai.so
    config: {base_url: "${local.baseUrl}", auth: none, allow_client_key: false}
  slow:
    plugin: openai.so
    config: {base_url: "${slow.baseUrl}", auth: none, allow_client_key: false}
  echo:`;
const kRoutes = `routes:
  - {match: {model: "azure-*"}, backend: azure}
  - {match: {model: "slow-*"}, backend: slow, timeouts: {request_ms: 300, first_event_ms: 300, event_gap_ms: 300}}
  - {match: {path: /v1/rerank}, backend: local}`;
const { upstream, gateway } = await stage({
  env: { AZURE_TEST_KEY: 'azure-key-0123456789' },
  settings: {
    replace: [
      ['\n  echo:', kInstances],
      ['\nroutes:', `\n${kRoutes}`],
    ],
  },
});
const answer = (text) => json(chatCompletion(text));
upstream.answer(answer('default'));
azure.answer(answer('azure'));
local.answer(answer('local'));

const textOf = (response) => response.json.choices[0].message.content;

test('instances: a rule on the model chooses the instance, whose name is the backend mode', async () => {
  const response = await chat(gateway, chatRequest({ model: 'azure-gpt' }));
  assert.equal(textOf(response), 'azure');
  assert.equal(response.header('x-backend-mode'), 'azure');
});

test('instances: Azure gets its api-key header, its path and query, and the fixed headers', async () => {
  await chat(gateway, chatRequest({ model: 'azure-gpt' }), {
    Authorization: 'Bearer sk-client',
    'X-OpenAI-API-Key': 'sk-own',
  });
  const { headers, target } = azure.lastRequest;
  assert.equal(target, '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21');
  assert.deepEqual(headers.all('api-key'), ['azure-key-0123456789']);
  assert.ok(!headers.has('authorization'));
  assert.deepEqual(headers.all('x-team'), ['platform']);
});

test('instances: the key of one upstream never goes to another', async () => {
  await chat(gateway, chatRequest({ model: 'local-small' }));
  assert.ok(!local.lastRequest.headers.has('authorization'));
  assert.ok(!local.lastRequest.headBytes.includes(kUpstreamKey));
});

test('instances: a model that only one instance lists goes there', async () => {
  assert.equal(textOf(await chat(gateway, chatRequest({ model: 'local-small' }))), 'local');
});

test('instances: a model that two instances list goes to the default route', async () => {
  assert.equal(textOf(await chat(gateway, chatRequest({ model: 'gpt-4o' }))), 'default');
});

test('instances: a rule on the path chooses the instance', async () => {
  const response = await exchange(gateway, { method: 'POST', target: '/v1/rerank', body: { model: 'x', query: 'y' } });
  assert.equal(response.header('x-backend-mode'), 'local');
});

test('instances: the list of models is the union, each once', async () => {
  const ids = (await exchange(gateway, { target: '/v1/models' })).json.data.map(({ id }) => id);
  for (const id of ['local-small', 'slow-1', 'gpt-4o', 'gpt-4o-mini', 'echo'])
    assert.equal(ids.filter((each) => each === id).length, 1, `${id} once in ${ids}`);
});

test('instances: a deadline of a route holds for that route only', async () => {
  slow.answer(stall());
  assertError(await chat(gateway, chatRequest({ model: 'slow-1' })), {
    status: 504,
    type: 'server_error',
    code: 'timeout',
  });
  assertError(await chat(gateway, chatRequest({ model: 'slow-1', stream: true })), {
    status: 504,
    type: 'server_error',
    code: 'timeout',
  });
  local.answer(wait(500), answer('unhurried'));
  assert.equal(textOf(await chat(gateway, chatRequest({ model: 'local-small' }))), 'unhurried');
});
