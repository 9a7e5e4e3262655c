// The upstreams of a run: `upstreams.mjs '{"seed": 1, "names": ["a", "b"], "notes": "FILE"}'`. Prints their ports as one
// line of JSON; at the end of its input it writes what each request met to the file, a line each, prints its counts and ends.
import { writeFileSync } from 'node:fs';
import { ChaoticUpstream } from './chaotic_upstream.mjs';

const { seed, names, notes } = JSON.parse(process.argv[2]);
const entries = [];
const upstreams = names.map((name) => new ChaoticUpstream({ name, seed, note: (entry) => entries.push(entry) }));
await Promise.all(upstreams.map((upstream) => upstream.start()));
console.log(JSON.stringify(Object.fromEntries(upstreams.map(({ name, port }) => [name, port]))));

process.stdin.resume();
await new Promise((resolve) => process.stdin.once('close', resolve));
const restarts = upstreams.reduce((sum, upstream) => sum + upstream.restarts, 0);
writeFileSync(notes, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
console.log(JSON.stringify({ requests: entries.length, restarts }));
process.exit(0);
