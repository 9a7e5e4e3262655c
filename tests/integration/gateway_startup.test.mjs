import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { Gateway, gatewayBinary, isInstrumented, kRoot } from './gateway.mjs';
import { exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';

async function assertRefused(options, pattern) {
  const result = await Gateway.runToExit(options);
  assert.ok(
    Number.isInteger(result.code) && result.code !== 0,
    `exit ${JSON.stringify([result.code, result.signal])}\n${result.output}`,
  );
  assert.match(result.output, pattern);
  assert.ok(!result.output.includes('"listening"'), 'it did not listen');
}

for (const [name, value] of [
  ['PORT', 'http'],
  ['PORT', '70000'],
  ['PORT', '-1'],
  ['REQUEST_TIMEOUT_MS', 'soon'],
  ['REQUEST_TIMEOUT_MS', '-5'],
  ['REQUEST_TIMEOUT_MS', '1.5s'],
  ['SHUTDOWN_TIMEOUT_MS', 'later'],
  ['LOG_LEVEL', 'loud'],
  ['LOG_FORMAT', 'xml'],
  ['OPENAI_PASSTHROUGH_ENABLED', 'maybe'],
  ['ALLOW_CLIENT_OPENAI_KEY', 'perhaps'],
  ['OPENAI_BASE_URL', 'not a url'],
  ['OPENAI_BASE_URL', 'ftp://host/v1'],
  ['HOST', '999.1.2.3'],
  ['CORS_ALLOWED_ORIGINS', 'not an origin'],
]) {
  test(`startup: ${name}=${value} stops the start with a message that names it`, async () => {
    await assertRefused({ env: { [name]: value } }, new RegExp(name));
  });
}

test('startup: several bad values are all named', async () => {
  await assertRefused({ env: { PORT: 'x', LOG_LEVEL: 'loud' } }, /PORT[^]*LOG_LEVEL|LOG_LEVEL[^]*PORT/);
});

test('startup: a secret never stands in a start-up error', async () => {
  const result = await Gateway.runToExit({ env: { PORT: 'x', OPENAI_API_KEY: 'sk-never-print-me' } });
  assert.ok(!result.output.includes('sk-never-print-me'));
});

test('startup: a taken port is a message and a non-zero exit', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await assertRefused({ env: { PORT: String(port) } }, new RegExp(String(port))).finally(() => server.close());
});

test('startup: an unknown key is named with its path', async () => {
  await assertRefused({ settings: { server: { colour: 'blue' } } }, /server\.colour/);
  await assertRefused({ settings: { append: 'nonsense: true\n' } }, /nonsense/);
});

for (const [plugin, from, to] of [
  ['echo', '    config: {}', '    config: {colour: blue}'],
  ['openai', '      api_key:', '      colour: blue\n      api_key:'],
]) {
  test(`startup: an unknown key of the plugin ${plugin} is named`, async () => {
    await assertRefused({ settings: { replace: [[from, to]] } }, /colour/);
  });
}

test('startup: a route to a backend that does not exist names both', async () => {
  await assertRefused({ settings: { replace: [['  - backend: openai-passthrough', '  - backend: opnai']] } }, /opnai/);
});

test('startup: a plugin that does not exist is named', async () => {
  await assertRefused({ settings: { replace: [['plugin: echo.so', 'plugin: ecko.so']] } }, /ecko\.so/);
});

test('startup: a missing configuration file is named', async () => {
  await assertRefused({ config: '/nonexistent/sluice.yaml' }, /\/nonexistent\/sluice\.yaml/);
});

test('startup: two gateways on one state directory are refused', async () => {
  const shared = mkdtempSync(join(tmpdir(), 'sluice-state-'));
  const first = await Gateway.start({ env: { SLUICE_STATE_DIR: shared } });
  try {
    await assertRefused({ env: { SLUICE_STATE_DIR: shared } }, new RegExp(shared));
  } finally {
    await first.stop();
    rmSync(shared, { recursive: true, force: true });
  }
});

