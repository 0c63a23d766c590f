import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import { programVersion, systemClock, systemRandom } from '../shared/index.js';
import type { ApplicationServices } from './services.js';
import { createMetadataFetcher } from './metadata/index.js';

/** Clock, randomness and network of the machine. @param instance names the audit chain */
export function systemServices(instance: string): ApplicationServices {
  return {
    clock: systemClock,
    random: systemRandom,
    elapsed: () => performance.now(),
    fetch: globalThis.fetch,
    fetcher: createMetadataFetcher(),
    version: programVersion(),
    instance,
    host: hostname(),
  };
}
