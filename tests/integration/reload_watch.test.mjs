// reload.watch: files that change are taken without being asked for, once they have settled.
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { craft } from './crafted_plugin.mjs';
import { eventually } from './gateway.mjs';
import { chatRequest } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { ReloadStage } from './reload_stage.mjs';

const kSettleMs = 1500;
const kSeenLimitMs = 30_000;
const kPieces = 20;
const kGapMs = 100;

const files = [await craft({ CRAFTED_TEXT: '"first"' }), await craft({ CRAFTED_TEXT: '"second"' })];

const watching = (t, watch = true) =>
  ReloadStage.start({
    context: t,
    files: (place) => place.install('crafted.so', files[0]),
    configure: (configuration) => {
      Object.assign(configuration.reload, { watch, settle_ms: kSettleMs });
      configuration.backends.crafted = { plugin: 'crafted.so' };
      configuration.routes = [{ backend: 'crafted' }];
    },
  });

async function say(stage) {
  return (await chat(stage.gateway, chatRequest())).json.choices[0].message.content;
}

const isDone = (stage, count) => () => stage.logged('reload_done').length === count;

test('watch: a configuration file that changes is taken, and one that is moved into its place', async (t) => {
  const stage = await watching(t);
  stage.change((configuration) => (configuration.routes[0].timeouts = { request_ms: 1000 }));
  await eventually('a reload', isDone(stage, 1), kSeenLimitMs);
  const next = { ...stage.configuration, routes: [{ backend: 'crafted', timeouts: { request_ms: 2000 } }] };
  writeFileSync(`${stage.configFile}.new`, JSON.stringify(next));
  renameSync(`${stage.configFile}.new`, stage.configFile);
  await eventually('another reload', isDone(stage, 2), kSeenLimitMs);
});

test('watch: a plugin file that changes is taken, written over or moved into its place', async (t) => {
  const stage = await watching(t);
  stage.install('crafted.so', files[1]);
  await eventually('a reload', isDone(stage, 1), kSeenLimitMs);
  assert.equal(await say(stage), 'second');
  copyFileSync(files[0], stage.path('crafted.so.new'));
  renameSync(stage.path('crafted.so.new'), stage.path('crafted.so'));
  await eventually('another reload', isDone(stage, 2), kSeenLimitMs);
  assert.equal(await say(stage), 'first');
});

test('watch: a file that is being written is left alone until it is whole', async (t) => {
  const stage = await watching(t);
  const bytes = readFileSync(files[1]);
  const size = Math.ceil(bytes.length / kPieces);
  writeFileSync(stage.path('crafted.so'), '');
  for (let at = 0; at < bytes.length; at += size) {
    appendFileSync(stage.path('crafted.so'), bytes.subarray(at, at + size));
    assert.deepEqual([stage.logged('reload_refused'), stage.logged('reload_done')], [[], []]);
    await delay(kGapMs);
  }
  await eventually('a reload', isDone(stage, 1), kSeenLimitMs);
  assert.deepEqual(stage.logged('reload_refused'), []);
  assert.equal(await say(stage), 'second');
});

test('watch: a file that is refused is refused once, and the next one is taken', async (t) => {
  const stage = await watching(t);
  stage.install('crafted.so', readFileSync(files[1]).subarray(0, 4000));
  await stage.gateway.logLine(({ event }) => event === 'reload_refused', kSeenLimitMs);
  await delay(3 * kSettleMs);
  assert.equal(stage.logged('reload_refused').length, 1);
  assert.equal(await say(stage), 'first');
  stage.install('crafted.so', files[1]);
  await eventually('a reload', isDone(stage, 1), kSeenLimitMs);
  assert.equal(await say(stage), 'second');
});

test('watch: what is switched off by a reload watches no more, and the other way round', async (t) => {
  const stage = await watching(t, false);
  stage.install('crafted.so', files[1]);
  await delay(2 * kSettleMs);
  assert.equal(stage.logged('reload_done').length, 0);
  stage.change((configuration) => (configuration.reload.watch = true));
  await stage.reloaded();
  stage.install('crafted.so', files[0]);
  await eventually('a reload', isDone(stage, 2), kSeenLimitMs);
  stage.change((configuration) => (configuration.reload.watch = false));
  await eventually('the last reload', isDone(stage, 3), kSeenLimitMs);
  stage.install('crafted.so', files[1]);
  await delay(2 * kSettleMs);
  assert.equal(stage.logged('reload_done').length, 3);
  assert.equal(await say(stage), 'first');
});
