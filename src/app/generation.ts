import { configurationFingerprint, type GatewayConfig, type IdpConfig } from '../config/index.js';
import type { GatewayRuntime, LoginRoute } from '../gateway/index.js';
import { loadKeyRing, type KeyRing } from '../keys/index.js';
import { createAccountNames, deriveRedactionKey } from '../observe/index.js';
import { createSealer, type Provisioner, type Sealer, type TenantSettings } from '../provisioning/index.js';
import type { IdpMetadata } from '../saml/index.js';
import type { RandomBytes } from '../shared/index.js';
import type { StateStore } from '../state/index.js';
import { IdpSources, type IdpSourceServices } from './idp-sources.js';
import { readKeyMaterial } from './key-material.js';
import type { LiveMetadata } from './metadata/index.js';
import { loginRoute, signingKey } from './policy/route.js';
import { workingTenants } from './tenants.js';
import { readTls, type TlsFiles } from './tls.js';

/** What one generation shares with the next. */
export interface GenerationServices extends IdpSourceServices {
  readonly random: RandomBytes;
  readonly state: StateStore;
  readonly provisioner: Provisioner;
}

/**
 * One configuration in force, and everything that was made of it. A reload makes another one beside it and swaps the
 * two, so that a fault in the new one leaves this one untouched.
 */
export class Generation {
  readonly config: GatewayConfig;
  readonly fingerprint: string;
  /** Changes with the content of the key files, which the configuration only names. */
  readonly keyMaterial: string;
  readonly ring: KeyRing;
  /** Of the public listener; null where it does not terminate TLS. */
  readonly tls: TlsFiles | null;
  readonly sealer: Sealer;
  readonly #services: GenerationServices;
  readonly #sources: IdpSources;
  #runtime: GatewayRuntime;

  /**
   * @param before hands on what a reload need not make anew
   * @throws GatewayError KEY_* where a key file cannot be read or does not fit
   */
  constructor(config: GatewayConfig, services: GenerationServices, before: Generation | null = null) {
    this.config = config;
    this.fingerprint = configurationFingerprint(config);
    this.keyMaterial = readKeyMaterial(config);
    this.tls = readTls(config.listen.tls);
    this.ring = loadKeyRing(config.signing, config.decryption.keys);
    this.sealer = createSealer(config.dataKeys, services.random);
    this.#services = services;
    this.#sources = new IdpSources(config, this.idps, services, before === null ? null : before.#sources);
    this.#runtime = this.#compile();
  }

  /** Takes the metadata that is at hand and begins to keep it current; does not wait for the network. */
  async start(): Promise<void> {
    await this.#sources.start();
  }

  /** Waits, `limit` milliseconds at most, for the metadata of IdPs that have none at hand. */
  async firstMetadata(limit: number): Promise<void> {
    await this.#sources.firstAnswers(limit);
  }

  /** @param next the generation that takes over; null where none does */
  async stop(next: Generation | null = null): Promise<void> {
    await this.#sources.stop(next === null ? null : next.#sources);
  }

  /** Takes up the metadata as it is now. */
  refresh(): void {
    this.#runtime = this.#compile();
  }

  /** What a request that begins now works with. */
  get runtime(): GatewayRuntime {
    return this.#runtime;
  }

  /** Those that take logins. */
  get idps(): readonly IdpConfig[] {
    return this.config.idps.filter(({ enabled }) => enabled);
  }

  metadataOf(name: string): LiveMetadata<IdpMetadata> | undefined {
    return this.#sources.get(name);
  }

  /** Those that the worker works for. */
  get tenants(): readonly TenantSettings[] {
    return workingTenants(this.config.idps);
  }

  #compile(): GatewayRuntime {
    const { config, ring } = this;
    const redactionKey = deriveRedactionKey(config.dataKeys.current.bytes.reveal());
    const { xml, body, message, requestLifetime, rate } = config.limits;
    return {
      publicUrl: config.publicUrl,
      routes: new Map(this.idps.map((idp) => [idp.name, this.#route(idp)])),
      store: this.#services.state,
      sealer: this.sealer,
      limits: {
        bodyBytes: body,
        messageBytes: message,
        xml: {
          maxDepth: xml.depth,
          maxElements: xml.elements,
          maxAttributes: xml.attributes,
          maxNamespaceName: xml.namespaceName,
        },
        requestLifetime,
        rate,
      },
      missingCookie: config.missingCookie,
      metadata: {
        signingCertificates: ring.published.map(({ certificate }) => certificate),
        decryptionCertificates: ring.encryptionCertificates.map(({ base64 }) => base64),
        validFor: config.metadata.validFor,
        key: config.metadata.sign ? signingKey(ring.active) : null,
      },
      accountNames: createAccountNames(config.logging.accountNames, redactionKey),
      redactionKey,
    };
  }

  #route(idp: IdpConfig): LoginRoute {
    return loginRoute(this.config, idp, {
      ring: this.ring,
      metadata: this.#sources.get(idp.name)?.current()?.metadata ?? null,
      provisioner: this.#services.provisioner,
    });
  }
}
