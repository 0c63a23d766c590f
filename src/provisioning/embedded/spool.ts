import type { Clock } from '../../shared/index.js';
import type { QueuedJob } from '../job.js';
import { EmbeddedDatabase, nextSequence } from './database.js';

export interface SpooledJob {
  readonly place: number;
  readonly job: QueuedJob;
  /** Milliseconds from now until the job is due. */
  readonly delay: number;
}

/** Jobs that could not be put on the queue, in the order of their logins, on this machine's disk. */
export interface Spool {
  /** Nothing happens when the account's job is there already. */
  add(job: QueuedJob, delay: number): Promise<void>;
  /** The oldest ones. */
  first(limit: number): SpooledJob[];
  remove(places: readonly number[]): Promise<void>;
  depth(): number;
  /** Claims the right to flush for `lifetime` milliseconds, so that one process of the machine does at a time. */
  claimFlush(lifetime: number): Promise<boolean>;
  releaseFlush(): Promise<void>;
  close(): Promise<void>;
}

/** Opens (or makes) the spool in a directory. Throws `STORE_UNAVAILABLE`. */
export function createSpool(options: { readonly path: string; readonly clock: Clock }): Spool {
  const { clock } = options;
  const database = new EmbeddedDatabase(options.path);
  const flushing: [string, string] = ['flushing', ''];
  return {
    async add(job, delay) {
      await database.write((tables) => {
        if (tables.spooled.doesExist(job.id)) return;
        const place = nextSequence(tables);
        tables.spool.putSync(place, { ...job, due: clock.now() + delay });
        tables.spooled.putSync(job.id, place);
      });
    },
    first: (limit) =>
      database.read((tables) => [
        ...tables.spool.getRange({ limit }).map(({ key: place, value: { due, ...job } }) => ({
          place,
          job,
          delay: Math.max(0, due - clock.now()),
        })),
      ]),
    async remove(places) {
      await database.write((tables) => {
        for (const place of places) {
          const row = tables.spool.get(place);
          if (row !== undefined) tables.spooled.removeSync(row.id);
          tables.spool.removeSync(place);
        }
      });
    },
    depth: () => database.read((tables) => tables.spool.getKeysCount()),
    claimFlush: (lifetime) =>
      database.write((tables) => {
        const now = clock.now();
        const until = tables.marks.get(flushing) ?? 0;
        if (until > now && until <= now + lifetime) return false;
        tables.marks.putSync(flushing, now + lifetime);
        return true;
      }),
    async releaseFlush() {
      await database.write((tables) => tables.marks.removeSync(flushing));
    },
    close: () => database.close(),
  };
}
