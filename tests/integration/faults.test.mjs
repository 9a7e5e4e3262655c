// The sixteen faults that a route with retries and a fallback survives, each judged by what the client and both upstreams
// saw: plain and streamed where the fault has both.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertBrokenChatStream, assertChatStream, assertError, streamedText } from './contract.mjs';
import { FakeUpstream } from './fake_upstream.mjs';
import { isInstrumented, kRoot } from './gateway.mjs';
import { apiError, chatCompletion, chatRequest, chatStream, event, roleEvent, textEvent } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { RouteStage } from './route_stage.mjs';
import { events, finish, json, lastChunk, reset, stall, stream, streamHead } from './upstream_steps.mjs';

const kSpareText = 'from the spare';
const kTokens = Array.from({ length: 60 }, (_, index) => `t${index} `);
const kRetries = { attempts: 4 };
const rateLimited = (headers = {}) => json(apiError('slow down', 'requests', { code: 'rate_limit_exceeded' }), { status: 429, headers });
const failed = (status) => json(apiError('it broke', 'server_error'), { status });
const cutAfter = (count) => [streamHead(), events([roleEvent(), ...kTokens.slice(0, count).map(textEvent)]), finish()];

// Asks once, and says when each attempt began, in milliseconds from then on.
async function ask(stage, isStream, extra = {}) {
  const began = performance.now();
  const request = chatRequest({ stream: isStream, ...extra });
  const response = await chat(stage.gateway, request, {}, { limitMs: 60_000 });
  const at = (upstream) => upstream.requests.map((request) => request.at - began);
  return { response, elapsedMs: performance.now() - began, main: at(stage.main), spare: at(stage.spare) };
}

const textOf = ({ response }, isStream) =>
  isStream ? streamedText(assertChatStream(response).values) : response.json.choices[0].message.content;

function assertAnsweredBy(stage, answer, isStream, text, backend) {
  assert.equal(answer.response.status, 200, answer.response.text.slice(0, 300));
  assert.equal(textOf(answer, isStream), text);
  assert.equal(answer.response.header('x-backend-mode'), backend);
  const attempts = answer.main.length + answer.spare.length;
  assert.equal(answer.response.header('x-sluice-attempts'), attempts > 1 ? String(attempts) : undefined);
}

const assertSpare = (stage, answer, isStream) => assertAnsweredBy(stage, answer, isStream, kSpareText, 'spare');
const assertMain = (stage, answer, isStream) => assertAnsweredBy(stage, answer, isStream, kTokens.join(''), 'main');

const healthy = (isStream, tokens = kTokens) =>
  isStream ? stream(chatStream(tokens, { usage: true })) : json(chatCompletion(tokens.join('')));

// A gateway whose main target fails as `script` says; with a spare one unless the test has none.
async function staged(t, isStream, route = {}) {
  const stage = await RouteStage.start({ context: t, route: { retry: kRetries, fallbacks: [{ backend: 'spare' }], ...route } });
  stage.main.answer(healthy(isStream));
  stage.spare.answer(healthy(isStream, [kSpareText]));
  return stage;
}

