// Whether an answer is whole and right, or an honest error. Anything else throws, with what is wrong.
import assert from 'node:assert/strict';
import { assertChatStream, assertErrorObject } from '../../../tests/integration/contract.mjs';
import { pieceText, usageOf } from './numbered_answer.mjs';

const kErrorStatuses = [429, 500, 502, 503, 504];

// {verdict: 'right', maker, isUsageMissing} or {verdict: 'error' | 'broken', code}.
export function verdictOf(plan, response) {
  assert.deepEqual(response.headers.all('x-request-id'), [plan.id], 'the request id comes back');
  if (response.status !== 200) return honestError(response);
  return plan.isStream ? streamVerdict(plan, response) : completionVerdict(plan, response);
}

function honestError(response) {
  assert.ok(kErrorStatuses.includes(response.status), `status ${response.status}: ${response.text.slice(0, 200)}`);
  assert.match(response.header('content-type') ?? '(none)', /^application\/json/);
  assert.deepEqual(Object.keys(response.json), ['error']);
  assertErrorObject(response.json.error);
  return { verdict: 'error', code: response.json.error.code };
}

function completionVerdict(plan, response) {
  assert.match(response.header('content-type') ?? '(none)', /^application\/json/);
  const answer = response.json;
  const maker = answer.system_fingerprint;
  assertModel(plan, answer.model);
  assert.equal(answer.choices[0].message.content, wholeText(plan, maker, plan.pieces), 'the whole text');
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.deepEqual(answer.usage, usageOf(plan));
  return { verdict: 'right', maker, isUsageMissing: false };
}

function streamVerdict(plan, response) {
  const { values } = assertChatStream(response);
  const error = values.at(-1)?.error;
  const chunks = error ? values.slice(0, -1) : values;
  assert.ok(chunks.every((value) => !value.error), 'an error event is the last one');
  const maker = chunks[0]?.system_fingerprint;
  for (const { system_fingerprint, model } of chunks) {
    assert.equal(system_fingerprint, maker, 'all of one attempt');
    assertModel(plan, model);
  }
  const texts = chunks.map(({ choices }) => choices[0]?.delta?.content ?? '').filter((text) => text !== '');
  assert.equal(texts.join(''), wholeText(plan, maker, texts.length), 'the pieces in their order');
  if (error) return brokenStream(error);
  assert.equal(texts.length, plan.pieces, 'all pieces');
  assert.equal(chunks.filter(({ choices }) => choices[0]?.finish_reason === 'stop').length, 1, 'one finish reason');
  const usages = chunks.map(({ usage }) => usage).filter(Boolean);
  // With all finish reasons an answer is complete; a cut behind them takes the usage with it. Whether there was a cut is
  // for the upstream to say.
  const isUsageMissing = plan.wantsUsage && usages.length === 0;
  if (!isUsageMissing) assert.deepEqual(usages, plan.wantsUsage ? [usageOf(plan)] : [], 'usage where it was asked for');
  return { verdict: 'right', maker, isUsageMissing };
}

function brokenStream(error) {
  assertErrorObject(error);
  return { verdict: 'broken', code: error.code };
}

const assertModel = (plan, model) => assert.ok(plan.route.models.includes(model), `the model ${model}`);

const wholeText = ({ id }, maker, count) => Array.from({ length: count }, (_, index) => pieceText(id, maker, index)).join('');
