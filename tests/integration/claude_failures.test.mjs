import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ask, claudeStage, turn, untilIdle } from './claude_stage.mjs';
import { assertBrokenChatStream, assertChatStream, assertError, streamedText } from './contract.mjs';
import {
  apiError,
  begin,
  drop,
  endEarly,
  finish,
  hang,
  openText,
  reply,
  sseError,
  textBlock,
} from './messages_steps.mjs';

// What the model's side does wrong, with the real program between.
const { api, gateway } = await claudeStage({ claude: { silence_ms: 8000 } });
let session;

beforeEach(async () => {
  api.forget();
  ({ session } = await turn(gateway, 'begin'));
  api.forget();
});

// The same failure plain and streamed, new and resumed, before the first byte: an ordinary error each time.
function failsAs(what, steps, expected, { retryAfter } = {}) {
  for (const [stream, isNew] of [
    [false, true],
    [true, false],
  ]) {
    test(`claude failures: ${what} (stream: ${stream}, new session: ${isNew})`, async () => {
      api.answer(...steps());
      const response = await ask(gateway, 'hi', { stream, session: isNew ? undefined : session });
      assertError(response, expected);
      assert.equal(response.header('x-backend-mode'), 'claude-code');
      if (retryAfter) assert.match(response.header('retry-after') ?? '(none)', retryAfter);
      await assertStillServing();
    });
  }
}

async function assertStillServing() {
  api.answer(reply(['fine']));
  assert.equal((await turn(gateway, 'still there?', { session })).text, 'fine');
}

const error = (status, options) => () => [apiError(status, options)];
const kInvalid = 'invalid_request_error';

failsAs('400 of the API is 400', error(400, { message: 'bad thing' }), {
  status: 400,
  type: kInvalid,
  code: 'invalid_request',
});
failsAs('413 of the API is 400', error(413), { status: 400, type: kInvalid, code: 'invalid_request' });
failsAs('404 of the API is 400 model_not_found', error(404), { status: 400, type: kInvalid, code: 'model_not_found' });
for (const status of [401, 403])
  failsAs(`${status} of the API is 401`, error(status), {
    status: 401,
    type: 'authentication_error',
    code: 'backend_auth_failed',
  });
