// Random choices that depend on a seed and on what they are for, and not on when they are made: the same request meets
// the same luck in every run with that seed, however the machine schedules it.

const kFnvOffset = 0x811c9dc5;
const kFnvPrime = 0x01000193;

export class Choices {
  // `what` names the seed and the matter, such as (7, 'client', 12).
  constructor(...what) {
    this.state = kFnvOffset;
    for (const byte of Buffer.from(what.join('/'))) this.state = Math.imul(this.state ^ byte, kFnvPrime) >>> 0;
  }

  // From 0 to below 1 (mulberry32).
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  // A whole number from `least` to `most`.
  between(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability) {
    return this.next() < probability;
  }

  oneOf(list) {
    return list[this.between(0, list.length - 1)];
  }

  // A key of `weights`, each as often as its weight says.
  weighted(weights) {
    const entries = Object.entries(weights);
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return entries.at(-1)[0];
  }
}
