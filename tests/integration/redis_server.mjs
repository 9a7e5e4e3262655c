// A real Redis server of the test's own: a free loopback port, a folder of its own, ended by its process id.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const kProgram = 'redis-server';
const kStartLimitMs = 5000;

const running = new Set();
process.on('exit', () => {
  for (const server of running) server.removeAll();
});

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class RedisServer {
  // Persistent: what it acknowledged is there again after kill() and restart().
  static async start() {
    const server = new RedisServer(await freePort());
    running.add(server);
    await server.restart();
    return server;
  }

  constructor(port) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
  }

  // On the same port, with the data it had.
  async restart() {
    const settings = ['--port', this.port, '--bind', '127.0.0.1', '--dir', this.folder, '--save', '', '--appendonly'];
    this.child = spawn(kProgram, [...settings.map(String), 'yes'], { stdio: 'ignore' });
    this.exited = new Promise((resolve) => {
      this.child.on('error', resolve);
      this.child.on('exit', resolve);
    });
    const deadline = performance.now() + kStartLimitMs;
    while ((await this.ask('PING').catch(() => '')) !== '+PONG') {
      if (performance.now() > deadline) throw new Error(`no ${kProgram} on port ${this.port} (Debian: redis-server)`);
      await delay(20);
    }
  }

  // It goes on accepting connections, as the kernel does that, and answers nothing.
  pause() {
    this.child.kill('SIGSTOP');
  }

  resume() {
    this.child.kill('SIGCONT');
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async stop() {
    running.delete(this);
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  removeAll() {
    this.child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  // One inline command; resolves to the first line of the answer.
  ask(command) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, '127.0.0.1', () => socket.write(`${command}\r\n`));
      socket.setTimeout(1000, () => socket.destroy(new Error('no answer')));
      socket.on('error', reject);
      socket.once('data', (data) => {
        resolve(data.toString('latin1').split('\r\n', 1)[0]);
        socket.destroy();
      });
    });
  }
}
