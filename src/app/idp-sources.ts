import type { GatewayConfig, IdpConfig } from '../config/index.js';
import { withinTime } from '../observe/index.js';
import type { IdpMetadata } from '../saml/index.js';
import type { Clock } from '../shared/index.js';
import { idpMetadataSource } from './idp-metadata.js';
import type { LiveMetadata, MetadataFetcher, MetadataStatus, MetadataTiming } from './metadata/index.js';

export interface IdpSourceServices {
  readonly clock: Clock;
  readonly fetcher: MetadataFetcher;
  readonly metadataTiming?: Partial<MetadataTiming>;
  /** Told when the metadata of an IdP changes. */
  readonly onMetadata: (status: MetadataStatus) => void;
}

interface Held {
  /** What of the configuration the source was made of. */
  readonly made: string;
  readonly live: LiveMetadata<IdpMetadata>;
  readonly inherited: boolean;
}

/**
 * What keeps the metadata of one generation's IdPs current. An IdP whose settings did not change hands its source on
 * to the next generation: a reload neither fetches again nor forgets a document that could not be written to the disk.
 */
export class IdpSources {
  readonly #held: ReadonlyMap<string, Held>;

  constructor(
    config: Pick<GatewayConfig, 'dataDirectory'>,
    idps: readonly IdpConfig[],
    services: IdpSourceServices,
    before: IdpSources | null,
  ) {
    this.#held = new Map(
      idps.flatMap((idp): [string, Held][] => {
        const made = whatItIsMadeOf(config, idp);
        const old = before === null ? undefined : before.#held.get(idp.name);
        if (old?.made === made) return [[idp.name, { ...old, inherited: true }]];
        const live = idpMetadataSource(config, idp, services, services.onMetadata);
        return live === null ? [] : [[idp.name, { made, live, inherited: false }]];
      }),
    );
  }

  get(name: string): LiveMetadata<IdpMetadata> | undefined {
    return this.#held.get(name)?.live;
  }

  /** Starts those that no earlier generation has started. Does not wait for the network. */
  async start(): Promise<void> {
    await Promise.all([...this.#held.values()].filter(({ inherited }) => !inherited).map(({ live }) => live.start()));
  }

  /** Resolves when each new source has been asked once, or after `limit` milliseconds. */
  async firstAnswers(limit: number): Promise<void> {
    const waiting = [...this.#held.values()].filter(({ inherited, live }) => !inherited && live.current() === null);
    if (waiting.length === 0) return;
    const asked = Promise.all(waiting.map(({ live }) => live.refresh()));
    await withinTime(asked, limit).catch(() => undefined);
  }

  /** @param next goes on with what it has inherited; null stops all */
  async stop(next: IdpSources | null): Promise<void> {
    const kept = new Set(next === null ? [] : [...next.#held.values()].map(({ live }) => live));
    const ended = [...this.#held.values()].filter(({ live }) => !kept.has(live));
    await Promise.all(ended.map(({ live }) => live.stop()));
  }
}

function whatItIsMadeOf({ dataDirectory }: Pick<GatewayConfig, 'dataDirectory'>, idp: IdpConfig): string {
  const { metadata, entityId, signature } = idp;
  return JSON.stringify([dataDirectory, metadata, entityId, signature]);
}
