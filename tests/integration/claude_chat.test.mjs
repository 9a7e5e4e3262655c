import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import {
  ask,
  claudeRequest,
  claudeStage,
  kAnswerLimitMs,
  kUuid,
  openStream,
  readUntil,
  turn,
} from './claude_stage.mjs';
import { assertChatStream, assertSecurityFields, streamedText } from './contract.mjs';
import {
  begin,
  echo,
  finish,
  hang,
  kPromptTokens,
  openText,
  reply,
  textBlock,
  thinkingBlock,
} from './messages_steps.mjs';
import { openaiClient } from './stage.mjs';

const { api, gateway } = await claudeStage({ claude: { process_idle_ms: 600_000 } });
const client = openaiClient(gateway, { timeout: kAnswerLimitMs });

beforeEach(() => api.forget());

const kUsage = { prompt_tokens: kPromptTokens, completion_tokens: 7, total_tokens: kPromptTokens + 7 };

function assertUsage(usage) {
  const { prompt_tokens, completion_tokens, total_tokens } = usage;
  assert.deepEqual({ prompt_tokens, completion_tokens, total_tokens }, kUsage);
  assert.equal(usage.prompt_tokens_details.cached_tokens, 22);
}

function assertSession(response, { isNew }) {
  assert.match(response.header('x-claude-session-id') ?? '(none)', kUuid);
  assert.equal(response.header('x-claude-session-created'), isNew ? 'true' : undefined);
  assert.equal(response.header('x-backend-mode'), 'claude-code');
}

test('claude chat: a plain answer is a completion of a new session, and the next one goes on from it', async () => {
  const { response, session } = await turn(gateway, 'good morning');
  assertSecurityFields(response);
  assertSession(response, { isNew: true });
  const { json } = response;
  assert.match(json.id, /^chatcmpl-./);
  assert.equal(json.object, 'chat.completion');
  assert.equal(json.model, 'sonnet');
  assert.ok(Math.abs(json.created - Date.now() / 1000) < 120, `created ${json.created}`);
  assert.equal(json.choices.length, 1);
  assert.equal(json.choices[0].index, 0);
  assert.equal(json.choices[0].finish_reason, 'stop');
  assert.equal(json.choices[0].message.role, 'assistant');
  assert.equal(json.choices[0].message.content, 'Hello there.');
  assertUsage(json.usage);

  const next = await turn(gateway, 'and now?', { session });
  assertSession(next.response, { isNew: false });
  assert.equal(next.session, session);
  assert.notEqual(next.response.json.id, json.id);
  assert.deepEqual(api.lastRequest.conversation, [
    ['user', 'good morning'],
    ['assistant', 'Hello there.'],
    ['user', 'and now?'],
  ]);
});

test('claude chat: a stream is chunks of one answer, new and resumed', async () => {
  api.answer(reply(['one ', 'two ', 'three']));
  const first = await ask(gateway, 'count', { stream: true });
  assertSession(first, { isNew: true });
  const second = await ask(gateway, 'again', { stream: true, session: first.header('x-claude-session-id') });
  assertSession(second, { isNew: false });
  assert.equal(second.header('x-claude-session-id'), first.header('x-claude-session-id'));
  for (const response of [first, second]) {
    const { values } = assertChatStream(response);
    assert.equal(streamedText(values), 'one two three');
    assert.equal(new Set(values.map(({ id }) => id)).size, 1, 'one id');
    assert.match(values[0].id, /^chatcmpl-./);
    assert.ok(values.every(({ object, model }) => object === 'chat.completion.chunk' && model === 'sonnet'));
    assert.equal(values[0].choices[0].delta.role, 'assistant');
    assert.equal(values.filter(({ choices }) => choices[0].delta.role !== undefined).length, 1, 'the role once');
    assert.equal(values.at(-1).choices[0].finish_reason, 'stop');
    assert.equal(values.filter(({ choices }) => choices[0].finish_reason).length, 1, 'one end');
    assert.ok(
      values.every(({ usage }) => usage === undefined || usage === null),
      'no usage that was not asked for',
    );
  }
});

test('claude chat: include_usage adds one chunk with the usage and no choices', async () => {
  const response = await ask(gateway, 'hi', { stream: true, stream_options: { include_usage: true } });
  const { values } = assertChatStream(response);
  const last = values.at(-1);
  assert.deepEqual(last.choices, []);
  assertUsage(last.usage);
  assert.equal(values.filter(({ usage }) => usage).length, 1);
});

