// An installation of the build in a folder of its own, and what is run in it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gatewayBinary } from '../integration/gateway.mjs';

const kStepLimitMs = 240_000;
const kBuildFolder = resolve(dirname(gatewayBinary()), '..');

const scratchFolders = [];
process.on('exit', () => scratchFolders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// A folder that is removed when the process ends.
export function scratchFolder() {
  scratchFolders.push(mkdtempSync(join(tmpdir(), 'sluice-package-')));
  return scratchFolders.at(-1);
}

// Where the gateway and the SDK of `prefix` are found first, then the compilers of the distribution, which are those that
// plugins are promised to build with, and nothing of the caller's is taken up.
export function environmentOf(prefix, home, more = {}) {
  const kept = ['CARGO_HOME', 'RUSTUP_HOME', 'CCACHE_DIR'].filter((name) => process.env[name] !== undefined);
  return {
    PATH: `${join(prefix, 'bin')}:/usr/bin:/bin:${process.env.PATH}`,
    HOME: home,
    LC_ALL: 'C.UTF-8',
    CMAKE_BUILD_PARALLEL_LEVEL: '2',
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    ...more,
  };
}

// Runs a program to its end and gives its output; throws with all it wrote if it fails.
export function run(program, args, options = {}) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', timeout: kStepLimitMs, ...options });
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')}: ${error.message}\n${error.stdout ?? ''}\n${error.stderr ?? ''}`);
  }
}

// Installs everything, and gives the folder.
export function install() {
  const prefix = join(scratchFolder(), 'installed');
  run('cmake', ['--install', kBuildFolder, '--prefix', prefix]);
  return prefix;
}

// Builds the repository `source` and runs its tests, in the folder `build`.
export function buildAndTest(source, build, environment, ...options) {
  run('cmake', ['-S', source, '-B', build, ...options], { env: environment });
  run('cmake', ['--build', build], { env: environment });
  run('ctest', ['--test-dir', build, '--output-on-failure', '--no-tests=error'], { env: environment });
}
