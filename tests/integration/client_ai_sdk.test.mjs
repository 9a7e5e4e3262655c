import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embedMany, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import {
  apiError,
  chatCompletion,
  chatStream,
  deltaChunk,
  embeddingList,
  event,
  finishEvent,
  kDone,
  kModel,
  roleEvent,
  textEvent,
  toolCallCompletion,
  toolCallStream,
} from './openai_shapes.mjs';
import { kClientKey, stage } from './stage.mjs';
import { events, json, lastChunk, stall, stream, streamHead } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const provider = createOpenAICompatible({
  name: 'sluice',
  baseURL: gateway.baseUrl,
  apiKey: kClientKey,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const model = provider(kModel);
const kOnce = { maxRetries: 0 };

beforeEach(() => upstream.forget());

function weatherTool(called) {
  return tool({
    description: 'Weather of a city',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      called.push(city);
      return `sunny in ${city}`;
    },
  });
}

const kCalls = [
  { id: 'call_a', name: 'weather', args: '{"city":"Zürich"}' },
  { id: 'call_b', name: 'weather', args: '{"city":"Bern"}' },
];

test('ai: generateText returns text, finish reason and usage', async () => {
  upstream.answer(json(chatCompletion('Hello!')));
  const result = await generateText({ model, prompt: 'Say hello.', ...kOnce });
  assert.equal(result.text, 'Hello!');
  assert.equal(result.finishReason, 'stop');
  assert.deepEqual([result.usage.inputTokens, result.usage.outputTokens, result.usage.totalTokens], [11, 7, 18]);
});

test('ai: streamText delivers text, usage and a finish reason', async () => {
  upstream.answer(stream(chatStream(['Hel', 'lo', ' 🙂'], { usage: true })));
  const result = streamText({ model, prompt: 'Say hello.', ...kOnce });
  const parts = [];
  for await (const part of result.textStream) parts.push(part);
  assert.equal(parts.join(''), 'Hello 🙂');
  assert.equal(await result.finishReason, 'stop');
  const usage = await result.usage;
  assert.deepEqual([usage.inputTokens, usage.outputTokens], [11, 7]);
  assert.deepEqual(JSON.parse(upstream.lastRequest.body).stream_options, { include_usage: true });
});

test('ai: reasoning_content arrives as reasoning', async () => {
  upstream.answer(
    stream([
      roleEvent(),
      event(deltaChunk({ reasoning_content: 'let me ' })),
      event(deltaChunk({ reasoning_content: 'think' })),
      textEvent('yes'),
      finishEvent(),
      kDone,
    ]),
  );
  const result = streamText({ model, prompt: 'x', ...kOnce });
  assert.equal(await result.text, 'yes');
  assert.equal(await result.reasoningText, 'let me think');
});

test('ai: generateText runs parallel tools and sends their results back', async () => {
  upstream.answerNext(json(toolCallCompletion(kCalls)));
  upstream.answerNext(json(chatCompletion('Both sunny.')));
  const called = [];
  const result = await generateText({
    model,
    prompt: 'Weather?',
    tools: { weather: weatherTool(called) },
    stopWhen: stepCountIs(3),
    ...kOnce,
  });
  assert.equal(result.text, 'Both sunny.');
  assert.deepEqual(called.sort(), ['Bern', 'Zürich']);
  const results = JSON.parse(upstream.requests[1].body).messages.filter(({ role }) => role === 'tool');
  assert.deepEqual(
    results.map(({ tool_call_id: id }) => id),
    ['call_a', 'call_b'],
  );
});

test('ai: streamText assembles streamed parallel tool calls', async () => {
  upstream.answerNext(stream(toolCallStream(kCalls, { size: 2, usage: true })));
  upstream.answerNext(stream(chatStream(['Both ', 'sunny.'], { usage: true })));
  const called = [];
  const result = streamText({
    model,
    prompt: 'Weather?',
    tools: { weather: weatherTool(called) },
    stopWhen: stepCountIs(3),
    ...kOnce,
  });
  await result.consumeStream();
  assert.equal(await result.text, 'Both sunny.');
  assert.deepEqual(called.sort(), ['Bern', 'Zürich']);
  assert.equal((await result.steps).length, 2);
});

test('ai: a schema goes upstream and its object comes back', async () => {
  upstream.answer(json(chatCompletion('{"name":"Bern"}')));
  const result = await generateText({
    model,
    prompt: 'x',
    output: Output.object({ schema: z.object({ name: z.string() }) }),
    ...kOnce,
  });
  assert.deepEqual(result.output, { name: 'Bern' });
  assert.equal(JSON.parse(upstream.lastRequest.body).response_format.type, 'json_schema');
});

test('ai: embedMany returns the vectors', async () => {
  upstream.answerOn(
    'POST /v1/embeddings',
    json(
      embeddingList([
        [1, 2],
        [3, 4],
      ]),
    ),
  );
  const { embeddings } = await embedMany({
    model: provider.embeddingModel('text-embedding-3-small'),
    values: ['a', 'b'],
    ...kOnce,
  });
  assert.deepEqual(embeddings, [
    [1, 2],
    [3, 4],
  ]);
});

test('ai: an upstream error arrives with its status and message', async () => {
  upstream.answer(
    json(apiError('context too long', 'invalid_request_error', { code: 'context_length_exceeded' }), { status: 400 }),
  );
  await assert.rejects(
    generateText({ model, prompt: 'x', ...kOnce }),
    (error) => error.statusCode === 400 && /context too long/.test(error.message),
  );
});

test('ai: a retried request is one upstream request per attempt', async () => {
  upstream.answerNext(json(apiError('later', 'server_error'), { status: 503, headers: { 'retry-after-ms': '5' } }));
  upstream.answer(json(chatCompletion('second')));
  const result = await generateText({ model, prompt: 'x', maxRetries: 2 });
  assert.equal(result.text, 'second');
  assert.equal(upstream.requests.length, 2);
});

test('ai: a stream that is cut reports an error', async () => {
  upstream.answer(streamHead(), events([roleEvent(), textEvent('half')], { gapMs: 20 }), lastChunk());
  const errors = [];
  const result = streamText({ model, prompt: 'x', onError: ({ error }) => errors.push(error), ...kOnce });
  let text = '';
  for await (const part of result.fullStream) if (part.type === 'text-delta') text += part.text;
  assert.equal(text, 'half');
  assert.equal(errors.length, 1);
});

test('ai: aborting a stream closes the upstream connection', async () => {
  upstream.answer(streamHead(), events([roleEvent(), textEvent('one')]), stall());
  const controller = new AbortController();
  const result = streamText({ model, prompt: 'x', abortSignal: controller.signal, ...kOnce });
  for await (const part of result.fullStream) if (part.type === 'text-delta') controller.abort();
  await upstream.lastRequest.connection.left;
});
