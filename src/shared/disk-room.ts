import { statfsSync } from 'node:fs';
import { GatewayError } from './errors/table.js';

/** What a file system has, in bytes. */
interface Room {
  readonly free: number;
  readonly whole: number;
}

const RESERVE = 33_554_432;
const SMALLEST_SHARE = 0.1;
// The reserve is more than is written in so short a time. Milliseconds.
const SEEN_FOR = 100;

/**
 * Refuses to write before a disk is full. lmdb (3.5) overruns a buffer of its own when the system refuses a write, which
 * may end the process minutes later; so it is not asked to while less than 32 MiB (on a small disk a tenth of it) is
 * free.
 */
export class DiskRoom {
  readonly #path: string;
  readonly #look: (path: string) => Room;
  #room: Room | null = null;
  #seenAt = Number.NEGATIVE_INFINITY;

  constructor(path: string, look: (path: string) => Room = lookAtDisk) {
    this.#path = path;
    this.#look = look;
  }

  /** @throws GatewayError STORE_UNAVAILABLE where too little is free */
  require(): void {
    const now = performance.now();
    if (now - this.#seenAt > SEEN_FOR) {
      this.#room = this.#seen();
      this.#seenAt = now;
    }
    if (this.#room === null) return;
    const { free, whole } = this.#room;
    if (free >= Math.min(RESERVE, whole * SMALLEST_SHARE)) return;
    const detail = `no space left on the disk of ${this.#path}: ${Math.floor(free / 1_024)} KiB are free`;
    throw new GatewayError('STORE_UNAVAILABLE', detail);
  }

  // A file system that does not tell is left to refuse by itself.
  #seen(): Room | null {
    try {
      return this.#look(this.#path);
    } catch {
      return null;
    }
  }
}

function lookAtDisk(path: string): Room {
  const { bavail, blocks, bsize } = statfsSync(path);
  return { free: bavail * bsize, whole: blocks * bsize };
}
