// Plugin files made for one test: built from the sources in crafted/, or a good one with some bytes changed.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kRoot } from './gateway.mjs';

const kCompiler = process.env.CXX ?? 'g++';
const kSources = join(kRoot, 'tests/integration/crafted');
const kSdk = join(kRoot, 'sdk');
const kBuildLimitMs = 300_000;
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'sluice-crafted-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// Builds a source of crafted/ and returns the path of the file. `macros` are the source's, `{ CRAFTED_TEXT: '"a"' }`;
// null defines one without a value. What was built before in this process is not built again.
export async function craft(macros = {}, { source = 'crafted_plugin.cpp', linkOptions = [] } = {}) {
  const definitions = Object.entries(macros).map(([name, value]) =>
    value === null ? `-D${name}` : `-D${name}=${value}`,
  );
  const name = createHash('sha256')
    .update(JSON.stringify([source, definitions, linkOptions]))
    .digest('hex')
    .slice(0, 16);
  const file = join(folder, `${name}.so`);
  if (existsSync(file)) return file;
  const map = join(kSdk, 'cmake/sluice_plugin.map');
  await run(
    kCompiler,
    [
      ...[
        '-std=c++20',
        '-O0',
        '-fPIC',
        '-shared',
        '-fvisibility=hidden',
        '-fno-gnu-unique',
        `-I${join(kSdk, 'include')}`,
      ],
      ...definitions,
      ...[join(kSources, source), '-o', file, `-Wl,--version-script=${map}`, '-Wl,-z,now', '-Wl,-z,relro'],
      ...['-Wl,--build-id', ...linkOptions],
    ],
    { timeout: kBuildLimitMs },
  );
  return file;
}

// A copy of the file that differs in nothing but its bytes, as another build of the same source does.
export async function rebuilt(file, mark) {
  const text = join(folder, `mark-${mark}`);
  writeFileSync(text, `build ${mark}`);
  const target = join(folder, `${createHash('sha256').update(file).digest('hex').slice(0, 16)}-${mark}.so`);
  await run('objcopy', ['--add-section', `.mark=${text}`, file, target], { timeout: kBuildLimitMs });
  return target;
}

// ---- bytes of a file, changed

const kElfMachineAt = 18;
const kNoteOwner = Buffer.from('sluice\0');
const kManifestType = 1;

export function withMachine(bytes, machine) {
  const changed = Buffer.from(bytes);
  changed.writeUInt16LE(machine, kElfMachineAt);
  return changed;
}

// `fields`: magic, abiMajor, minHostMinor. See sdk/include/sluice/manifest.h for the order.
export function withManifest(bytes, fields) {
  const changed = Buffer.from(bytes);
  const at = manifestAt(changed);
  const offsets = { magic: 0, abiMajor: 4, abiMinor: 8, minHostMinor: 12 };
  for (const [name, value] of Object.entries(fields)) changed.writeUInt32LE(value, at + offsets[name]);
  return changed;
}

// Where the descriptor of the note begins: behind its header and its owner, eight bytes with their padding.
function manifestAt(bytes) {
  for (let at = bytes.indexOf(kNoteOwner); at >= 0; at = bytes.indexOf(kNoteOwner, at + 1))
    if (at >= 4 && bytes.readUInt32LE(at - 4) === kManifestType) return at + 8;
  throw new Error('no manifest in the file');
}

export const bytesOf = (file) => readFileSync(file);