failsAs(
  '429 of the API is 429 with a Retry-After',
  error(429),
  { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  { retryAfter: /^\d+$/ },
);
failsAs(
  '429 with a long retry-after is 429 at once',
  error(429, { headers: { 'retry-after': '3600' } }),
  { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  { retryAfter: /^\d+$/ },
);
for (const status of [500, 529])
  failsAs(`${status} of the API is 503`, error(status), {
    status: 503,
    type: 'server_error',
    code: 'backend_overloaded',
  });
failsAs('an API that closes before its answer is a server error', () => [drop()], {
  status: 500,
  type: 'server_error',
  code: 'backend_error',
});
failsAs('an API that never answers is 504 after the silence limit', () => [hang()], {
  status: 504,
  type: 'server_error',
  code: 'timeout',
});

test('claude failures: an API that cannot be reached is a server error', async () => {
  const { gateway: own } = await claudeStage({ api: { baseUrl: 'http://127.0.0.1:9', failures: [] } });
  for (const stream of [false, true])
    assertError(await ask(own, 'hi', { stream }), { status: 500, type: 'server_error', code: 'backend_error' });
});

for (const [what, step] of [
  ['drops', drop()],
  ['ends early', endEarly()],
  ['says an error', sseError()],
  ['goes silent', hang()],
]) {
  test(`claude failures: an API that ${what} in the middle breaks the stream, visibly`, async () => {
    api.answer(begin(), openText(['half ', 'an ', 'answer']), step);
    const response = await ask(gateway, 'hi', { session, stream: true });
    const { values } = assertBrokenChatStream(response, { code: 'stream_error' });
    assert.equal(streamedText(values), 'half an answer', 'and no words of the program for its user');
    assert.ok(values.at(-1).choices[0].finish_reason, 'a finish chunk comes before the error');
    await untilIdle(gateway);
    await assertStillServing();
  });

  test(`claude failures: an API that ${what} in the middle makes a plain answer an error`, async () => {
    api.answer(begin(), openText(['half ', 'an ', 'answer']), step);
    const response = await ask(gateway, 'hi', { session });
    assert.ok(response.status >= 500, `status ${response.status}: ${response.text}`);
    assertError(response, { status: response.status, type: 'server_error' });
    assert.ok(!response.text.includes('half an'), response.text);
    await untilIdle(gateway);
    await assertStillServing();
  });
}

for (const stream of [false, true]) {
  test(`claude failures: an answer cut by max_tokens ends with length, and no other is asked for (stream: ${stream})`, async () => {
    api.answerNext(begin(), textBlock(['as far as it goes']), finish('max_tokens'));
    api.answer(reply(['never to be seen'], { firstMs: 300 }));
    const response = await ask(gateway, 'hi', { session, stream });
    if (stream) {
      const { values } = assertChatStream(response);
      assert.equal(streamedText(values), 'as far as it goes');
      assert.equal(values.at(-1).choices[0].finish_reason, 'length');
    } else {
      assert.equal(response.status, 200, response.text);
      assert.equal(response.json.choices[0].message.content, 'as far as it goes');
      assert.equal(response.json.choices[0].finish_reason, 'length');
    }
    await untilIdle(gateway);
    await assertStillServing();
  });

  test(`claude failures: a refusal of the model is no success (stream: ${stream})`, async () => {
    api.answer(reply(['I would rather not.'], { stop: 'refusal' }));
    const response = await ask(gateway, 'hi', { session, stream });
    assert.ok(!response.text.includes('Claude Code is unable'), response.text);
    if (response.status !== 200) return void assertError(response, { status: response.status });
    const reasons = [...response.text.matchAll(/"finish_reason":\s*"(\w+)"/g)].map(([, reason]) => reason);
    assert.ok(response.text.includes('"error"') || reasons.at(-1) === 'content_filter', response.text.slice(-400));
  });

  test(`claude failures: stop sequences and ends of turns are stop (stream: ${stream})`, async () => {
    api.answer(reply(['done'], { stop: 'stop_sequence' }));
    const response = await ask(gateway, 'hi', { session, stream });
    assert.match(response.text, /"finish_reason":\s*"stop"/);
  });
}

test('claude failures: a retry of the program that succeeds is no failure', async () => {
  api.answerNext(apiError(529));
  api.answer(reply(['at last']));
  assert.equal((await turn(gateway, 'hi', { session })).text, 'at last');
});

test('claude failures: an error shows neither the key, nor paths, nor the words for a terminal', async () => {
  const message = 'see /root/.claude/projects/x.jsonl and ANTHROPIC_API_KEY=sk-ant-api03-abcdefghijklmnop';
  api.answer(apiError(400, { message }));
  const { text } = await ask(gateway, 'hi', { session });
  for (const part of ['/root/', 'sk-ant-api03', '/login']) assert.ok(!text.includes(part), text);
});

test('claude failures: without credentials the answer is 401, or 503 before anybody is asked', async () => {
  const { gateway: own, api: unasked } = await claudeStage({ env: { ANTHROPIC_API_KEY: undefined } });
  for (const stream of [false, true]) {
    const response = await ask(own, 'hi', { stream });
    if (response.status === 401)
      assertError(response, { status: 401, type: 'authentication_error', code: 'backend_auth_failed' });
    else assertError(response, { status: 503, type: 'server_error', code: 'backend_unavailable' });
  }
  assert.equal(unasked.requests.length, 0);
});

for (const [what, cli] of [
  ['is missing', '/nonexistent/claude'],
  ['is a folder', '/tmp'],
  ['is a file nobody may run', '/etc/hostname'],
]) {
  test(`claude failures: a program that ${what} is 503`, async () => {
    const { gateway: own } = await claudeStage({ cli });
    const response = await ask(own, 'hi');
    assertError(response, { status: 503, type: 'server_error', code: 'backend_unavailable' });
    assert.ok(!response.text.includes(cli), 'no paths');
  });
}
