import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertChatStream, streamedText } from './contract.mjs';
import { chatCompletion, chatRequest, chatStream, kUsage } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const kListedRoute = '  - match: {listed_model: true}\n';
const { upstream, gateway } = await stage({
  settings: { replace: [[kListedRoute, `${kListedRoute}    usage: inject\n`]] },
});

beforeEach(() => upstream.forget());

for (const [what, extra] of [
  ['no stream_options', {}],
  ['include_usage false', { stream_options: { include_usage: false } }],
  ['stream_options null', { stream_options: null }],
]) {
  test(`usage: inject: with ${what} usage is asked for and counted, and the client sees none`, async () => {
    upstream.answer(stream(chatStream(['x'], { usage: true })));
    const id = `inject-${what.replaceAll(' ', '-')}`;
    const sent = chatRequest({ stream: true, ...extra });
    const { values } = assertChatStream(await chat(gateway, sent, { 'X-Request-ID': id }));
    assert.deepEqual(JSON.parse(upstream.lastRequest.body), { ...sent, stream_options: { include_usage: true } });
    assert.ok(values.every(({ choices }) => choices.length > 0));
    assert.equal(streamedText(values), 'x');
    const line = await gateway.accessLine(id);
    assert.equal(line.prompt_tokens, kUsage.prompt_tokens);
    assert.equal(line.completion_tokens, kUsage.completion_tokens);
  });
}

test('usage: inject: a client that asks for usage gets it, its body unchanged', async () => {
  upstream.answer(stream(chatStream(['x'], { usage: true })));
  const sent = chatRequest({ stream: true, stream_options: { include_usage: true } });
  const { values } = assertChatStream(await chat(gateway, sent));
  assert.equal(upstream.lastRequest.body.toString(), JSON.stringify(sent));
  assert.deepEqual(values.at(-1).usage, kUsage);
});

test('usage: inject: a plain answer goes up and down unchanged', async () => {
  upstream.answer(json(chatCompletion('plain')));
  const response = await chat(gateway, chatRequest());
  assert.equal(upstream.lastRequest.body.toString(), JSON.stringify(chatRequest()));
  assert.equal(response.text, JSON.stringify(chatCompletion('plain')));
});
