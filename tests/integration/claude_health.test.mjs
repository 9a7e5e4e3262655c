import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { claudeStage, kAnthropicKey, turn } from './claude_stage.mjs';
import { eventually } from './gateway.mjs';
import { exchange } from './raw_http.mjs';
import { ScriptedCli } from './scripted_cli.mjs';

const kNoUpstream = { OPENAI_PASSTHROUGH_ENABLED: 'false' };
const get = (gateway, target) => exchange(gateway, { target });

async function untilHealth(gateway, matches) {
  let last;
  const isSo = async () => matches((last = await get(gateway, '/health')));
  await eventually('the expected health', isSo, 10_000).catch((error) => assert.fail(`${error}: ${last.text}`));
  return last;
}

test('claude health: a program with a key is ready, and enough for the gateway to be used', async () => {
  const { api, gateway, home } = await claudeStage();
  const response = await untilHealth(gateway, ({ json: { status } }) => status === 'ready');
  const { status, checks } = response.json;
  assert.equal(status, 'ready');
  assert.equal(checks.claude_cli, 'ok');
  assert.equal(checks.anthropic_key, 'ok');
  assert.deepEqual(checks.capacity, { active: 0, max: 10, queued: 0 });
  for (const inside of [kAnthropicKey, home, '/node_modules/'])
    assert.ok(!response.text.includes(inside), response.text);
  assert.equal(api.requests.length, 0, 'asking costs nothing');
  const { json: models } = await get(gateway, '/v1/models');
  assert.ok(models.data.some(({ id }) => id === 'claude-sonnet-4-6'));

  const { gateway: alone } = await claudeStage({ env: kNoUpstream });
  await untilHealth(alone, ({ status, json: { checks } }) => status === 200 && checks.claude_cli === 'ok');
});

test('claude health: it answers at once, however busy the program is', async () => {
  const cli = new ScriptedCli({ start: { delay_ms: 60_000 } });
  after(() => cli.remove());
  const { gateway } = await claudeStage({ cli: cli.path, claude: { warm_processes: { sonnet: 2 } } });
  const began = performance.now();
  for (let round = 0; round < 200; ++round) await get(gateway, '/health');
  // Waiting for the program each time, 50 ms, would take ten seconds.
  assert.ok(performance.now() - began < 8000, `${performance.now() - began} ms for 200`);
});

test('claude health: without the program it is not usable', async () => {
  const { gateway } = await claudeStage({ cli: '/nonexistent/claude', env: kNoUpstream });
  const { json, status } = await untilHealth(gateway, ({ json: { checks } }) => checks.claude_cli === 'error');
  assert.equal(status, 503);
  assert.equal(json.status, 'unavailable');
});

test('claude health: beside a working upstream a missing program only degrades', async () => {
  const { gateway } = await claudeStage({ cli: '/nonexistent/claude' });
  const { json, status } = await untilHealth(gateway, ({ json: { checks } }) => checks.claude_cli === 'error');
  assert.equal(status, 200);
  assert.equal(json.status, 'degraded');
  assert.equal(json.checks.openai_passthrough, 'ok');
});

test('claude health: without credentials it says so', async () => {
  const { gateway } = await claudeStage({ env: { ...kNoUpstream, ANTHROPIC_API_KEY: undefined } });
  const { status } = await untilHealth(gateway, ({ json: { checks } }) => checks.anthropic_key === 'missing');
  assert.equal(status, 503);
});

test('claude health: a program that does not even tell its version is an error', async () => {
  const cli = new ScriptedCli({ version_exit: 1, start: { exit: 1 } });
  after(() => cli.remove());
  const { gateway } = await claudeStage({ cli: cli.path, env: kNoUpstream });
  const { status } = await untilHealth(gateway, ({ json: { checks } }) => checks.claude_cli === 'error');
  assert.equal(status, 503);
});

test('claude health: figures of turns and processes are in the metrics, prompts are not', async () => {
  const { gateway, home } = await claudeStage();
  await turn(gateway, 'a-secret-prompt');
  const { text } = await exchange({ port: join(home, 'state/admin.sock') }, { target: '/metrics' });
  const values = text.split('\n').filter((line) => line.startsWith('sluice_claude_code_'));
  const assertValue = (name, label, value) => {
    const isIt = (line) => line.startsWith(name) && line.includes(label) && line.endsWith(` ${value}`);
    assert.ok(values.some(isIt), `${name} ${label} ${value} in\n${values.join('\n')}`);
  };
  assertValue('sluice_claude_code_turns_total', 'outcome="done"', 1);
  assertValue('sluice_claude_code_processes', 'state="idle"', 1);
  assertValue('sluice_claude_code_first_token_seconds_count', '', 1);
  assertValue('sluice_claude_code_queued_requests', '', 0);
  assert.ok(!text.includes('a-secret-prompt'));
});
