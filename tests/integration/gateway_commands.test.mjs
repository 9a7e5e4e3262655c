// Commands that plugins bring: in the gateway that runs, and in a process of their own where none does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { Gateway, gatewayBinary } from './gateway.mjs';
import { exchange } from './raw_http.mjs';

const kKeeper = join(dirname(gatewayBinary()), '../tests/host/plugin/fixtures/keeper.so');
const skip = existsSync(kKeeper) ? false : 'this build has no tests and so no keeper.so';

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// A state folder with a configuration of its own. `admin` is admin.listen, `backend` another plugin file for echo.
function place({ admin = 'unix', backend = 'echo.so', guards = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-commands-'));
  folders.push(folder);
  const config = join(folder, 'gateway.yaml');
  const text = [
    `server: {port: 0, host: "\${HOST:-127.0.0.1}", state_dir: ${folder}/state}`,
    `admin: {listen: "${admin}"}`,
    `backends: {echo: {plugin: ${backend}}}`,
    'middleware:',
    `  - {name: keeper, plugin: ${kKeeper}, config: {guards: ${guards}}}`,
    'routes: [{backend: echo}]',
  ];
  writeFileSync(config, text.join('\n'));
  return { folder, config, socketPath: join(folder, 'state/admin.sock') };
}

// Ends by itself, with { code, stdout, stderr }.
function run(...args) {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, HOME: tmpdir(), ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? '' };
    const child = spawn(gatewayBinary(), args, { env, timeout: 20_000 });
    const result = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (text) => (result[name] += text));
    child.on('error', reject).on('close', (code) => resolve({ ...result, code }));
  });
}

async function started(options) {
  const where = place(options);
  const gateway = await Gateway.start({ config: where.config, env: options?.env });
  after(() => gateway.stop());
  return { ...where, gateway };
}

test('command: it runs without a gateway, and what it keeps outlives the process', { skip }, async () => {
  const { config } = place();
  assert.deepEqual(await run('keep', 'put', 'one two', '--config', config), { code: 0, stdout: '', stderr: '' });
  assert.deepEqual(await run('--config', config, 'keep', 'get'), { code: 0, stdout: 'one two\n', stderr: '' });
});

test('command: the words behind its name arrive as they are', { skip }, async () => {
  const { config } = place();
  const words = ['words', 'a b', '', '--help', '--', '--config', 'x'];
  const { stdout } = await run('keep', `--config=${config}`, ...words);
  assert.equal(stdout, words.map((word) => `[${word}]`).join(''));
});

test('command: exit code and errors come through', { skip }, async () => {
  const { config } = place();
  const result = await run('keep', 'nonsense', '--config', config);
  assert.deepEqual(result, { code: 2, stdout: '', stderr: 'keep: expected put TEXT, get or count\n' });
});

test('command: only the instance it is for is made', { skip }, async () => {
  // A backend whose configuration would stop a gateway.
  const { config } = place({ backend: 'echo.so, config: {colour: blue}' });
  assert.equal((await run('check', '--config', config)).code, 1);
  assert.deepEqual(await run('keep', 'count', '--config', config), { code: 0, stdout: '1', stderr: '' });
});

test('command: an unknown one lists those there are', { skip }, async () => {
  const { config } = place();
  const { code, stdout, stderr } = await run('kepe', 'get', '--config', config);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.equal(stderr, 'sluice: no command "kepe" (of the gateway: serve, check; of the configured plugins: keep)\n');
});

test('command: it runs in the gateway that runs', { skip }, async () => {
  const { config, gateway } = await started();
  // The same instance counts: the process of the command does not.
  assert.equal((await run('keep', 'count', '--config', config)).stdout, '1');
  assert.equal((await run('keep', 'count', '--config', config)).stdout, '2');
  assert.equal((await run('keep', 'put', 'ü "quoted"\n', '--config', config)).code, 0);
  assert.equal((await run('keep', 'get', '--config', config)).stdout, 'ü "quoted"\n\n');
  assert.equal((await run('keep', 'nonsense', '--config', config)).code, 2);
  const line = await gateway.logLine(({ event }) => event === 'command');
  assert.equal(line.command, 'keep');
  assert.equal(line.instance, 'keeper');
  assert.ok(!gateway.stdout.includes('quoted'), 'arguments are not logged');
});

test('command: an unknown one is answered by the gateway that runs', { skip }, async () => {
  const { config } = await started();
  const { code, stderr } = await run('kepe', '--config', config);
  assert.equal(code, 2);
  assert.match(stderr, /"kepe" \(offered: [^)]*\bstatus, keep\)/);
});

test('command: the store is in the metrics', { skip }, async () => {
  const { config, socketPath } = await started();
  await run('keep', 'put', 'x', '--config', config);
  const { text } = await exchange({ port: socketPath }, { target: '/metrics' });
  assert.match(text, /^sluice_store_operations_total\{namespace="keeper",outcome="ok"\} 1$/m);
  assert.match(text, /^sluice_store_answer_seconds_count\{namespace="keeper"\} 1$/m);
});

test('command: bad requests on the admin socket are refused', { skip }, async () => {
  const { socketPath } = await started();
  const ask = (method, target, body) => exchange({ port: socketPath }, { method, target, body });
  assert.equal((await ask('GET', '/commands/keep')).status, 405);
  assert.equal((await ask('POST', '/commands/none', { arguments: [] })).status, 404);
  for (const body of [{}, { arguments: 'x' }, { arguments: [1] }, 'no JSON', []]) {
    assert.equal((await ask('POST', '/commands/keep', body)).status, 400, JSON.stringify(body));
  }
  const large = { arguments: ['x'.repeat(1 << 20)] };
  assert.equal((await ask('POST', '/commands/keep', large)).status, 413);
});

test('command: over TCP none is run', { skip }, async () => {
  const { config, gateway } = await started({ admin: '127.0.0.1:0' });
  const { port } = await gateway.logLine(({ event }) => event === 'admin_listening');
  const request = { method: 'POST', target: '/commands/keep', body: { arguments: ['count'] } };
  const response = await exchange({ port: Number(port) }, request);
  assert.equal(response.status, 403);
  assert.match(response.text, /"command_not_allowed"/);
  const { code, stderr } = await run('keep', 'count', '--config', config);
  assert.equal(code, 1);
  assert.match(stderr, /takes no commands.*admin\.listen/);
});

test('startup: a public address is warned about only where no middleware guards', { skip }, async () => {
  const warnings = async (guards) => {
    const { gateway } = await started({ guards, env: { HOST: '0.0.0.0', API_KEY: 'sk-1' } });
    await gateway.logLine(({ event }) => event === 'listening');
    return gateway.logLines.map(({ event }) => event).filter((event) => /no_key|key_not_enforced/.test(event));
  };
  assert.deepEqual(await warnings(false), ['key_not_enforced', 'no_key']);
  assert.deepEqual(await warnings(true), []);
});
