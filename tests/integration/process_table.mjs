// Processes as /proc shows them: whose children they are, and what they were started with.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const readOr = (path, otherwise) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
};

// Fields of /proc/PID/stat behind the name, which may hold blanks: state, parent, …; undefined when it is gone.
function statOf(pid) {
  const text = readOr(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

export function isAlive(pid) {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

// A name for a process that is not given to another one: an id is, after a while.
export function identityOf(pid) {
  return `${pid}/${statOf(pid)?.[19]}`;
}

// Living children of a process and their children.
export function descendantsOf(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name) && isAlive(name)) parents.set(Number(name), Number(statOf(name)?.[1]));
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found.slice(1);
}

export function zombiesOf(pid) {
  return readdirSync('/proc').filter((name) => {
    const stat = /^\d+$/.test(name) ? statOf(name) : undefined;
    return stat?.[0] === 'Z' && Number(stat[1]) === pid;
  });
}

const zeroSeparated = (text) => text.split('\0').slice(0, -1);

export function argumentsOf(pid) {
  return zeroSeparated(readOr(`/proc/${pid}/cmdline`, ''));
}

export function environmentOf(pid) {
  return Object.fromEntries(
    zeroSeparated(readOr(`/proc/${pid}/environ`, '')).map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

export function workingFolderOf(pid) {
  return readlinkSync(`/proc/${pid}/cwd`);
}

// [number, target] of every open descriptor.
export function descriptorsOf(pid) {
  return readdirSync(`/proc/${pid}/fd`).flatMap((number) => {
    try {
      return [[Number(number), readlinkSync(`/proc/${pid}/fd/${number}`)]];
    } catch {
      return []; // closed meanwhile
    }
  });
}

export function statusOf(pid) {
  return Object.fromEntries(
    readOr(`/proc/${pid}/status`, '')
      .split('\n')
      .map((line) => line.split(/:\s+/)),
  );
}
