import { Cluster, type Redis } from 'ioredis';
import type { Clock } from '../shared/index.js';

/**
 * By how many milliseconds the clock of Redis is ahead of ours; of several masters the one that differs most. Null where
 * TIME is denied.
 */
export async function redisClockDifference(connection: Redis | Cluster, clock: Clock): Promise<number | null> {
  const servers = connection instanceof Cluster ? connection.nodes('master') : [connection];
  const found = await Promise.all(servers.map((server) => differenceOf(server, clock)));
  const known = found.filter((difference) => difference !== null);
  return known.sort((a, b) => Math.abs(b) - Math.abs(a))[0] ?? null;
}

async function differenceOf(server: Redis, clock: Clock): Promise<number | null> {
  const asked = clock.now();
  try {
    const [seconds, microseconds] = await server.time();
    // It looked at its clock somewhere between question and answer.
    return Math.round(Number(seconds) * 1_000 + Number(microseconds) / 1_000 - (asked + clock.now()) / 2);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return null;
    throw error;
  }
}
