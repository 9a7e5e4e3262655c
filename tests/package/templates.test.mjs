import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Gateway, kRoot } from '../integration/gateway.mjs';
import { buildAndTest, environmentOf, install, run, scratchFolder } from './installation.mjs';

const prefix = install();
process.env.SLUICE_BINARY = join(prefix, 'bin/sluice');

const hasCargo = spawnSync('cargo', ['--version'], { env: environmentOf(prefix, scratchFolder()) }).status === 0;

// Why a template cannot be built here, or false.
function reasonToSkip(language, kind) {
  if (!existsSync(join(kRoot, 'sdk/templates', `${language}-${kind}`))) return 'this tree has no such template';
  return language === 'rust' && !hasCargo ? 'no cargo' : false;
}

function newPlugin(...words) {
  const folder = scratchFolder();
  const environment = environmentOf(prefix, folder);
  run('sluice', ['plugin', 'new', 'first-one', ...words, '--dir', 'repository'], { cwd: folder, env: environment });
  return { repository: join(folder, 'repository'), environment };
}

function build(language, repository, environment) {
  if (language === 'rust') {
    const sdk = join(prefix, 'share/sluice');
    run('sh', ['find_sdk'], { cwd: repository, env: { ...environment, SLUICE_SDK: sdk } });
    run('cargo', ['test', '--offline'], { cwd: repository, env: environment });
    run('cargo', ['build', '--release', '--offline'], { cwd: repository, env: environment });
  } else {
    buildAndTest(repository, join(repository, 'build'), environment);
  }
}

async function chat(gateway, model, stream) {
  const response = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-team': 'blue' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'good morning' }] }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return { response, text };
}

for (const kind of ['backend', 'middleware']) {
  for (const language of ['cpp', 'c', 'rust']) {
    test(`templates: a new ${kind} in ${language} builds, passes its tests and serves`, { skip: reasonToSkip(language, kind) }, async () => {
      const { repository, environment } = newPlugin('--kind', kind, '--lang', language);
      build(language, repository, environment);
      const config = join(repository, 'gateway.yaml');
      writeFileSync(config, readFileSync(config, 'utf8').replace(/port: .*/, 'port: 0'));
      const gateway = await Gateway.start({ config, env: { PWD: repository } });
      try {
        const model = kind === 'backend' ? 'first-one' : 'echo';
        const whole = await chat(gateway, model, false);
        assert.ok(JSON.parse(whole.text).choices[0].message.content.length > 0, whole.text);
        const stream = await chat(gateway, model, true);
        assert.match(stream.text, /"finish_reason":"stop"[^]*data: \[DONE\]\n\n$/);
        const models = await (await fetch(`${gateway.baseUrl}/models`, { headers: { 'x-team': 'blue' } })).json();
        assert.deepEqual(models.data.map(({ id }) => id), [model]);
      } finally {
        assert.equal((await gateway.stop()).code, 0);
      }
    });
  }
}

test('templates: the tests of a new plugin fail when its code is wrong', () => {
  const { repository, environment } = newPlugin('--kind', 'backend', '--lang', 'c');
  const source = join(repository, 'src/first_one.c');
  writeFileSync(source, readFileSync(source, 'utf8').replace('Hello from', 'Goodbye from'));
  assert.throws(() => buildAndTest(repository, join(repository, 'build'), environment), /FAILED: the text is in the answer/);
});

function refused(...words) {
  const folder = scratchFolder();
  return spawnSync('sluice', ['plugin', 'new', ...words], { cwd: folder, env: environmentOf(prefix, folder), encoding: 'utf8' });
}

for (const [what, words, code, message] of [
  ['a name with a capital', ['Hello'], 1, /^sluice plugin new: name: found "Hello", expected a letter/],
  ['an unknown kind', ['a', '--kind', 'filter'], 1, /--kind: found "filter", expected one of backend, middleware/],
  ['an unknown language', ['a', '--lang', 'go'], 1, /--lang: found "go", expected one of cpp, c, rust/],
  ['a folder that exists', ['a', '--dir', '/tmp'], 1, /\/tmp: exists already/],
  ['a folder in one that does not exist', ['a', '--dir', '/nonexistent/a'], 1, /\/nonexistent\/a: cannot be made: No such/],
  ['no name', [], 2, /NAME is required; expected NAME \[--kind/],
  ['an unknown option', ['a', '--colour', 'blue'], 2, /--colour/],
]) {
  test(`templates: ${what} is refused`, () => {
    const result = refused(...words);
    assert.equal(result.status, code, result.stderr);
    assert.match(result.stderr, message);
    assert.equal(result.stdout, '');
  });
}
