import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kRoot } from '../integration/gateway.mjs';
import { buildAndTest, environmentOf, run, scratchFolder } from './installation.mjs';

const kPackages = join(kRoot, 'build/package');

function packageFile(name) {
  const files = existsSync(kPackages) ? readdirSync(kPackages).filter((file) => file.startsWith(`${name}_`)) : [];
  assert.equal(files.length, 1, `${kPackages}: found ${files.length} files ${name}_*, expected one (tools/package)`);
  return join(kPackages, files[0]);
}

const field = (name, key) => run('dpkg-deb', ['-f', packageFile(name), key]).trim();

// The files of a package with mode and owner, as dpkg-deb lists them.
function contentsOf(name) {
  return run('dpkg-deb', ['-c', packageFile(name)])
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [mode, owner, , , , path] = line.split(/\s+/);
      return { mode, owner, path: path.slice(1) };
    });
}

function unpack(name) {
  const folder = join(scratchFolder(), name);
  run('dpkg-deb', ['-R', packageFile(name), folder]);
  return folder;
}

const gatewayFiles = [
  '/etc/sluice/sluice.yaml',
  '/usr/bin/sluice',
  '/usr/lib/sluice/plugins/auth.so',
  '/usr/lib/sluice/plugins/claude_code.so',
  '/usr/lib/sluice/plugins/echo.so',
  '/usr/lib/sluice/plugins/fault.so',
  '/usr/lib/sluice/plugins/openai.so',
  '/usr/lib/sluice/plugins/ratelimit.so',
  '/usr/lib/systemd/system/sluice.service',
  '/usr/share/doc/sluice/README.md',
  '/usr/share/doc/sluice/examples/echo.yaml',
];
const sdkFiles = [
  '/usr/include/sluice/cpp/plugin.hpp',
  '/usr/include/sluice/ext/backend.h',
  '/usr/include/sluice/plugin.h',
  '/usr/include/sluice/testing/fake_host.hpp',
  '/usr/share/cmake/SluiceSDK/SluiceSDKConfig.cmake',
  '/usr/share/doc/sluice-sdk/TUTORIAL.md',
  '/usr/share/doc/sluice-sdk/html/index.html',
  '/usr/share/doc/sluice-sdk/html/structsluice__exchange__api.html',
  '/usr/share/pkgconfig/sluice-sdk.pc',
  '/usr/share/sluice/templates/cpp-backend/src/my_plugin.cpp',
];

for (const [name, files] of [['sluice', gatewayFiles], ['sluice-sdk', sdkFiles]]) {
  test(`debian: ${name} has its files, all of them root's and nobody else's to write`, () => {
    const contents = contentsOf(name);
    const paths = contents.map(({ path }) => path);
    for (const file of files) assert.ok(paths.includes(file), `${file} in\n${paths.join('\n')}`);
    const odd = contents.filter(({ mode, owner }) => owner !== 'root/root' || /^.....w|^........w/.test(mode));
    assert.deepEqual(odd, []);
  });
}

test('debian: the gateway needs the libraries it is linked to, the SDK no machine', () => {
  for (const library of ['libc6', 'libpoconet80', 'libspdlog1.10', 'adduser']) {
    assert.match(field('sluice', 'Depends'), new RegExp(library.replaceAll('.', '\\.')));
  }
  assert.equal(field('sluice-sdk', 'Architecture'), 'all');
  assert.equal(field('sluice-sdk', 'Depends'), '');
  assert.match(field('sluice', 'Description'), /^LLM gateway/);
});

test('debian: the configuration is kept when it was changed, and its service has a folder of its own', () => {
  const folder = unpack('sluice');
  assert.equal(readFileSync(join(folder, 'DEBIAN/conffiles'), 'utf8'), '/etc/sluice/sluice.yaml\n');
  assert.ok(readFileSync(join(folder, 'etc/sluice/sluice.yaml'), 'utf8').includes('${SLUICE_STATE_DIR:-/var/lib/sluice}'));
  for (const script of ['postinst', 'prerm', 'postrm']) {
    assert.equal(statSync(join(folder, 'DEBIAN', script)).mode & 0o777, 0o755);
    run('sh', ['-n', join(folder, 'DEBIAN', script)]);
  }
});

test('debian: the unpacked gateway checks the configuration it brings', () => {
  const folder = unpack('sluice');
  const env = environmentOf(join(folder, 'usr'), folder, { SLUICE_STATE_DIR: join(folder, 'state') });
  const output = run('sluice', ['check', '--config', join(folder, 'etc/sluice/sluice.yaml')], { env });
  assert.match(output, /sluice\.yaml: ok\n$/);
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test('debian: systemd understands every line of the unit', { skip: hasSystemd ? false : 'no systemd-analyze' }, () => {
  const folder = unpack('sluice');
  const unit = join(folder, 'sluice.service');
  const text = readFileSync(join(folder, 'usr/lib/systemd/system/sluice.service'), 'utf8');
  for (const line of ['ExecReload=/usr/bin/sluice --config /etc/sluice/sluice.yaml reload', 'StateDirectory=sluice']) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  // The program is not installed here: what is unpacked stands for it.
  writeFileSync(unit, text.replaceAll('/usr/bin/sluice', join(folder, 'usr/bin/sluice')));
  const result = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
  assert.equal(result.stderr + result.stdout, '');
  assert.equal(result.status, 0);
});

test('debian: a plugin builds with the unpacked SDK', () => {
  const folder = unpack('sluice-sdk');
  const template = join(folder, 'usr/share/sluice/templates/cpp-backend');
  const prefix = `-DCMAKE_PREFIX_PATH=${join(folder, 'usr')}`;
  buildAndTest(template, join(folder, 'build'), environmentOf('/usr', folder), prefix);
});
