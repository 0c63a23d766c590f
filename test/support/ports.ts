import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below those that Linux gives out by itself, so that no connection and no listener at port 0 takes one in between. */
const FROM = 20_000;
const TO = 32_768;

/** Another address of the loopback interface: who listens there on a port has the right to it at 127.0.0.1. */
const RIGHT_HOLDER = '127.0.0.2';

/**
 * Ports of 127.0.0.1, one after the other, that are free, for programs that must be told one. As long as this process
 * lives no other test takes them, so a program may also be stopped and started again on its port.
 */
export async function freePorts(count: number): Promise<number[]> {
  for (;;) {
    const first = randomInt(FROM, TO - count);
    const ports = Array.from({ length: count }, (_, at) => first + at);
    if (await takeAll(ports)) return ports;
  }
}

async function takeAll(ports: readonly number[]): Promise<boolean> {
  const rights: Server[] = [];
  for (const port of ports) {
    const right = await listenAt(RIGHT_HOLDER, port);
    if (right !== null) rights.push(right);
    if (right === null || !(await isFree(port))) {
      for (const each of rights) each.close();
      return false;
    }
  }
  for (const right of rights) right.unref();
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const server = await listenAt('127.0.0.1', port);
  if (server === null) return false;
  server.close();
  await once(server, 'close');
  return true;
}

/** Null where somebody else listens. */
async function listenAt(host: string, port: number): Promise<Server | null> {
  const server = createServer().listen(port, host);
  return once(server, 'listening').then(
    () => server,
    () => null,
  );
}
