import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kRoot } from '../integration/gateway.mjs';
import { buildAndTest, environmentOf, install, run, scratchFolder } from './installation.mjs';

const prefix = install();
const home = scratchFolder();
const environment = environmentOf(prefix, home);
const kTemplates = join(prefix, 'share/sluice/templates');

test('installation: the gateway finds its configuration and its plugins', () => {
  assert.match(run('sluice', ['check'], { env: environment, cwd: home }), /etc\/sluice\/sluice\.yaml: ok\n$/);
});

test('installation: the SDK has no path of the source tree in it', () => {
  const files = ['include', 'share'].flatMap((folder) =>
    readdirSync(join(prefix, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  );
  assert.ok(files.length > 80, `${files.length} files`);
  assert.deepEqual(files.filter((file) => readFileSync(file).includes(kRoot)), []);
});

test('installation: an SDK that was moved is found, and a plugin builds with it', () => {
  const folder = scratchFolder();
  const moved = join(folder, 'moved');
  renameSync(install(), moved);
  const template = join(moved, 'share/sluice/templates/cpp-middleware');
  buildAndTest(template, join(folder, 'build'), environmentOf('/usr', folder), `-DCMAKE_PREFIX_PATH=${moved}`);
  const manifest = run('sluice', ['plugin', 'inspect', join(folder, 'build/my-plugin.so')], { env: environment });
  assert.match(manifest, /my-plugin[^]*0\.1\.0[^]*middleware/);
});

test('installation: an SDK of another major version is not taken', () => {
  const folder = scratchFolder();
  writeFileSync(
    join(folder, 'CMakeLists.txt'),
    'cmake_minimum_required(VERSION 3.16)\nproject(p LANGUAGES NONE)\nfind_package(SluiceSDK 2.0 CONFIG REQUIRED)\n',
  );
  const result = spawnSync('cmake', ['-S', folder, '-B', join(folder, 'build')], { env: environment, encoding: 'utf8' });
  assert.notEqual(result.status, 0);
  assert.match(result.stderr, /SluiceSDKConfig\.cmake, version: 1\.0\.0/);
});

test('installation: pkg-config gives what a plugin needs that is built without CMake', () => {
  const folder = scratchFolder();
  const env = { ...environment, PKG_CONFIG_PATH: join(prefix, 'share/pkgconfig') };
  const pkgConfig = (...words) => run('pkg-config', [...words, 'sluice-sdk'], { env }).trim();
  const plugin = join(folder, 'plugin.so');
  const map = pkgConfig('--variable=plugin_map');
  run('gcc', [
    ...['-shared', '-fPIC', '-std=c11', '-Wall', '-Wextra', '-Werror', ...pkgConfig('--cflags').split(' ')],
    ...[`-Wl,--version-script=${map}`, '-Wl,-z,now', join(kTemplates, 'c-backend/src/my_plugin.c'), '-o', plugin],
  ]);
  run('sh', [pkgConfig('--variable=check_plugin'), plugin]);
});

test('installation: sluice in the PATH is enough for CMake to find the SDK beside it', () => {
  const folder = join(scratchFolder(), 'build');
  mkdirSync(folder);
  run('cmake', ['-S', join(kTemplates, 'c-middleware'), '-B', folder], { env: environment });
  assert.ok(readFileSync(join(folder, 'CMakeCache.txt'), 'utf8').includes(`SluiceSDK_DIR:PATH=${prefix}/share/cmake/SluiceSDK`));
});
