import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { chain } from './chain.mjs';
import { assertError } from './contract.mjs';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const kLimited = { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null };
const kTokens = 1000;
const kUsed = 18; // by each answer of the fake upstream
const { upstream, gateway } = await stage({
  settings: {
    server: { trusted_proxies: '["127.0.0.1"]' },
    middleware: chain({ client: [{ per: 'address', tokens: kTokens, window_ms: 60000 }] }),
  },
});

beforeEach(() => upstream.answer(json(chatCompletion())));

// A request that was settled before this resolves: its access-log line is written at its end.
async function ask(address, extra) {
  const response = await chat(gateway, chatRequest(extra), { 'X-Forwarded-For': address });
  await gateway.accessLine(response.header('x-request-id'));
  return response;
}

test('tokens: an estimate is held while the answer is made, and then what it really took', async () => {
  // Each is estimated at more than half of the limit; were it not settled, the second would not fit.
  for (let sent = 0; sent < 10; ++sent) {
    const response = await ask('10.0.0.1', { max_tokens: 600 });
    assert.equal(response.status, 200, `request ${sent}: ${response.text}`);
  }
  const fits = kTokens - 11 * kUsed;
  assertError(await ask('10.0.0.1', { max_tokens: fits + kUsed }), kLimited);
});

test('tokens: streams are settled too', async () => {
  upstream.answer(stream(chatStream(undefined, { usage: true })));
  for (let sent = 0; sent < 5; ++sent) {
    const extra = { stream: true, stream_options: { include_usage: true }, max_tokens: 600 };
    assert.equal((await ask('10.0.0.2', extra)).status, 200, `request ${sent}`);
  }
});

test('tokens: what can never fit is refused, and takes nothing', async () => {
  assertError(await ask('10.0.0.3', { max_tokens: kTokens + 1 }), kLimited);
  assert.equal((await ask('10.0.0.3', { max_tokens: 900 })).status, 200);
});

test('tokens: what a failed request took is not known, so that its estimate stays', async () => {
  upstream.answer(json({ error: { message: 'no', type: 'server_error', param: null, code: null } }, { status: 500 }));
  assert.equal((await ask('10.0.0.4', { max_tokens: 600 })).status, 500);
  assertError(await ask('10.0.0.4', { max_tokens: 600 }), kLimited);
});