const rows = [
  {
    row: 1,
    fault: '429 with Retry-After: 2, then fine',
    check: async (t, isStream) => {
      const stage = await staged(t, isStream);
      stage.main.answerNext(rateLimited({ 'retry-after': '2' }));
      const answer = await ask(stage, isStream);
      assertMain(stage, answer, isStream);
      assert.ok(answer.main.filter((at) => at < 1500).length <= 2);
      assert.ok(answer.main[1] >= 1990, `second attempt after ${answer.main[1]} ms`);
    },
  },
  {
    row: 2,
    fault: '429 for ever, no header',
    check: async (t, isStream) => {
      const stage = await staged(t, isStream);
      stage.main.answer(rateLimited());
      const answer = await ask(stage, isStream);
      assertSpare(stage, answer, isStream);
      assert.ok(answer.main.length <= 6 && answer.main.length > 1, `${answer.main.length} attempts`);
      assert.ok(answer.main.filter((at) => at < 3000).length <= 4);
      const gaps = answer.main.slice(1).map((at, index) => at - answer.main[index]);
      for (const [index, gap] of gaps.entries()) assert.ok(gap >= 245 * 2 ** index, `gaps ${gaps}`);
    },
  },
  {
    row: 3,
    fault: '500 once',
    check: async (t, isStream) => {
      const stage = await staged(t, isStream);
      stage.main.answerNext(failed(500));
      const answer = await ask(stage, isStream);
      assertMain(stage, answer, isStream);
      assert.deepEqual([answer.main.length, answer.spare.length], [2, 0]);
    },
  },
  {
    row: 4,
    fault: '503 for ever',
    check: async (t, isStream) => {
      const stage = await staged(t, isStream);
      stage.main.answer(failed(503));
      const answer = await ask(stage, isStream);
      assertSpare(stage, answer, isStream);
      assert.ok(answer.main.length <= 6, `${answer.main.length} attempts`);
      const alone = await staged(t, isStream, { fallbacks: [] });
      alone.main.answer(failed(503));
      const original = await ask(alone, isStream);
      assert.equal(original.response.status, 503);
      assert.deepEqual(original.response.json, apiError('it broke', 'server_error'), 'the error as it came');
      assert.ok(original.main.length <= 6);
    },
  },
  {
    row: 5,
    fault: 'TCP reset before the head',
    check: async (t, isStream) => {
      const stage = await staged(t, isStream);
      stage.main.answerNext(reset());
      const answer = await ask(stage, isStream);
      assertMain(stage, answer, isStream);
      assert.deepEqual([answer.main.length, answer.spare.length], [2, 0]);
    },
  },
  {
    row: 6,
    fault: 'accepts, never answers',
    check: async (t, isStream) => {
      // A plain answer may take its time: only the route can say how long.
      const targets = [{ backend: 'main', ...(isStream ? {} : { timeouts: { request_ms: 4000 } }) }];
      const stage = await staged(t, isStream, { targets });
      stage.main.answer(stall());
      const answer = await ask(stage, isStream);
      assertSpare(stage, answer, isStream);
      assert.equal(answer.main.length, 1, 'a silent upstream is asked once');
      assert.ok(answer.elapsedMs < 20_000, `${answer.elapsedMs} ms`);
      assert.notEqual(stage.main.requests[0].connection.leftAt, undefined, 'its connection is given up');
    },
  },
  {
    row: 7,
    fault: 'head at once, first token after 20 s',
    only: [true],
    check: async (t) => {
      const stage = await staged(t, true);
      stage.main.answer(streamHead(), stall());
      const answer = await ask(stage, true);
      assertSpare(stage, answer, true);
      assert.equal(answer.main.length, 1);
      assert.ok(answer.elapsedMs > 9000 && answer.elapsedMs < 20_000, `${answer.elapsedMs} ms`);
    },
  },
  {
    row: 8,
    fault: 'stream cut after 40 of 60 tokens',
    only: [true],
    check: async (t) => {
      for (const on_cut of ['hold', 'restart']) {
        const stage = await staged(t, true, { on_cut });
        stage.main.answer(...cutAfter(40));
        const answer = await ask(stage, true);
        assertSpare(stage, answer, true);
      }
      const stage = await staged(t, true);
      stage.main.answer(...cutAfter(40));
      const { response, main, spare } = await ask(stage, true);
      const { values } = assertBrokenChatStream(response, { code: 'stream_error' });
      assert.equal(streamedText(values), kTokens.slice(0, 40).join(''));
      assert.deepEqual([main.length, spare.length], [1, 0], 'nothing is repeated once the client has something');
    },
  },
  {
    row: 9,
    fault: 'stream goes silent',
    only: [true],
    check: async (t) => {
      const targets = [{ backend: 'main', timeouts: { event_gap_ms: 1500 } }];
      const stage = await staged(t, true, { targets });
      const silent = [streamHead(), events([roleEvent(), textEvent('and then')]), stall()];
      stage.main.answer(...silent);
      const { response, elapsedMs } = await ask(stage, true);
      assertBrokenChatStream(response, { code: 'stream_error' });
      assert.ok(elapsedMs < 45_000);
      stage.main.answer(healthy(true));
      assertMain(stage, { ...(await ask(stage, true)), main: [0], spare: [] }, true);
      const held = await staged(t, true, { targets, on_cut: 'hold' });
      held.main.answer(...silent);
      assertSpare(held, await ask(held, true), true);
    },
  },
  {
    row: 10,
    fault: 'one event is not JSON',
    only: [true],
    check: async (t) => {
      const stage = await staged(t, true);
      stage.main.answer(streamHead(), events([roleEvent(), textEvent('good'), 'data: {"broken\n\n', ...chatStream(['x']).slice(1)]), lastChunk());
      const { response } = await ask(stage, true);
      assert.equal(streamedText(assertBrokenChatStream(response).values), 'good');
      stage.main.answer(healthy(true));
      assert.equal(textOf(await ask(stage, true), true), kTokens.join(''), 'the gateway lives');
    },
  },
  {
    row: 11,
    fault: 'complete, but no [DONE]',
    only: [true],
    check: async (t) => {
      const stage = await staged(t, true);
      stage.main.answer(streamHead(), events(chatStream(kTokens, { usage: true, done: false })), stall());
      const { response } = await ask(stage, true, { stream_options: { include_usage: true } });
      const { values } = assertChatStream(response);
      assert.equal(streamedText(values), kTokens.join(''));
      assert.equal(values.at(-1).usage.total_tokens, 18);
      assert.equal(stage.spare.requests.length, 0);
    },
  },
  {
    row: 12,
    fault: '400 context_length_exceeded',
    check: async (t, isStream) => {
      const tooLong = json(apiError('too long', 'invalid_request_error', { code: 'context_length_exceeded', param: 'messages' }), { status: 400 });
      const stage = await staged(t, isStream);
      stage.main.answer(tooLong);
      const answer = await ask(stage, isStream);
      assertSpare(stage, answer, isStream);
      assert.equal(answer.main.length, 1, 'never repeated at the same model');
      const alone = await staged(t, isStream, { fallbacks: [] });
      alone.main.answer(tooLong);
      const { response, main } = await ask(alone, isStream);
      assert.equal(main.length, 1);
      assert.equal(response.status, 400);
      assert.equal(response.json.error.code, 'context_length_exceeded');
    },
  },
  {
    row: 13,
    fault: '400 content policy',
    check: async (t, isStream) => {
      const error = apiError('against the rules', 'invalid_request_error', { code: 'content_policy_violation' });
      const stage = await staged(t, isStream);
      stage.main.answer(json(error, { status: 400 }));
      const { response, main, spare } = await ask(stage, isStream);
      assert.equal(response.status, 400);
      assert.deepEqual(response.json, error);
      assert.deepEqual([main.length, spare.length], [1, 0]);
    },
  },
  {
    row: 14,
    fault: 'as 8, and the fallback rejects an assistant prefill',
    only: [true],
    check: async (t) => {
      const stage = await staged(t, true, { on_cut: 'hold', retry: { attempts: 1 } });
      stage.main.answer(...cutAfter(40));
      const prefill = json(apiError('the last message must not be of the assistant', 'invalid_request_error'), { status: 400 });
      const isPrefilled = (request) => JSON.parse(request.body).messages.at(-1).role === 'assistant';
      stage.spare.answer((exchange) => (isPrefilled(exchange.request) ? prefill : healthy(true, [kSpareText]))(exchange));
      assertSpare(stage, await ask(stage, true), true);
      stage.spare.answer(prefill);
      const { response } = await ask(stage, true);
      assert.equal(response.status, 502, 'the first failure is reported');
      assert.ok(!response.text.includes('assistant'), response.text);
    },
  },
  {
    row: 15,
    fault: 'down for a while, then fine',
    check: async (t, isStream) => {
      const breaker = { min_calls: 3, window_ms: 10_000, open_ms: 1000 };
      const stage = await staged(t, isStream, { breaker, retry: { attempts: 1 } });
      stage.main.answer(failed(503));
      for (let index = 0; index < 10; ++index) {
        assert.equal(textOf(await ask(stage, isStream), isStream), kSpareText);
        await delay(100);
      }
      assert.ok(stage.main.requests.length <= 5, `${stage.main.requests.length} calls of a target that is down`);
      stage.main.answer(healthy(isStream));
      const recovered = performance.now();
      while (textOf(await ask(stage, isStream), isStream) === kSpareText) {
        assert.ok(performance.now() - recovered < 10_000, 'the circuit closes');
        await delay(100);
      }
      assert.equal(textOf(await ask(stage, isStream), isStream), kTokens.join(''));
    },
  },
  {
    row: 16,
    fault: '503 for ever, the fallback answers',
    check: async (t, isStream) => {
      const stage = await staged(t, isStream, { fallbacks: [{ backend: 'spare', model: 'spare-model' }] });
      stage.main.answer(failed(503));
      const spareUsage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
      const completion = chatCompletion(kSpareText, { model: 'spare-model', usage: spareUsage });
      const chunks = chatStream([kSpareText]).map((text) => text.replaceAll('gpt-4o-mini', 'spare-model'));
      const last = event({ ...JSON.parse(chunks[0].slice(6)), choices: [], usage: spareUsage });
      stage.spare.answer(isStream ? stream([...chunks.slice(0, -1), last, chunks.at(-1)]) : json(completion));
      const answer = await ask(stage, isStream, isStream ? { stream_options: { include_usage: true } } : {});
      assertSpare(stage, answer, isStream);
      assert.equal(JSON.parse(stage.spare.requests[0].body).model, 'spare-model');
      const values = isStream ? assertChatStream(answer.response).values : [answer.response.json];
      assert.ok(values.every(({ model }) => model === 'spare-model'));
      assert.deepEqual(values.at(-1).usage, spareUsage);
      const line = await stage.gateway.accessLine(answer.response.header('x-request-id'));
      assert.deepEqual([line.prompt_tokens, line.completion_tokens, line.backend_mode], [3, 4, 'spare']);
    },
  },
];

const survived = new Map(rows.map(({ row }) => [row, true]));

after(() => {
  const lines = rows.map(({ row, fault }) => `${survived.get(row) ? 'ok  ' : 'FAIL'}  ${String(row).padStart(2)}  ${fault}`);
  const passed = rows.filter(({ row }) => survived.get(row)).length;
  mkdirSync(join(kRoot, 'build/test'), { recursive: true });
  writeFileSync(join(kRoot, 'build/test/faults.txt'), [...lines, `faults survived: ${passed}/${rows.length}`, ''].join('\n'));
});

// They wait more than they work: side by side.
test('faults', { concurrency: isInstrumented() ? 2 : 8 }, async (t) => {
  const each = ({ row, fault, check, only = [false, true] }) =>
    only.map((isStream) =>
      t.test(`faults: ${row}, ${fault}${isStream ? ', streamed' : ''}`, async (own) => {
        try {
          await check(own, isStream);
        } catch (error) {
          survived.set(row, false);
          throw error;
        }
      }),
    );
  await Promise.all(rows.flatMap(each));
});
