// Plugins and configuration swapped again and again below clients that compare every byte: none of them notices, and
// the old code is gone. In full length, with times: tools/bench/run swap.
//
//   SLUICE_SWAPS   swaps of each kind (default: 20)
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { after, test } from 'node:test';
import { chain } from './chain.mjs';
import { answerLoad, ChatLoad } from './chat_load.mjs';
import { rebuilt } from './crafted_plugin.mjs';
import { eventually, isInstrumented } from './gateway.mjs';
import { mappedCopies } from './mapped_copies.mjs';
import { builtPlugin, ReloadStage } from './reload_stage.mjs';

const kSwaps = Number(process.env.SLUICE_SWAPS ?? 20);
const kClients = 16;
const kGoneLimitMs = 60_000;
// Without their files the leak checker could not name what it found in them.
const kKeepsPlugins = process.env.SLUICE_KEEP_PLUGINS === '1';
const kMebibyte = 1 << 20;

const limited = (requests) => chain({ address: { requests, window_ms: 60_000 } });

const stage = await ReloadStage.start({
  plugins: ['openai.so', 'ratelimit.so'],
  configure: (configuration) => (configuration.middleware = limited(1_000_000_000)),
  env: { SLUICE_KEEP_PLUGINS: process.env.SLUICE_KEEP_PLUGINS },
});
answerLoad(stage.upstream);
const load = ChatLoad.start(stage.gateway, { clients: kClients });
after(() => load.stop());

const builds = {};
for (const name of ['openai', 'ratelimit'])
  builds[name] = [builtPlugin(`${name}.so`), await rebuilt(builtPlugin(`${name}.so`), 'swapped')];
let generation = 1;

// How many of the gateway's descriptors are sockets, and how many are not.
function descriptors() {
  const folder = `/proc/${stage.gateway.pid}/fd`;
  const kinds = readdirSync(folder).map((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith('socket:');
    } catch {
      return true; // closed meanwhile, as only sockets are
    }
  });
  const sockets = kinds.filter(Boolean).length;
  return { sockets, others: kinds.length - sockets };
}

// The answers that were given meanwhile.
async function swapped(change) {
  const before = load.answers;
  change();
  assert.equal(await stage.reloaded(), ++generation);
  assert.deepEqual(load.failures, []);
  return load.answers - before;
}

async function assertUnloaded(plugin, count) {
  assert.deepEqual(stage.logged('plugin_resident'), []);
  if (kKeepsPlugins) return;
  await eventually(
    `${count} libraries of ${plugin} closed`,
    () => stage.logged('plugin_closed', { plugin }).length === count,
    kGoneLimitMs,
  );
  assert.equal(mappedCopies(stage.gateway.pid, plugin).length, 1, 'the kernel maps one copy');
}

test(`swap: ${kSwaps} times openai.so below ${kClients} clients`, async (t) => {
  let answers = 0;
  for (let swap = 1; swap <= kSwaps; ++swap)
    answers += await swapped(() => stage.install('openai.so', builds.openai[swap % 2]));
  t.diagnostic(`${answers} answers`);
  await assertUnloaded('openai', kSwaps);
});

test(`swap: ${kSwaps} times ratelimit.so and the configuration below ${kClients} clients`, async (t) => {
  const before = { bytes: stage.gateway.residentBytes(), ...descriptors() };
  let answers = 0;
  for (let swap = 1; swap <= kSwaps; ++swap) {
    answers += await swapped(() => {
      stage.install('ratelimit.so', builds.ratelimit[swap % 2]);
      stage.change((configuration) => (configuration.middleware = limited(1_000_000_000 - swap)));
    });
  }
  await assertUnloaded('ratelimit', kSwaps);
  await assertUnloaded('openai', kSwaps);
  const rose = (stage.gateway.residentBytes() - before.bytes) / kMebibyte;
  const more = descriptors().sockets - before.sockets;
  t.diagnostic(`${answers} answers; memory rose by ${rose.toFixed(1)} MB, ${more} more sockets`);
  if (!isInstrumented()) assert.ok(rose < 8, `memory rose by ${rose.toFixed(1)} MB`);
  // Idle connections to the upstream: at most one for each client on each of two or more loops.
  assert.ok(more <= 2 * kClients, `${more} more sockets`);
  await eventually('no other descriptor than before', () => descriptors().others <= before.others);
});

test('swap: no client noticed', async (t) => {
  const answers = await load.stop();
  t.diagnostic(`${answers} answers, every byte of them right, while ${generation - 1} generations came`);
  assert.equal(await stage.metric('sluice_reloads_total', { result: 'done' }), 2 * kSwaps);
  assert.equal(await stage.metric('sluice_reloads_total', { result: 'refused' }), 0);
  await eventually(
    'nothing drains',
    async () => (await stage.metric('sluice_generations_draining')) === 0,
    kGoneLimitMs,
  );
});
