// What a reload takes over: routes, chain, limits, secrets, plugin files; and what it leaves alone.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { chain } from './chain.mjs';
import { ChatLoad, answerLoad } from './chat_load.mjs';
import { assertGone, programProcesses } from './claude_stage.mjs';
import { assertError } from './contract.mjs';
import { craft, rebuilt } from './crafted_plugin.mjs';
import { eventually } from './gateway.mjs';
import { bearer } from './managed_keys.mjs';
import { chatCompletion, chatRequest } from './openai_shapes.mjs';
import { argumentsOf, descendantsOf, identityOf } from './process_table.mjs';
import { chat, RawConnection, requestBytes } from './raw_http.mjs';
import { assertDone, assertRefused, assertUnchanged, builtPlugin, ReloadStage } from './reload_stage.mjs';
import { ScriptedCli } from './scripted_cli.mjs';
import { json } from './upstream_steps.mjs';

const kKey = 'sk-of-a-client-4c1d9e7a20b5';
const kRateLimited = { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' };
const kAllPlugins = ['openai.so', 'echo.so', 'ratelimit.so', 'auth.so'];

async function staged(context, configure, options = {}) {
  const stage = await ReloadStage.start({ plugins: kAllPlugins, configure, context, ...options });
  stage.upstream.answer(json(chatCompletion('from the upstream')));
  return stage;
}

const ask = (stage, model = 'gpt-4o-mini', headers = {}) => chat(stage.gateway, chatRequest({ model }), headers);

async function textOf(stage, model, headers) {
  const response = await ask(stage, model, headers);
  assert.equal(response.status, 200, response.text);
  return response.json.choices[0].message.content;
}

const withEcho = (configuration) => {
  configuration.backends.echo = { plugin: 'echo.so' };
  configuration.routes = [{ match: { model: 'echo' }, backend: 'echo' }, { backend: 'openai' }];
};

// ---- how it is asked for

test('reload: SIGHUP takes over the configuration', async (t) => {
  const stage = await staged(t);
  stage.change(withEcho);
  stage.gateway.signal('SIGHUP');
  await stage.gateway.logLine(({ event }) => event === 'reload_done', 20_000);
  assert.equal(await textOf(stage, 'echo'), 'Say hello.');
  assert.equal(await stage.metric('sluice_generation'), 2);
});

test('reload: without a change the generation goes on', async (t) => {
  const stage = await staged(t);
  assertUnchanged(await stage.reload(), 1);
  assertUnchanged(await stage.reload('--dry-run'), 1);
  const { code, stdout } = await stage.diff();
  assert.deepEqual([code, stdout.split('\n').filter((line) => line.includes('openai'))], [0, []]);
  assert.equal(await stage.metric('sluice_reloads_total', { result: 'unchanged' }), 1);
  assert.equal(await stage.metric('sluice_reloads_total', { result: 'done' }), 0);
  assert.equal(await stage.metric('sluice_generation'), 1);
});

test('reload: a dry run says what would change and changes nothing', async (t) => {
  const stage = await staged(t);
  stage.change(withEcho);
  const announced = await stage.diff();
  assert.equal(announced.code, 1);
  assert.match(announced.stdout, /echo/);
  const tried = await stage.reload('--dry-run');
  assert.equal(tried.code, 0, tried.stderr);
  assert.match(tried.stdout, /echo/);
  assert.equal(await textOf(stage, 'echo'), 'from the upstream');
  assert.equal(await stage.metric('sluice_generation'), 1);
  assert.equal(await stage.reloaded(), 2);
  assert.equal(await textOf(stage, 'echo'), 'Say hello.');
});

test('reload: of four that are asked for at once one is done and the others find nothing', async (t) => {
  const stage = await staged(t);
  stage.change(withEcho);
  const results = await Promise.all(Array.from({ length: 4 }, () => stage.reload()));
  assert.deepEqual(
    results.map(({ code }) => code),
    [0, 0, 0, 0],
    JSON.stringify(results),
  );
  const done = results.filter(({ stdout }) => stdout.startsWith('generation 2 serves'));
  const unchanged = results.filter(({ stdout }) => stdout === 'nothing changed: generation 2 goes on\n');
  assert.deepEqual([done.length, unchanged.length], [1, 3], JSON.stringify(results));
});

// ---- what it takes over

test('reload: routes come and go', async (t) => {
  const stage = await staged(t);
  const gone = { match: { model: 'gone' }, error: { code: 'backend_unavailable', message: 'No longer here.' } };
  assert.equal(await textOf(stage, 'gone'), 'from the upstream');
  stage.change((configuration) => configuration.routes.unshift(gone));
  await stage.reloaded();
  assertError(await ask(stage, 'gone'), { status: 503, code: 'backend_unavailable' });
  stage.change((configuration) => configuration.routes.shift());
  await stage.reloaded();
  assert.equal(await textOf(stage, 'gone'), 'from the upstream');
});

test('reload: a backend that is taken out is let go', async (t) => {
  const stage = await staged(t, withEcho);
  assert.equal(await textOf(stage, 'echo'), 'Say hello.');
  stage.change((configuration) => {
    delete configuration.backends.echo;
    configuration.routes = [{ backend: 'openai' }];
  });
  await stage.reloaded();
  await stage.gateway.logLine(({ event, plugin }) => event === 'plugin_closed' && plugin === 'echo', 10_000);
  assert.equal(await textOf(stage, 'echo'), 'from the upstream');
});

test('reload: the order of the chain changes, and what the limits counted stays', async (t) => {
  const limits = { address: { requests: 1, window_ms: 3_600_000 } };
  const auth = { require: 'always', keys: [{ name: 'client', key: kKey }] };
  const inOrder = (first, second) => (configuration) =>
    (configuration.middleware = [...chain(first), ...chain(second)]);
  const stage = await staged(t, inOrder({ ...limits }, { auth }));
  assertError(await ask(stage), { status: 401, type: 'authentication_error' });
  assertError(await ask(stage), kRateLimited);
  stage.change(inOrder({ auth }, { ...limits }));
  await stage.reloaded();
  assertError(await ask(stage), { status: 401, type: 'authentication_error' });
  assertError(await ask(stage, undefined, bearer(kKey)), kRateLimited);
});

test('reload: a limit that changes goes on from what was counted', async (t) => {
  const withRequests = (requests) => (configuration) =>
    (configuration.middleware = chain({ address: { requests, window_ms: 3_600_000 } }));
  const stage = await staged(t, withRequests(2));
  for (const _ of [1, 2]) assert.equal((await ask(stage)).status, 200);
  assertError(await ask(stage), kRateLimited);
  stage.change(withRequests(4));
  await stage.reloaded();
  for (const _ of [3, 4]) assert.equal((await ask(stage)).status, 200);
  assertError(await ask(stage), kRateLimited);
});

test('reload: a secret in a file is read anew', async (t) => {
  let secret;
  const stage = await staged(t, undefined, {
    files: (place) => {
      secret = join(place.folder, 'upstream.key');
      writeFileSync(secret, 'sk-upstream-before-1f6e\n', { mode: 0o600 });
      place.configuration.backends.openai.config.api_key = `file:${secret}`;
    },
  });
  await ask(stage);
  assert.equal(stage.upstream.lastRequest.headers.get('authorization'), 'Bearer sk-upstream-before-1f6e');
  assertUnchanged(await stage.reload(), 1);
  writeFileSync(secret, 'sk-upstream-after-93ab\n');
  const difference = await stage.diff();
  assert.equal(difference.code, 1, difference.stderr);
  const result = await stage.reload();
  assertDone(result, stage.gateway);
  await ask(stage);
  assert.equal(stage.upstream.lastRequest.headers.get('authorization'), 'Bearer sk-upstream-after-93ab');
  const shown = difference.stdout + result.stdout + stage.gateway.stdout;
  assert.ok(!/sk-upstream-(before|after)/.test(shown), 'no secret is shown');
});

test('reload: a plugin file written over in place is taken, and the next answer is its', async (t) => {
  const versions = [await craft({ CRAFTED_TEXT: '"one"' }), await craft({ CRAFTED_TEXT: '"two"' })];
  const stage = await staged(
    t,
    (configuration) => {
      configuration.backends = { crafted: { plugin: 'crafted.so' } };
      configuration.routes = [{ backend: 'crafted' }];
    },
    { plugins: [], files: (place) => place.install('crafted.so', versions[0]) },
  );
  for (let swap = 1; swap <= 6; ++swap) {
    stage.install('crafted.so', versions[swap % 2]);
    assert.equal(await textOf(stage), ['one', 'two'][(swap - 1) % 2], 'before the reload the old code answers');
    assert.equal(await stage.reloaded(), swap + 1);
    assert.equal(await textOf(stage), ['one', 'two'][swap % 2]);
  }
  await eventually(
    'six closed libraries',
    () => stage.logged('plugin_closed', { plugin: 'crafted' }).length === 6,
    20_000,
  );
});

test('reload: once it has returned, every connection that is open already meets the new generation', async (t) => {
  const stage = await staged(t, withEcho);
  const connections = await Promise.all(Array.from({ length: 16 }, () => RawConnection.open(stage.gateway.port)));
  t.after(() => connections.forEach((connection) => connection.close()));
  const post = requestBytes({ method: 'POST', target: '/v1/chat/completions', body: chatRequest({ model: 'echo' }) });
  const askAll = () =>
    Promise.all(
      connections.map(async (connection) => {
        await connection.send(post);
        return (await connection.response()).json.choices[0].message.content;
      }),
    );
  const all = (text) => Array.from({ length: connections.length }, () => text);
  assert.deepEqual(await askAll(), all('Say hello.'));
  for (let round = 0; round < 5; ++round) {
    stage.change((configuration) => configuration.routes.shift());
    await stage.reloaded();
    assert.deepEqual(await askAll(), all('from the upstream'));
    stage.change(withEcho);
    await stage.reloaded();
    assert.deepEqual(await askAll(), all('Say hello.'));
  }
});

// ---- what it leaves alone

test('reload: an instance that did not change is kept, with its connections', async (t) => {
  const stage = await staged(t, withEcho);
  await ask(stage);
  const { connection } = stage.upstream.lastRequest;
  stage.install('echo.so', await rebuilt(builtPlugin('echo.so'), 'other'));
  await stage.reloaded();
  await ask(stage);
  assert.equal(stage.upstream.lastRequest.connection, connection, 'the connection to the upstream is the same');
  assert.equal(stage.logged('plugin_loaded', { plugin: 'openai' }).length, 1);
  assert.equal(stage.logged('plugin_loaded', { plugin: 'echo' }).length, 2);
  assert.equal(await textOf(stage, 'echo'), 'Say hello.');
  assert.equal(stage.logged('plugin_closed', { plugin: 'openai' }).length, 0);
});

test('reload: processes that are kept warm stay the same', async (t) => {
  const cli = new ScriptedCli();
  t.after(() => cli.remove());
  const stage = await staged(
    t,
    (configuration) => {
      withEcho(configuration);
      configuration.backends.claude = {
        plugin: 'claude_code.so',
        config: { cli_path: cli.path, default_model: 'sonnet', warm_processes: { sonnet: 1 } },
      };
    },
    { plugins: [...kAllPlugins, 'claude_code.so'] },
  );
  const warm = () => programProcesses(stage.gateway).map(identityOf);
  await eventually('a warm process', () => warm().length === 1, 20_000);
  const before = warm();
  stage.install('echo.so', await rebuilt(builtPlugin('echo.so'), 'warm'));
  await stage.reloaded();
  stage.change((configuration) => (configuration.backends.openai.config.warm_connections = 1));
  await stage.reloaded();
  await textOf(stage, 'echo');
  assert.deepEqual(warm(), before);
});

// ---- what it refuses of a configuration

// Each keeps server.state_dir readable: by it the command finds the gateway that has to refuse the file.
const kRefused = [
  ['text that is no YAML', ({ server }) => `server: ${JSON.stringify(server)}\nbackends: {openai: [`, /:\d+|line \d+/i, []],
  ['an unknown key', () => ({ extra_key: 1 }), /extra_key/, [/unknown/i]],
  ['an unknown backend', () => ({ routes: [{ backend: 'opnai' }] }), /routes\[0\]\.backend/, [/opnai/, /openai/]],
  ['a wrong type', ({ server }) => ({ server: { ...server, port: 'many' } }), /server\.port/, [/many/]],
];
test('reload: a configuration that is wrong is refused with its place, and the next good one is taken', async (t) => {
  const stage = await staged(t, withEcho);
  for (const [name, wrong, path, reasons] of kRefused) {
    const change = wrong(stage.configuration);
    const text = typeof change === 'string' ? change : JSON.stringify({ ...stage.configuration, ...change });
    stage.write(text);
    assertRefused(await stage.reload(), { step: 'config', path, reasons, generation: 1 });
    assert.equal(await textOf(stage, 'echo'), 'Say hello.', name);
    assert.notEqual((await stage.diff()).code, 0, name);
  }
  stage.change((configuration) => configuration.routes.shift());
  assert.equal(await stage.reloaded(), 2);
});

test('reload: a value that only the plugin can judge is refused with its place', async (t) => {
  const stage = await staged(t);
  stage.change((configuration) => (configuration.backends.openai.config.base_url = 'gopher://upstream'));
  const result = await stage.reload();
  assert.equal(result.code, 1, result.stdout);
  assert.match(result.stderr, /backends\.openai/);
  assert.match(result.stderr, /base_url/);
  assert.equal((await ask(stage)).status, 200);
});

// ---- with the gateway's end

test('reload: one that is asked for while the gateway ends does not keep it', async (t) => {
  const stage = await staged(t);
  let end;
  stage.upstream.answer(async (exchange) => {
    await new Promise((resolve) => (end = resolve));
    await json(chatCompletion('late'))(exchange);
  });
  const answer = ask(stage);
  await stage.upstream.request();
  stage.change(withEcho);
  stage.gateway.signal('SIGTERM');
  await stage.gateway.logLine(({ event }) => event === 'draining');
  const result = await stage.reload();
  stage.gateway.signal('SIGHUP');
  end();
  assert.equal((await answer).json.choices[0].message.content, 'late');
  assert.equal((await stage.gateway.exited).code, 0, stage.gateway.output);
  assert.equal(result.code, 1, `${result.stdout}${result.stderr}`);
});

test('reload: the end of the gateway does not wait for a plugin that is being tried', async (t) => {
  const stage = await staged(t, (configuration) => {
    configuration.reload.probe_timeout_ms = 60_000;
    configuration.server.timeouts = { shutdown_ms: 2000 };
  });
  stage.install('hanging.so', await craft({ CRAFTED_AT_CREATE: 'hang()' }));
  stage.change((configuration) => (configuration.backends.hanging = { plugin: 'hanging.so' }));
  const reload = stage.reload();
  const trials = () => descendantsOf(stage.gateway.pid).filter((pid) => argumentsOf(pid).includes('--probe'));
  await eventually('a trial that runs', () => trials().length > 0, 20_000);
  const running = trials().map(identityOf);
  const began = performance.now();
  const exit = await stage.gateway.stop();
  assert.equal(exit.code, 0, stage.gateway.output);
  assert.ok(performance.now() - began < 12_000, 'the gateway ended in time');
  assert.notEqual((await reload).code, 0);
  await assertGone(running);
});

// ---- under clients that leave

test('reload: twenty of them while clients leave in the middle keep all other answers whole', async (t) => {
  const stage = await staged(t, withEcho);
  answerLoad(stage.upstream);
  const load = ChatLoad.start(stage.gateway, { clients: 4, pauseMs: 10 });
  let isOver = false;
  const leaving = (async () => {
    for (let turn = 0; !isOver; ++turn) {
      const connection = await RawConnection.open(stage.gateway.port);
      const body = chatRequest({ messages: [{ role: 'user', content: `leaves ${turn}` }], stream: turn % 2 === 0 });
      await connection.send(requestBytes({ method: 'POST', target: '/v1/chat/completions', body }));
      if (turn % 3 !== 0) await connection.responseHead();
      if (turn % 2 === 0) connection.reset();
      else connection.close();
      await delay(10);
    }
  })();
  const builds = [builtPlugin('openai.so'), await rebuilt(builtPlugin('openai.so'), 'leaving')];
  for (let swap = 1; swap <= 20; ++swap) {
    stage.install('openai.so', builds[swap % 2]);
    assert.equal(await stage.reloaded(), swap + 1);
  }
  isOver = true;
  await leaving;
  await load.stop();
});
