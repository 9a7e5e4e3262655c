// A host that does not finish TCP handshakes: its listen queue is full and nobody accepts. Whoever connects waits.
import { spawn } from 'node:child_process';
import net from 'node:net';

const kListener = `
  const server = require('node:net').createServer();
  server.listen(0, '127.0.0.1', 1, () => {
    require('node:fs').writeSync(1, server.address().port + '\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120000);
    process.exit();
  });`;

export class UnacceptingUpstream {
  static async start() {
    const child = spawn(process.execPath, ['-e', kListener], { stdio: ['ignore', 'pipe', 'inherit'] });
    process.once('exit', () => child.kill('SIGKILL'));
    const port = await new Promise((resolve, reject) => {
      child.stdout.once('data', (text) => resolve(Number(String(text).trim())));
      child.once('exit', () => reject(new Error('the listener ended')));
    });
    const upstream = new UnacceptingUpstream(child, port);
    await upstream.#fillQueue();
    return upstream;
  }

  constructor(child, port) {
    this.child = child;
    this.port = port;
    this.fillers = [];
  }

  get baseUrl() {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  // Connects until an attempt stays open-ended.
  async #fillQueue() {
    for (let index = 0; index < 16; ++index) {
      const socket = net.connect(this.port, '127.0.0.1');
      socket.on('error', () => {});
      this.fillers.push(socket);
      const isConnected = await new Promise((resolve) => {
        socket.once('connect', () => resolve(true));
        setTimeout(() => resolve(false), 150);
      });
      if (!isConnected) return;
    }
    throw new Error('the listen queue does not fill up on this system');
  }

  stop() {
    for (const socket of this.fillers) socket.destroy();
    this.child.kill('SIGKILL');
  }
}
