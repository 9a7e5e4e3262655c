import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { kUpstreamKey } from './gateway.mjs';
import { chatCompletion, chatRequest, kUsage } from './openai_shapes.mjs';
import { kClientKey, openaiClient, stage } from './stage.mjs';
import { json } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const client = openaiClient(gateway);

beforeEach(() => upstream.forget());

test('openai: a chat completion arrives as the upstream wrote it', async () => {
  upstream.answer(json(chatCompletion('Hello there.')));
  const { data, response } = await client.chat.completions.create(chatRequest()).withResponse();
  assert.deepEqual(JSON.parse(JSON.stringify(data)), chatCompletion('Hello there.'));
  assert.deepEqual(data.usage, kUsage);
  assert.equal(data._request_id, response.headers.get('x-request-id'));
  assert.equal(upstream.requests.length, 1);
});

test('openai: the server key goes upstream, the client key does not', async () => {
  upstream.answer(json(chatCompletion()));
  await client.chat.completions.create(chatRequest());
  const { headers, headBytes } = upstream.lastRequest;
  assert.deepEqual(headers.all('authorization'), [`Bearer ${kUpstreamKey}`]);
  assert.ok(!headBytes.includes(kClientKey));
});

test('openai: every parameter reaches the upstream, nulls and unknown ones too', async () => {
  upstream.answer(json(chatCompletion()));
  const body = chatRequest({
    max_completion_tokens: 64,
    reasoning_effort: 'low',
    verbosity: 'low',
    service_tier: 'auto',
    store: false,
    stop: null,
    seed: 7,
    metadata: { purpose: 'test' },
    parallel_tool_calls: true,
    temperature: null,
    prompt_cache_key: 'k',
    vendor_field: { deep: [1, { x: null }] },
  });
  await client.chat.completions.create(body);
  assert.deepEqual(JSON.parse(upstream.lastRequest.body), body);
});

test('openai: parts, roles and tool results of a history go upstream unchanged', async () => {
  upstream.answer(json(chatCompletion()));
  const messages = [
    { role: 'developer', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it? Ünïcödé 🙂' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
  ];
  await client.chat.completions.create(chatRequest({ messages }));
  assert.deepEqual(JSON.parse(upstream.lastRequest.body).messages, messages);
});

test('openai: fields of other vendors in the answer reach the client', async () => {
  const answer = chatCompletion('42');
  answer.choices[0].message.reasoning_content = 'thinking …';
  answer.x_vendor = { cost: 0.25 };
  upstream.answer(json(answer));
  const data = await client.chat.completions.create(chatRequest());
  assert.equal(data.choices[0].message.reasoning_content, 'thinking …');
  assert.deepEqual(data.x_vendor, { cost: 0.25 });
});

test('openai: several choices with log probabilities come back whole', async () => {
  const answer = chatCompletion('a');
  answer.choices[0].logprobs = {
    content: [{ token: 'a', logprob: -0.01, bytes: [97], top_logprobs: [] }],
    refusal: null,
  };
  answer.choices.push({ ...answer.choices[0], index: 1, finish_reason: 'length' });
  upstream.answer(json(answer));
  const data = await client.chat.completions.create(chatRequest({ n: 2, logprobs: true }));
  assert.deepEqual(JSON.parse(JSON.stringify(data.choices)), answer.choices);
});

test('openai: a request of half a megabyte goes through', async () => {
  upstream.answer(json(chatCompletion('long')));
  const content = 'é'.repeat(250_000);
  await client.chat.completions.create(chatRequest({ messages: [{ role: 'user', content }] }));
  assert.equal(JSON.parse(upstream.lastRequest.body).messages[0].content, content);
});

test('openai: an answer of eight megabytes arrives whole', async () => {
  const content = 'ü'.repeat(4_000_000);
  upstream.answer(json(chatCompletion(content)));
  const data = await client.chat.completions.create(chatRequest());
  assert.equal(data.choices[0].message.content.length, content.length);
  assert.ok(data.choices[0].message.content === content, 'the text is unchanged');
});

test('openai: organization, project, idempotency key and SDK headers go upstream', async () => {
  upstream.answer(json(chatCompletion()));
  const named = openaiClient(gateway, { organization: 'org-1', project: 'proj-1' });
  await named.chat.completions.create(chatRequest(), { headers: { 'Idempotency-Key': 'idem-1' } });
  const { headers } = upstream.lastRequest;
  assert.equal(headers.get('openai-organization'), 'org-1');
  assert.equal(headers.get('openai-project'), 'proj-1');
  assert.equal(headers.get('idempotency-key'), 'idem-1');
  assert.equal(headers.get('x-stainless-lang'), 'js');
  assert.match(headers.get('user-agent'), /OpenAI\/JS/);
});

test('openai: twenty requests at once are all answered, each with its own answer', async () => {
  upstream.answer(async (exchange) => {
    const asked = JSON.parse(exchange.request.body).messages[0].content;
    await json(chatCompletion(`answer to ${asked}`))(exchange);
  });
  const asked = Array.from({ length: 20 }, (_, index) => `question ${index}`);
  const answers = await Promise.all(
    asked.map((content) => client.chat.completions.create(chatRequest({ messages: [{ role: 'user', content }] }))),
  );
  assert.deepEqual(
    answers.map((answer) => answer.choices[0].message.content),
    asked.map((content) => `answer to ${content}`),
  );
});
