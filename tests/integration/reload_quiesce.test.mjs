// Reloads of a plugin that owns what only one instance can have: here a TCP port.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { craft } from './crafted_plugin.mjs';
import { chatRequest } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { assertRefused, ReloadStage } from './reload_stage.mjs';

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const port = await freePort();

const build = (name, flags = {}) =>
  craft({ PORT_OWNER_PORT: port, PORT_OWNER_NAME: `"${name}"`, ...flags }, { source: 'port_owner.cpp' });

async function staged(t, first) {
  return ReloadStage.start({
    context: t,
    plugins: [],
    files: (place) => place.install('owner.so', first),
    configure: (configuration) => {
      configuration.backends = { owner: { plugin: 'owner.so' } };
      configuration.routes = [{ backend: 'owner' }];
    },
  });
}

async function say(stage) {
  const response = await chat(stage.gateway, chatRequest());
  assert.equal(response.status, 200, response.text);
  return response.json.choices[0].message.content;
}

async function isListening() {
  const socket = net.connect(port, '127.0.0.1');
  const outcome = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).catch((error) => [error]);
  socket.destroy();
  return !(outcome[0] instanceof Error);
}

test('quiesce: the next instance gets the port that the last one had', async (t) => {
  const stage = await staged(t, await build('first'));
  assert.equal(await say(stage), 'first has the port');
  for (const name of ['second', 'third']) {
    stage.install('owner.so', await build(name));
    await stage.reloaded();
    assert.equal(await say(stage), `${name} has the port`);
    assert.equal(await isListening(), true);
  }
});

test('quiesce: where the next instance cannot be made the last one takes its port again', async (t) => {
  const stage = await staged(t, await build('first'));
  stage.install('owner.so', await build('wanting', { PORT_OWNER_REFUSES: null }));
  const refused = { step: 'create', path: /backends\.owner/, reasons: [/wants more/], generation: 1 };
  assertRefused(await stage.reload(), refused);
  assert.equal(await say(stage), 'first has the port');
  assert.equal(await isListening(), true);
  stage.install('owner.so', await build('second'));
  await stage.reloaded();
  assert.equal(await say(stage), 'second has the port');
});

test('quiesce: where another instance cannot be made the port goes back, too', async (t) => {
  const stage = await staged(t, await build('first'));
  const refuses = 'if ((host->flags & SLUICE_HOST_PROBE) == 0) return refuse(errors, "no such colour")';
  stage.install('other.so', await craft({ CRAFTED_AT_CREATE: refuses }));
  stage.install('owner.so', await build('second'));
  stage.change((configuration) => (configuration.backends.other = { plugin: 'other.so' }));
  const refused = { step: 'create', path: /backends\.other/, reasons: [/no such colour/], generation: 1 };
  assertRefused(await stage.reload(), refused);
  assert.equal(await say(stage), 'first has the port');
  assert.equal(await isListening(), true);
});

test('quiesce: a dry run and a trial leave the port where it is', async (t) => {
  const stage = await staged(t, await build('first'));
  stage.install('owner.so', await build('second'));
  const dry = await stage.reload('--dry-run');
  assert.equal(dry.code, 0, dry.stderr);
  assert.equal(await say(stage), 'first has the port');
  assert.equal(await isListening(), true);
});

test('quiesce: one that cannot let go ends the reload and keeps its port', async (t) => {
  const stage = await staged(t, await build('clinging', { PORT_OWNER_CLINGS: null }));
  stage.install('owner.so', await build('second'));
  const result = await stage.reload();
  assert.equal(result.code, 1, result.stdout);
  assert.match(result.stderr, /backends\.owner.*it clings to the port/);
  assert.match(result.stderr, /generation 1 goes on/);
  assert.equal(await say(stage), 'clinging has the port');
  assert.equal(await isListening(), true);
});
