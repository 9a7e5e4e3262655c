// The usual set-up of a test file: one gateway in front of one fake upstream, ended after the last test.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import OpenAI from 'openai';
import { FakeUpstream } from './fake_upstream.mjs';
import { Gateway } from './gateway.mjs';

export const kClientKey = 'sk-client-77d1e0a94b3c';

// Starts both; `options` as for Gateway.start(). The gateway has to exit with 0 when it is told to stop.
export async function stage({ upstreamOptions = {}, ...options } = {}) {
  const upstream = await FakeUpstream.start(upstreamOptions);
  const gateway = await Gateway.start({ upstream, ...options }).catch(async (error) => {
    await upstream.stop();
    throw error;
  });
  after(async () => {
    const exit = await gateway.stop();
    await upstream.stop();
    assert.equal(exit.code, 0, `exit of the gateway: ${JSON.stringify(exit)}\n${gateway.output}`);
    assert.deepEqual(upstream.failures, [], 'requests the upstream could not parse');
  });
  return { upstream, gateway };
}

// npm's `openai`, unchanged. It makes one attempt unless a test says otherwise.
export function openaiClient(gateway, options = {}) {
  return new OpenAI({ baseURL: gateway.baseUrl, apiKey: kClientKey, maxRetries: 0, ...options });
}