test('claude chat: text arrives as the model says it', async () => {
  const { session } = await turn(gateway, 'hi');
  let isSilent = false;
  const silence = (exchange) => {
    isSilent = true;
    return hang()(exchange);
  };
  api.answer(begin(), openText(['first']), silence);
  const { connection } = await openStream(gateway, 'go', { session });
  await readUntil(connection, '"first"');
  assert.ok(isSilent, 'the first text came while the model went on');
  connection.reset();
});

test('claude chat: thinking goes out as reasoning_content, in both forms', async () => {
  api.answer(begin(), thinkingBlock(['I ', 'think']), textBlock(['so']), finish());
  const { response, session } = await turn(gateway, 'why?');
  assert.equal(response.json.choices[0].message.content, 'so');
  assert.equal(response.json.choices[0].message.reasoning_content, 'I think');
  const { values } = assertChatStream(await ask(gateway, 'why?', { session, stream: true }));
  assert.equal(streamedText(values), 'so');
  assert.equal(values.map(({ choices }) => choices[0].delta.reasoning_content ?? '').join(''), 'I think');
});

test('claude chat: an answer with several blocks of text is one text, said once', async () => {
  api.answer(begin(), textBlock(['a', 'b']), textBlock(['c']), finish());
  const { text, session } = await turn(gateway, 'hi');
  assert.equal(text, 'abc');
  assert.equal(streamedText(assertChatStream(await ask(gateway, 'x', { session, stream: true })).values), 'abc');
});

for (const [asked, upstreamModel] of [
  ['claude-haiku-4-5', 'claude-haiku-4-5-20251001'],
  ['gpt-4o-mini-2024-07-18', 'claude-haiku-4-5-20251001'],
  ['claude-sonnet-4-6', 'claude-sonnet-4-6'],
]) {
  test(`claude chat: the model ${asked} asks ${upstreamModel} and is echoed`, async () => {
    const { response } = await turn(gateway, 'hi', { model: asked });
    assert.equal(response.json.model, asked);
    assert.equal(api.lastRequest.body.model, upstreamModel);
  });
}

test('claude chat: system and developer messages are the system prompt, and the history is not lost', async () => {
  api.answer(echo());
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'My name is Ada.' },
    { role: 'assistant', content: 'Hello Ada.' },
    { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is ' },
        { type: 'text', text: 'my name?' },
      ],
    },
  ];
  await turn(gateway, '', { messages });
  assert.equal(api.lastRequest.systemPrompt, 'Be brief.\n\nBe kind.');
  const told = api.lastRequest.conversation.map(([, text]) => text).join('\n');
  for (const part of ['My name is Ada.', 'Hello Ada.', 'my name?'])
    assert.ok(told.includes(part), `${part} in ${told}`);
});

test("claude chat: without a system message the model is told none, least of all the program's own", async () => {
  await turn(gateway, 'hi');
  assert.equal(api.lastRequest.systemPrompt, undefined);
  assert.ok(api.lastRequest.raw.length < 4000, `${api.lastRequest.raw.length} bytes were asked`);
  assert.deepEqual(api.lastRequest.toolNames, []);
});

test('claude chat: text of any script and every character of JSON survive both ways', async () => {
  api.answer(echo());
  const text = 'Zürich 🙂 "quoted" \\ back\tslash\nnew line \u2028 \u0001 日本語';
  const { session, text: said } = await turn(gateway, text);
  assert.equal(said, text);
  const { values } = assertChatStream(await ask(gateway, text, { session, stream: true }));
  assert.equal(streamedText(values), text);
});

test('claude chat: npm openai gets plain and streamed answers and keeps a session', async () => {
  const headers = { 'X-Claude-Code': 'true' };
  const plain = await client.chat.completions.create(claudeRequest('hi'), { headers }).withResponse();
  assert.equal(plain.data.choices[0].message.content, 'Hello there.');
  const session = plain.response.headers.get('x-claude-session-id');
  const kept = { headers: { 'X-Claude-Session-ID': session } };
  const stream = client.chat.completions.stream(
    claudeRequest('more', { stream_options: { include_usage: true } }),
    kept,
  );
  const answer = await stream.finalChatCompletion();
  assert.equal(answer.choices[0].message.content, 'Hello there.');
  assertUsage(answer.usage);
  assert.equal(api.lastRequest.conversation.length, 3);
});
