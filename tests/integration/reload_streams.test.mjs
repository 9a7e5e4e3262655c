// Streams that run while a reload happens: they end on the code, the route and the upstream they began with, or, when
// their time is over, with an honest error.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertBrokenChatStream, assertChatStream, streamedText } from './contract.mjs';
import { rebuilt } from './crafted_plugin.mjs';
import { FakeUpstream } from './fake_upstream.mjs';
import { eventually } from './gateway.mjs';
import { hold } from './held_streams.mjs';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { chat, RawConnection, requestBytes } from './raw_http.mjs';
import { builtPlugin, ReloadStage } from './reload_stage.mjs';
import { mappedCopies } from './mapped_copies.mjs';
import { events, json, stall, stream, streamHead } from './upstream_steps.mjs';

const kStream = chatRequest({ stream: true });
const kClosedLimitMs = 20_000;

async function secondUpstream(t, text) {
  const upstream = await FakeUpstream.start();
  t.after(() => upstream.stop());
  upstream.answer(json(chatCompletion(text)));
  return upstream;
}

// What is left of a stream whose first event was read. Chunks until its end; `text` has their bytes.
async function restOf({ connection, response }) {
  const pieces = [];
  for (let piece = await connection.chunk(); piece !== undefined; piece = await connection.chunk()) pieces.push(piece);
  connection.close();
  return {
    ...response,
    header: (name) => response.header(name),
    isComplete: true,
    text: Buffer.concat(pieces).toString(),
  };
}

test('streams: one that began before the swap ends with its upstream, the next request goes to the new one', async (t) => {
  const stage = await ReloadStage.start({ context: t });
  const next = await secondUpstream(t, 'from the new upstream');
  const held = await hold(stage.upstream, stage.gateway, kStream);
  stage.change((configuration) => (configuration.backends.openai.config.base_url = next.baseUrl));
  await stage.reloaded();
  const response = await chat(stage.gateway, chatRequest());
  assert.equal(response.json.choices[0].message.content, 'from the new upstream');
  held.end();
  assert.equal(streamedText(assertChatStream(await restOf(held)).values), 'Hello!');
  assert.equal(next.requests.length, 1);
});

test('streams: the old code stays until the last of them has ended, then it is gone', async (t) => {
  const stage = await ReloadStage.start({ context: t });
  stage.upstream.answer(stream(chatStream()));
  const held = [];
  for (const name of ['one', 'two', 'three']) {
    held.push(await hold(stage.upstream, stage.gateway, kStream));
    stage.install('openai.so', await rebuilt(builtPlugin('openai.so'), name));
    await stage.reloaded();
    assertChatStream(await chat(stage.gateway, kStream));
  }
  assert.equal(mappedCopies(stage.gateway.pid, 'openai').length, 4, 'each stream keeps the code it began with');
  assert.equal(await stage.metric('sluice_generations_draining'), 3);
  assert.equal(stage.logged('plugin_closed').length, 0);
  for (const each of [held[1], held[0], held[2]]) {
    const closed = stage.logged('plugin_closed').length;
    each.end();
    assert.equal(streamedText(assertChatStream(await restOf(each)).values), 'Hello!');
    await eventually(
      'one more closed library',
      () => stage.logged('plugin_closed').length === closed + 1,
      kClosedLimitMs,
    );
  }
  assert.equal(mappedCopies(stage.gateway.pid, 'openai').length, 1);
  await eventually('nothing drains', async () => (await stage.metric('sluice_generations_draining')) === 0);
  await eventually('three are reported', () => stage.logged('generation_retired').length === 3);
  assert.equal(stage.logged('plugin_resident').length, 0);
});

test('streams: one that does not end in time is ended with an error event, and its upstream is left', async (t) => {
  const stage = await ReloadStage.start({
    context: t,
    configure: (configuration) => (configuration.reload.drain_ms = 300),
  });
  const held = await hold(stage.upstream, stage.gateway, kStream);
  const { connection: abandoned } = stage.upstream.lastRequest;
  stage.install('openai.so', await rebuilt(builtPlugin('openai.so'), 'overdue'));
  await stage.reloaded();
  const { values, error } = assertBrokenChatStream(await restOf(held));
  t.diagnostic(`error event: ${JSON.stringify(error)}`);
  assert.equal(streamedText(values), '');
  await stage.gateway.logLine(({ event }) => event === 'generation_overdue');
  await abandoned.left;
  await eventually('the old code gone', () => stage.logged('plugin_closed').length === 1, kClosedLimitMs);
  assert.equal(mappedCopies(stage.gateway.pid, 'openai').length, 1);
});

test('streams: one whose client has left does not hold the old code', async (t) => {
  const stage = await ReloadStage.start({ context: t });
  const held = await hold(stage.upstream, stage.gateway, kStream);
  stage.install('openai.so', await rebuilt(builtPlugin('openai.so'), 'left'));
  await stage.reloaded();
  held.connection.reset();
  await eventually('the old code gone', () => stage.logged('plugin_closed').length === 1, kClosedLimitMs);
});

test('streams: an idle connection of a client does not hold the old generation', async (t) => {
  const stage = await ReloadStage.start({ context: t });
  stage.upstream.answer(json(chatCompletion()));
  const idle = await hold(stage.upstream, stage.gateway, kStream);
  idle.end();
  for (let piece = ' '; piece !== undefined;) piece = await idle.connection.chunk();
  stage.install('openai.so', await rebuilt(builtPlugin('openai.so'), 'idle'));
  await stage.reloaded();
  await eventually('the old code gone', () => stage.logged('plugin_closed').length === 1, kClosedLimitMs);
  idle.connection.close();
});

test('streams: a client that never reads does not keep the old code beyond the drain', async (t) => {
  const stage = await ReloadStage.start({
    context: t,
    configure: (configuration) => {
      configuration.reload.drain_ms = 200;
      // More than the kernel takes for a client that does not read: it waits in the gateway.
      configuration.server.limits = { client_queue_bytes: 16 * 1024 * 1024 };
    },
  });
  const text = 'z'.repeat(60_000);
  stage.upstream.answer(streamHead(), events(chatStream(Array.from({ length: 400 }, () => text))), stall());
  const connection = await RawConnection.open(stage.gateway.port);
  connection.socket.pause();
  await connection.send(requestBytes({ method: 'POST', target: '/v1/chat/completions', body: kStream }));
  await stage.upstream.request();
  await delay(300);
  stage.install('openai.so', await rebuilt(builtPlugin('openai.so'), 'unread'));
  await stage.reloaded();
  await eventually('the old code is gone', () => mappedCopies(stage.gateway.pid, 'openai').length === 1, kClosedLimitMs);
  assert.deepEqual(stage.logged('generation_stuck'), []);
  connection.close();
});
