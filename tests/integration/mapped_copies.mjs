// Code of plugins as the kernel shows it: the files that a process has mapped executable.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

// The paths of the private copies of a plugin whose code is mapped, each once. A copy is called
// NAME.<sha256>.<pid>.<number>.so.
export function mappedCopies(pid, plugin) {
  const paths = new Set();
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, path] = /^\S+ ..x. \S+ \S+ \S+ +(.+)$/.exec(line) ?? [];
    if (path && basename(path).startsWith(`${plugin}.`)) paths.add(path);
  }
  return [...paths];
}