test('startup: a state directory is free again after the gateway was killed', async () => {
  const shared = mkdtempSync(join(tmpdir(), 'sluice-state-'));
  try {
    const first = await Gateway.start({ env: { SLUICE_STATE_DIR: shared } });
    first.signal('SIGKILL');
    await first.exited;
    const second = await Gateway.start({ env: { SLUICE_STATE_DIR: shared } });
    assert.equal((await second.stop()).code, 0);
  } finally {
    rmSync(shared, { recursive: true, force: true });
  }
});

test('startup: nothing is required', async () => {
  const gateway = await Gateway.start({
    env: {
      OPENAI_API_KEY: undefined,
      OPENAI_BASE_URL: undefined,
      LOG_FORMAT: undefined,
      CLAUDE_PATH: undefined,
      RATE_LIMIT_PER_IP: undefined,
      MAX_CONCURRENT_PER_KEY: undefined,
    },
  });
  const response = await exchange(gateway, {
    method: 'POST',
    target: '/v1/chat/completions',
    body: { model: 'echo', messages: [{ role: 'user', content: 'x' }] },
  });
  assert.equal(response.status, 200);
  assert.equal((await gateway.stop()).code, 0);
});

test('startup: it listens within a tenth of a second', async (t) => {
  const times = [];
  for (let round = 0; round < 3; ++round) {
    const started = performance.now();
    const gateway = await Gateway.start();
    times.push(performance.now() - started);
    await gateway.stop();
  }
  t.diagnostic(`ready after ${times.map((time) => time.toFixed(0)).join(', ')} ms`);
  assert.ok(Math.min(...times) < (isInstrumented() ? 20000 : 5000), `${times}`);
});

test('startup: the listening line has address and port', async () => {
  const { gateway } = await stage();
  const line = await gateway.logLine(({ event }) => event === 'listening');
  assert.equal(line.address, '127.0.0.1');
  assert.ok(Number(line.port) > 0);
  assert.equal(line.message, 'listening');
});

test('startup: a public address without any key is warned about', async () => {
  const { gateway } = await stage({ env: { HOST: '0.0.0.0' } });
  const warning = await gateway.logLine(({ level }) => /^warn/i.test(level ?? ''));
  assert.match(JSON.stringify(warning), /0\.0\.0\.0|key/);
  const { gateway: local } = await stage();
  assert.ok(!local.logLines.some(({ level }) => /^warn/i.test(level ?? '')), 'no warning on loopback');
});

// ---- command line

const run = (...args) =>
  spawnSync(gatewayBinary(), args, {
    encoding: 'utf8',
    timeout: 10_000,
    env: { PATH: process.env.PATH, HOME: tmpdir() },
  });

test('command line: --version and --help answer and exit with 0', () => {
  const version = run('--version');
  assert.equal(version.status, 0, version.stderr);
  assert.match(version.stdout, /\d+\.\d+\.\d+/);
  const help = run('--help');
  assert.equal(help.status, 0, help.stderr);
  for (const word of ['serve', 'check', '--config']) assert.ok(help.stdout.includes(word), `${word} in the help`);
});

test('command line: an unknown option or command is refused', () => {
  for (const argument of ['--no-such-option', 'no-such-command']) assert.notEqual(run(argument).status, 0, argument);
});

test('command line: check accepts the shipped configurations and refuses a wrong one', async () => {
  for (const file of ['conf/sluice.yaml', 'conf/examples/echo.yaml']) {
    const result = run('check', '--config', join(kRoot, file));
    assert.equal(result.status, 0, `${file}: ${result.stdout}${result.stderr}`);
  }
  const result = await Gateway.runToExit({
    args: ['check', '--config', join(kRoot, 'conf/sluice.yaml')],
    env: { PORT: 'x' },
  });
  assert.notEqual(result.code, 0);
  assert.match(result.output, /PORT/);
});
