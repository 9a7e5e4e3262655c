// The bytes a socket delivers, readable by marker or by count.
import { performance } from 'node:perf_hooks';

export class ByteQueue {
  constructor(socket) {
    this.first = Buffer.alloc(0);
    this.parts = [];
    this.length = 0; // bytes that wait to be taken
    this.isEnded = false; // FIN, reset or close
    this.wake = () => {};
    socket.on('data', (data) => {
      this.parts.push(data);
      this.length += data.length;
      this.wake();
    });
    this.ended = new Promise((resolve) => {
      const end = (error) => {
        this.isEnded = true;
        this.error ??= error instanceof Error ? error : undefined;
        this.wake();
        resolve();
      };
      socket.on('end', () => end());
      socket.on('error', end);
      socket.on('close', () => end());
    });
  }

  // The bytes up to and with the marker; undefined when the peer ended before it; throws after `limitMs`.
  async until(marker, limitMs = Infinity) {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const at = this.#join().indexOf(marker);
      if (at >= 0) return this.#take(at + marker.length);
      if (!(await this.#more(deadline))) return undefined;
    }
  }

  // Exactly this many bytes; undefined when the peer ended before; throws after `limitMs`.
  async exactly(length, limitMs = Infinity) {
    const deadline = performance.now() + limitMs;
    while (this.length < length) {
      if (!(await this.#more(deadline))) return undefined;
    }
    this.#join();
    return this.#take(length);
  }

  // Everything up to the end of the connection.
  async rest(limitMs = Infinity) {
    const deadline = performance.now() + limitMs;
    while (await this.#more(deadline));
    this.#join();
    return this.#take(this.length);
  }

  preview() {
    return JSON.stringify(this.#join().subarray(0, 200).toString('latin1'));
  }

  // True when more bytes arrived, false at the end of the connection.
  async #more(deadline) {
    const before = this.length;
    while (this.length === before) {
      if (this.isEnded) return false;
      const remaining = deadline - performance.now();
      if (remaining <= 0) throw new Error(`nothing more from the peer in time; so far: ${this.preview()}`);
      await this.#news(remaining);
    }
    return true;
  }

  async #news(limitMs) {
    let timer;
    await new Promise((resolve) => {
      this.wake = resolve;
      if (limitMs !== Infinity) timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
  }

  #join() {
    if (this.parts.length > 0) this.first = Buffer.concat([this.first, ...this.parts.splice(0)]);
    return this.first;
  }

  #take(length) {
    const taken = this.first.subarray(0, length);
    this.first = this.first.subarray(length);
    this.length -= length;
    return taken;
  }
}
