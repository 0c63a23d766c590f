import type { Logger } from 'pino';
import type { OpenSegment } from '../observe/index.js';
import type { Clock, RandomBytes } from '../shared/index.js';
import type { MetadataFetcher, MetadataTiming } from './metadata/index.js';

/** What an application is given from outside. */
export interface ApplicationServices {
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** A clock for durations, ms; never set back. */
  readonly elapsed: () => number;
  readonly fetch: typeof fetch;
  readonly fetcher: MetadataFetcher;
  readonly version: string;
  /** Names this process's audit chain, the same after a restart: `serve`, `serve-1`, `worker`. */
  readonly instance: string;
  /** Name of this machine. */
  readonly host: string;
  readonly log?: Logger;
  /** How often things happen in the background; by default as each part of the program has it. */
  readonly pace?: Pace;
  /** How a file of the audit log is opened, where not on the machine's file system. */
  readonly openAuditSegment?: OpenSegment;
}

/** All in milliseconds. */
export interface Pace {
  /** Between two runs of the canary. */
  readonly canary?: number;
  /** Between two signs of life of the worker, and looks whether a paused tenant can go on. */
  readonly workerBeat?: number;
  readonly metadata?: Partial<MetadataTiming>;
}
