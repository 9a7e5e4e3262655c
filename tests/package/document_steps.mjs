// Runs the commands of a document: its blocks marked `sh`, in order, in one shell. A block marked `text` right behind one
// of them is what it writes; `…` stands for anything within a line, a line of it alone for any lines. A block marked
// `sh fails` ends with another exit code than 0.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from './installation.mjs';

const kBlock = /^```(sh(?: fails)?)\n([^]*?)^```\n(?:^```text\n([^]*?)^```\n)?/gm;

export function stepsOf(markdown) {
  return [...markdown.matchAll(kBlock)].map(([, mark, commands, output]) => ({
    commands,
    output,
    fails: mark === 'sh fails',
  }));
}

function patternOf(output) {
  const shown = output.trimEnd();
  const lines = (shown === '' ? [] : shown.split('\n')).map((line) => {
    if (line === '…') return '(?:.*\n)*';
    return `${line.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')}\n`;
  });
  return new RegExp(`^${lines.join('')}$`);
}

// What is wrong with what a step has done, or nothing.
export function faultOf(step, { exitCode, output }) {
  const found = `\n${step.commands}--- exit code ${exitCode}, output:\n${output}`;
  if (exitCode === undefined) return `a command failed:${found}`;
  if (step.fails !== (exitCode !== 0)) return `expected the commands to ${step.fails ? 'fail' : 'succeed'}:${found}`;
  if (step.output !== undefined && !patternOf(step.output).test(output)) {
    return `the document shows another output:${found}--- expected:\n${step.output}`;
  }
  return undefined;
}

// The shell stays the same from block to block, with its folder, its variables and its jobs. A command that fails in a
// block that should not ends the shell.
function scriptOf(steps, folder) {
  const lines = steps.map((step, index) => {
    const file = join(folder, `step_${index}`);
    writeFileSync(file, step.commands);
    return `set ${step.fails ? '+' : '-'}e\nsource ${file} >${file}.out 2>&1\necho $? >${file}.exit\n`;
  });
  return `cd "$HOME"\n${lines.join('')}`;
}

const textOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

// Runs the steps in a new home folder. `environment(home)` is the shell's. Throws at the first fault.
export async function runSteps(steps, environment, limitMs = 200_000) {
  const folder = scratchFolder();
  const home = join(folder, 'home');
  mkdirSync(home);
  const script = join(folder, 'script');
  writeFileSync(script, scriptOf(steps, folder));
  // A process group of its own, so that nothing that was begun in it is left.
  const shell = spawn('bash', [script], { env: environment(home), stdio: 'ignore', detached: true });
  const endGroup = () => {
    try {
      process.kill(-shell.pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
  };
  const timer = setTimeout(endGroup, limitMs);
  process.once('exit', endGroup);
  await new Promise((resolve) => shell.once('close', resolve));
  clearTimeout(timer);
  process.off('exit', endGroup);
  endGroup();
  steps.forEach((step, index) => {
    const exit = textOf(join(folder, `step_${index}.exit`));
    const output = textOf(join(folder, `step_${index}.out`));
    const fault = faultOf(step, { exitCode: exit === '' ? undefined : Number(exit), output });
    if (fault !== undefined) throw new Error(`block ${index + 1}: ${fault}`);
  });
}
