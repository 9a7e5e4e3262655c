import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertChatStream, parseEvents, streamedText } from './contract.mjs';
import {
  chatRequest,
  chatStream,
  finishEvent,
  kDone,
  kModel,
  responseStream,
  roleEvent,
  textEvent,
} from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { openaiClient, stage } from './stage.mjs';
import { chunk, events, lastChunk, stream, streamHead, wait } from './upstream_steps.mjs';

const { upstream, gateway } = await stage({ settings: { timeouts: { heartbeat_ms: 60 } } });

beforeEach(() => upstream.forget());

const slowStream = [
  streamHead(),
  events([roleEvent(), textEvent('slow')]),
  wait(250),
  events([textEvent(' but fine'), finishEvent(), kDone]),
  lastChunk(),
];

test('heartbeat: silence inside a stream is filled with comments', async () => {
  upstream.answer(...slowStream);
  const { values, comments } = assertChatStream(await chat(gateway, chatRequest({ stream: true })));
  assert.equal(streamedText(values), 'slow but fine');
  assert.ok(comments.length >= 2 && comments.length <= 5, `${comments.length} comments in 250 ms of silence`);
  assert.ok(
    comments.every((comment) => comment === ': ping'),
    `${comments}`,
  );
});

test('heartbeat: the openai client does not notice', async () => {
  upstream.answer(...slowStream);
  const answer = await openaiClient(gateway).chat.completions.stream(chatRequest()).finalChatCompletion();
  assert.equal(answer.choices[0].message.content, 'slow but fine');
});

test('heartbeat: a comment never falls inside an event', async () => {
  const [first, second] = [textEvent('in two halves').slice(0, 40), textEvent('in two halves').slice(40)];
  upstream.answer(
    streamHead(),
    chunk(roleEvent()),
    chunk(first),
    wait(200),
    chunk(second),
    events([finishEvent(), kDone]),
    lastChunk(),
  );
  const { values } = assertChatStream(await chat(gateway, chatRequest({ stream: true })));
  assert.equal(streamedText(values), 'in two halves');
});

test('heartbeat: a busy stream has no comments', async () => {
  upstream.answer(streamHead(), events(chatStream(['a', 'b', 'c', 'd', 'e', 'f']), { gapMs: 15 }), lastChunk());
  assert.deepEqual(assertChatStream(await chat(gateway, chatRequest({ stream: true }))).comments, []);
});

test('heartbeat: streams of the Responses API are kept alive too', async () => {
  const list = responseStream();
  upstream.answer(streamHead(), events(list.slice(0, 3)), wait(200), events(list.slice(3)), lastChunk());
  const response = await exchange(gateway, {
    method: 'POST',
    target: '/v1/responses',
    body: { model: kModel, input: 'x', stream: true },
  });
  const { comments, list: seen } = parseEvents(response.text);
  assert.ok(comments.length >= 1);
  assert.equal(seen.length, list.length);
});

test('heartbeat: comments of the upstream do not break the events', async () => {
  upstream.answer(
    stream([': openrouter processing\n\n', ...chatStream(['x']).flatMap((text) => [text, ': still here\n\n'])]),
  );
  assert.equal(streamedText(assertChatStream(await chat(gateway, chatRequest({ stream: true }))).values), 'x');
});
