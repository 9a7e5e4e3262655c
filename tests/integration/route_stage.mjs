// The set-up of tests about routes: a gateway with one route or several, and two upstreams behind it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FakeUpstream } from './fake_upstream.mjs';
import { Gateway, gatewayBinary, kUpstreamKey } from './gateway.mjs';

const kPlugins = join(dirname(gatewayBinary()), '../plugins');

export class RouteStage {
  // `route`: keys of the one route, whose target is "main" unless it says otherwise. `routes`: all of them instead, as
  // they are. `backends` adds to the two there are, `more` to the configuration. Ends after the test of `context`.
  static async start({ context, route = {}, routes, more = {}, backends = (upstreams) => upstreams }) {
    const stage = new RouteStage();
    [stage.main, stage.spare] = await Promise.all([FakeUpstream.start(), FakeUpstream.start()]);
    stage.folder = mkdtempSync(join(tmpdir(), 'sluice-route-'));
    const state = join(stage.folder, 'state');
    mkdirSync(state, { mode: 0o700 });
    const backend = (upstream) => ({ plugin: 'openai.so', config: { base_url: upstream.baseUrl, api_key: kUpstreamKey } });
    const target = 'targets' in route || 'backend' in route ? {} : { backend: 'main' };
    stage.config = join(stage.folder, 'gateway.yaml');
    stage.document = {
      server: { port: 0, plugin_dir: kPlugins, state_dir: state },
      backends: backends({ main: backend(stage.main), spare: backend(stage.spare) }),
      routes: routes ?? [{ ...target, ...route }],
      ...more,
    };
    stage.rewrite(() => {});
    context.after(() => stage.end());
    stage.gateway = await Gateway.start({ config: stage.config, stateDirectory: state });
    return stage;
  }

  // Changes the configuration file.
  rewrite(change) {
    change(this.document);
    writeFileSync(this.config, JSON.stringify(this.document));
  }

  async end() {
    const exit = await this.gateway?.stop();
    await Promise.all([this.main.stop(), this.spare.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
    if (exit) assert.equal(exit.code, 0, this.gateway.output);
  }
}
