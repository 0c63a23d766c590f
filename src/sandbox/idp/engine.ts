import { createIdSource, systemClock, systemRandom, type Clock, type IdSource } from '../../shared/index.js';
import type { SandboxKeyPair } from '../key-pair.js';
import {
  idpMetadataXml,
  readSpMetadata,
  spMetadataXml,
  type IdpDescription,
  type SpDescription,
} from '../saml-metadata.js';
import {
  IdentityProvider,
  ServiceProvider,
  type IdentityProviderInstance,
  type ServiceProviderInstance,
} from '../samlify.js';
import type {
  AttributeStatement,
  IssuedResponse,
  ResponseVariation,
  SandboxApp,
  SandboxIdpOptions,
  SandboxUser,
  SignedParts,
} from './options.js';
import { PASSWORD_PROTECTED_TRANSPORT, responseXml, ZIVVER_ATTRIBUTES } from './response.js';

/** A registered app, with what its metadata said. */
export interface RegisteredApp {
  readonly label: string;
  readonly provider: SpDescription;
  readonly attributes: readonly AttributeStatement[];
}

const FIVE_MINUTES_MS = 300_000;

/** The test IdP without its HTTP: apps, users, and the making of responses with samlify. */
export class IdpEngine {
  readonly description: IdpDescription;
  readonly metadataXml: string;
  readonly requestPolicy: 'any' | 'signed';
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly users: ReadonlyMap<string, SandboxUser>;
  readonly #apps = new Map<string, RegisteredApp>();
  readonly #identityProvider: IdentityProviderInstance;
  readonly #signing: SignedParts;

  constructor(options: SandboxIdpOptions, publicUrl: string, keyPair: SandboxKeyPair) {
    this.requestPolicy = options.requests ?? 'any';
    this.description = {
      entityId: options.entityId ?? `${publicUrl}/idp`,
      redirectUrl: `${publicUrl}/sso`,
      postUrl: `${publicUrl}/sso`,
      certificates: [keyPair.certificate],
      wantAuthnRequestsSigned: this.requestPolicy === 'signed',
    };
    this.metadataXml = idpMetadataXml(this.description);
    this.clock = options.clock ?? systemClock;
    this.ids = createIdSource(options.random ?? systemRandom);
    this.users = new Map(options.users.map((user) => [user.email.toLowerCase(), user]));
    this.#identityProvider = IdentityProvider({ metadata: this.metadataXml, privateKey: keyPair.privateKey });
    this.#signing = options.signing ?? 'both';
    for (const app of options.apps) this.register(app);
  }

  register(app: SandboxApp): void {
    const provider: SpDescription =
      'metadata' in app
        ? readSpMetadata(app.metadata)
        : {
            entityId: app.entityId,
            acsUrl: app.acsUrl,
            certificates: [],
            authnRequestsSigned: false,
            wantAssertionsSigned: true,
          };
    this.#apps.set(provider.entityId, {
      label: app.label,
      provider,
      attributes: app.attributes ?? ZIVVER_ATTRIBUTES,
    });
  }

  get apps(): readonly RegisteredApp[] {
    return [...this.#apps.values()];
  }

  findApp(entityId: string): RegisteredApp | undefined {
    return this.#apps.get(entityId);
  }

  findUser(email: string): SandboxUser | undefined {
    return this.users.get(email.toLowerCase());
  }

  async issue(email: string, variation: ResponseVariation = {}): Promise<IssuedResponse> {
    const user = this.findUser(email);
    if (user === undefined) throw new Error(`the test IdP knows no ${email}`);
    const app = variation.app === undefined ? this.apps[0] : this.findApp(variation.app);
    if (app === undefined) throw new Error(`the test IdP knows no app ${variation.app ?? ''}`);
    const xml = this.#document(user, app, variation);
    const signed = await this.#identityProvider.createLoginResponse(
      recipientFor(app.provider, variation.signing ?? this.#signing),
      { extract: {} },
      'post',
      {},
      { customTagReplacement: () => ({ id: '', context: xml }) },
    );
    return {
      samlResponse: signed.context,
      acsUrl: app.provider.acsUrl,
      ...(variation.relayState === undefined ? {} : { relayState: variation.relayState }),
    };
  }

  #document(user: SandboxUser, app: RegisteredApp, variation: ResponseVariation): string {
    const issuedAt = this.clock.now();
    return responseXml({
      responseId: this.ids.samlId(),
      assertionId: this.ids.samlId(),
      issuer: this.description.entityId,
      user,
      attributes: variation.attributes ?? app.attributes,
      audience: variation.audience ?? app.provider.entityId,
      destination: variation.destination ?? app.provider.acsUrl,
      recipient: variation.recipient ?? app.provider.acsUrl,
      inResponseTo: variation.inResponseTo ?? null,
      authnContextClassRef: variation.authnContextClassRef ?? PASSWORD_PROTECTED_TRANSPORT,
      issuedAt,
      notBefore: variation.notBefore ?? issuedAt - FIVE_MINUTES_MS,
      notOnOrAfter: variation.notOnOrAfter ?? issuedAt + FIVE_MINUTES_MS,
    });
  }
}

/** samlify decides what to sign by what the receiver's metadata and settings ask for. */
function recipientFor(provider: SpDescription, signing: SignedParts): ServiceProviderInstance {
  return ServiceProvider({
    metadata: spMetadataXml({ ...provider, wantAssertionsSigned: signing !== 'response' }),
    wantMessageSigned: signing !== 'assertion',
  });
}
