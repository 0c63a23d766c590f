import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { ZivverStandInOptions } from './options.js';
import { startZivverStandIn } from './stand-in.js';

/** What a stand-in in a process of its own says of itself: the one line of JSON that it prints. */
export interface StandInAnnouncement {
  readonly url: string;
  readonly entityId: string;
  readonly acsUrl: string;
  readonly metadataUrl: string;
  readonly scimUrl: string;
  readonly controlUrl: string;
}

/**
 * Runs a stand-in until the signal: starts it with its control endpoint open, writes a StandInAnnouncement as one line
 * of JSON, and resolves when it has closed. Rejects where it cannot start, as with a port that is taken.
 */
export async function runZivverStandIn(
  options: ZivverStandInOptions,
  output: Writable,
  stop: AbortSignal,
): Promise<void> {
  const standIn = await startZivverStandIn({ ...options, controlPort: options.controlPort ?? 0 });
  const { url, entityId, acsUrl, metadataUrl, scimUrl, controlUrl } = standIn;
  output.write(`${JSON.stringify({ url, entityId, acsUrl, metadataUrl, scimUrl, controlUrl })}\n`);
  if (!stop.aborted) await once(stop, 'abort');
  await standIn.close();
}
