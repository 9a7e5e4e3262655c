import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kUpstreamKey } from './gateway.mjs';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const socketPath = join(gateway.stateDirectory, 'admin.sock');
const metrics = async () => {
  const response = await exchange({ port: socketPath }, { target: '/metrics' });
  assert.equal(response.status, 200, response.text);
  return response.text;
};

test('admin: its socket lies in the state directory and belongs to the operator alone', () => {
  assert.equal(statSync(socketPath).mode & 0o777, 0o600);
});

test('admin: metrics are there and not on the public port', async () => {
  assert.match(await metrics(), /^# TYPE sluice_\w+ (counter|gauge|histogram)$/m);
  assert.equal((await exchange(gateway, { target: '/metrics' })).status, 404);
});

test('admin: requests are counted, and neither key nor prompt is in the metrics', async () => {
  const before = await metrics();
  upstream.answer(json(chatCompletion('a-secret-answer')));
  await chat(gateway, chatRequest({ messages: [{ role: 'user', content: 'a-secret-prompt' }] }));
  upstream.answer(stream(chatStream(['a-secret-answer'])));
  await chat(gateway, chatRequest({ stream: true }));
  const after = await metrics();
  assert.notEqual(after, before);
  for (const secret of [kUpstreamKey, 'a-secret']) assert.ok(!after.includes(secret));
});

test('admin: a model name a client made up is no label', async () => {
  upstream.answer(json(chatCompletion()));
  await chat(gateway, chatRequest({ model: 'made-up-by-a-client' }));
  assert.ok(!(await metrics()).includes('made-up-by-a-client'));
});
