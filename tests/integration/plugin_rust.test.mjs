// Plugins in Rust, from the templates as an author gets them and with one that panics, in the real gateway.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertChatStream, streamedText } from './contract.mjs';
import { Gateway, gatewayBinary, isInstrumented, kRoot } from './gateway.mjs';
import { chat } from './raw_http.mjs';

const kSdk = join(kRoot, 'sdk');
// Kept between runs: only what has changed is compiled again.
const kTarget = join(kRoot, 'build/cargo');
const kCompileLimitMs = 280_000;

const hasCargo = spawnSync('cargo', ['--version']).status === 0;
const skip = (!hasCargo && 'no cargo') || (isInstrumented() && 'no sanitizer in what cargo builds');

const folder = mkdtempSync(join(tmpdir(), 'sluice-rust-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(cwd, target, command, ...args) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, SLUICE_SDK: kSdk, CARGO_TARGET_DIR: target };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: kCompileLimitMs });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

// A repository made of a template: where its plugin is once it is built.
function repository(template) {
  const name = template.replace('rust', 'rusty');
  const place = join(folder, name);
  const target = join(kTarget, template);
  mkdirSync(target, { recursive: true });
  const kind = template.replace('rust-', '');
  run(folder, target, gatewayBinary(), 'plugin', 'new', name, '--kind', kind, '--lang', 'rust', '--dir', place);
  run(place, target, 'sh', 'find_sdk');
  return { place, target, plugin: join(target, `release/lib${name.replace('-', '_')}.so`) };
}

// The museum's plugin with the crate of today: it has models that panic.
function exhibit() {
  const plugin = join(kTarget, 'exhibit.so');
  mkdirSync(kTarget, { recursive: true });
  const script = join(kRoot, 'tests/museum/build_rust.sh');
  run(kRoot, join(kTarget, 'unused'), 'sh', script, 'cargo', join(kSdk, 'rust'), join(kTarget, 'exhibit'), plugin);
  return plugin;
}

async function started({ backend, middleware = [] }) {
  const config = join(mkdtempSync(join(folder, 'gateway-')), 'gateway.yaml');
  const chain = middleware.map((plugin, index) => ({ name: `middleware-${index}`, plugin }));
  const text = {
    server: { port: 0, state_dir: '${SLUICE_STATE_DIR}' },
    middleware: chain,
    backends: { rust: { plugin: backend } },
    routes: [{ backend: 'rust' }],
  };
  writeFileSync(config, JSON.stringify(text)); // JSON is YAML
  const gateway = await Gateway.start({ config });
  after(() => gateway.stop());
  return gateway;
}

const asking = (model, extra = {}) => ({ model, messages: [{ role: 'user', content: 'good morning' }], ...extra });

async function closedPlugins(gateway) {
  const { code } = await gateway.stop();
  assert.equal(code, 0, gateway.output);
  const of = (event) => gateway.logLines.filter((line) => line.event === event).map(({ plugin }) => plugin);
  assert.deepEqual(of('plugin_resident'), []);
  return of('plugin_closed').sort();
}

for (const template of ['rust-backend', 'rust-middleware']) {
  test(`rust: the tests of ${template} pass where it was copied to`, { skip }, () => {
    const { place, target } = repository(template);
    assert.match(run(place, target, 'cargo', 'test', '--offline', '--quiet'), /test result: ok\. [3-9] passed/);
    rmSync(place, { recursive: true });
  });
}

test('rust: a backend and middleware of the templates serve plain and streamed answers', { skip }, async () => {
  const [backend, middleware] = ['rust-backend', 'rust-middleware'].map((template) => {
    const { place, target, plugin } = repository(template);
    run(place, target, 'cargo', 'build', '--offline', '--quiet', '--release');
    run(place, target, 'sh', join(kSdk, 'cmake/check_plugin.sh'), plugin);
    return plugin;
  });
  const gateway = await started({ backend, middleware: [middleware] });
  const headers = { 'x-team': 'blue' };

  const plain = await chat(gateway, asking('rusty-backend'), headers);
  assert.equal(plain.status, 200, plain.text);
  assert.equal(plain.json.choices[0].message.content, 'You said: good morning');
  assert.equal(plain.header('x-served-team'), 'blue');

  const streamed = await chat(gateway, asking('rusty-backend', { stream: true }), headers);
  const { values } = assertChatStream(streamed);
  assert.equal(streamedText(values), 'You said: good morning');
  assert.equal(values.length, 5, 'the role, the greeting, two words, the finish reason');

  const refused = await chat(gateway, asking('rusty-backend'));
  assert.equal(refused.status, 400, refused.text);
  assert.equal(refused.json.error.code, 'invalid_header_value');
  const several = await chat(gateway, asking('rusty-backend', { n: 2 }), headers);
  assert.equal(several.json.error.param, 'n', several.text);

  assert.deepEqual(await closedPlugins(gateway), ['rusty-backend', 'rusty-middleware']);
});

test('rust: a panic in a call is an error for its client, and the gateway lives', { skip }, async () => {
  const plugin = exhibit();
  const gateway = await started({ backend: plugin, middleware: [plugin] });
  const headers = { 'x-ticket': '1' };

  const panicked = await chat(gateway, asking('throw'), headers);
  assert.equal(panicked.status, 500, panicked.text);
  assert.equal(panicked.json.error.code, 'internal_error');
  assert.ok(!panicked.text.includes('exhibit'), 'the text of a panic is not for clients');
  await gateway.logLine((line) => line.event === 'plugin' && /panic at .*: thrown by an exhibit/.test(line.message));

  const broken = await chat(gateway, asking('break', { stream: true }), headers);
  assert.equal(broken.status, 200, broken.text);
  assert.match(broken.text, /data: \{"error":\{"message":"The plugin failed unexpectedly."/);
  assert.ok(!broken.text.includes('"finish_reason":"stop"'), 'what broke off does not end like a whole answer');

  const answered = await chat(gateway, asking('exhibit'), headers);
  assert.equal(answered.status, 200, answered.text);
  assert.deepEqual(await closedPlugins(gateway), ['exhibit']);
});
