// The set-up of the reload tests: a gateway with a plugin folder and a configuration of its own, both of which the test
// changes while the gateway serves.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { FakeUpstream } from './fake_upstream.mjs';
import { Gateway, gatewayBinary, kUpstreamKey } from './gateway.mjs';
import { exchange } from './raw_http.mjs';

const kBuiltPlugins = join(dirname(gatewayBinary()), '../plugins');
// An exec of an instrumented gateway takes its time on a busy machine.
const kLimits = { probe_timeout_ms: 20_000, health_timeout_ms: 5_000 };

// The path of a shipped plugin in this build.
export const builtPlugin = (name) => join(kBuiltPlugins, name);

export class ReloadStage {
  // `plugins`: the shipped ones that are copied into the folder. `configure(configuration)` changes the configuration
  // before the start, see below; `files(stage)` puts more files into place. Ends with exit 0 after the test whose context
  // is given, else after the last one.
  static async start({ plugins = ['openai.so'], configure = () => {}, files = () => {}, env = {}, context } = {}) {
    const stage = new ReloadStage(await FakeUpstream.start());
    for (const name of plugins) stage.install(name, builtPlugin(name));
    await files(stage);
    stage.change(configure);
    stage.gateway = await Gateway.start({
      config: stage.configFile,
      stateDirectory: join(stage.folder, 'state'),
      env,
    }).catch(async (error) => {
      await stage.upstream.stop();
      throw error;
    });
    if (context) context.after(() => stage.end());
    else after(() => stage.end());
    return stage;
  }

  constructor(upstream) {
    this.upstream = upstream;
    this.folder = mkdtempSync(join(tmpdir(), 'sluice-reload-'));
    this.pluginFolder = join(this.folder, 'plugins');
    this.configFile = join(this.folder, 'gateway.yaml');
    for (const name of ['plugins', 'state']) mkdirSync(join(this.folder, name), { mode: 0o700 });
    this.configuration = {
      server: { port: 0, plugin_dir: this.pluginFolder, state_dir: join(this.folder, 'state') },
      reload: { ...kLimits },
      backends: { openai: { plugin: 'openai.so', config: { base_url: upstream.baseUrl, api_key: kUpstreamKey } } },
      middleware: [],
      routes: [{ backend: 'openai' }],
    };
  }

  // The configuration as data, changed and written. JSON is YAML.
  change(edit) {
    edit(this.configuration);
    this.write(JSON.stringify(this.configuration, undefined, 2));
  }

  write(text) {
    writeFileSync(this.configFile, text);
  }

  path(name) {
    return join(this.pluginFolder, name);
  }

  // Puts a file into the plugin folder over the one that is there: the same inode gets other bytes. Returns its path.
  install(name, source) {
    if (Buffer.isBuffer(source)) writeFileSync(this.path(name), source);
    else copyFileSync(source, this.path(name));
    chmodSync(this.path(name), 0o755);
    return this.path(name);
  }

  // `sluice reload`: {code, stdout, stderr}.
  reload(...words) {
    return this.gateway.command('reload', ...words);
  }

  diff() {
    return this.gateway.command('diff');
  }

  // A reload that has to be done. Returns the number of the generation that serves now.
  async reloaded() {
    const result = await this.reload();
    const { generation } = assertDone(result, this.gateway);
    return generation;
  }

  // The value of a metric, 0 where it is not there yet: metric('sluice_reloads_total', { result: 'done' }).
  async metric(name, labels = {}) {
    const { text } = await exchange({ port: join(this.folder, 'state/admin.sock') }, { target: '/metrics' });
    const found = text.split('\n').find((line) => {
      const [, family, list = ''] = /^([a-z_]+)(?:\{(.*)\})? /.exec(line) ?? [];
      return family === name && Object.entries(labels).every(([key, value]) => list.includes(`${key}="${value}"`));
    });
    return found === undefined ? 0 : Number(found.slice(found.lastIndexOf(' ') + 1));
  }

  // Lines of the log with this event, `fields` equal.
  logged(event, fields = {}) {
    return this.gateway.logLines.filter(
      (line) => line.event === event && Object.entries(fields).every(([key, value]) => line[key] === value),
    );
  }

  async end() {
    const exit = await this.gateway.stop();
    await this.upstream.stop();
    rmSync(this.folder, { recursive: true, force: true });
    assert.equal(exit.code, 0, `exit of the gateway: ${JSON.stringify(exit)}\n${this.gateway.output}`);
    assert.deepEqual(this.upstream.failures, [], 'requests the upstream could not parse');
  }
}

// A reload that was done: {generation, was, differences}.
export function assertDone({ code, stdout, stderr }, gateway) {
  assert.equal(code, 0, `exit code of the reload\n${stdout}${stderr}${gateway?.output ?? ''}`);
  const [first, ...differences] = stdout.trimEnd().split('\n');
  const match = /^generation (\d+) serves \(was (\d+)\)$/.exec(first);
  assert.ok(
    match,
    `the first line of a reload that was done: ${JSON.stringify(first)}\n${stderr}${gateway?.output ?? ''}`,
  );
  assert.ok(differences.length > 0, 'a line for every difference');
  return { generation: Number(match[1]), was: Number(match[2]), differences };
}

export function assertUnchanged({ code, stdout, stderr }, generation) {
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `nothing changed: generation ${generation} goes on\n`);
}

// A reload that was refused: the step, the place in the configuration and every word of the reason.
export function assertRefused({ code, stdout, stderr }, { step, path, reasons = [], generation }) {
  assert.equal(code, 1, `exit code of a refused reload\n${stdout}${stderr}`);
  assert.ok(stderr.startsWith(`sluice: reload refused at step ${step}: `), `step ${step}: ${stderr}`);
  assert.match(stderr, path, 'names the place');
  for (const reason of reasons) assert.match(stderr, reason, 'names the reason');
  assert.ok(stderr.trimEnd().endsWith(`generation ${generation} goes on`), `says what serves: ${stderr}`);
}
