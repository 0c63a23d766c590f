import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { LoginRoute } from '../gateway/index.js';
import type { CheckResult, HealthCheck } from '../observe/index.js';
import {
  decodePostMessage,
  receiveResponse,
  transform,
  type IdentityProvider,
  type VerificationKey,
} from '../saml/index.js';
import { canonicalize, parseXml, signEnveloped } from '../xml/index.js';
import type { Application } from './application.js';
import { canaryAddresses, canaryResponse } from './canary-response.js';

/** Milliseconds between two runs. */
const INTERVAL = 30_000;

interface CanaryKey {
  readonly privateKey: KeyObject;
  readonly verification: VerificationKey;
}

/**
 * An identity provider of our own whose response goes the whole way (verify, inject, reissue, sign, and our own
 * verification of what came out) and is never delivered: it finds out that logins would fail before a person does.
 */
export class Canary {
  readonly #application: Application;
  readonly #key = makeKey();
  #last: CheckResult = {
    state: 'fail',
    detail: 'The canary has not run yet.',
    remedy: 'Wait a second: it runs at start.',
  };
  #timer: NodeJS.Timeout | undefined;

  constructor(application: Application) {
    this.#application = application;
  }

  /** Runs once, then every 30 s. */
  async start(): Promise<void> {
    await this.run();
    this.#timer = setInterval(() => void this.run(), this.#application.services.pace?.canary ?? INTERVAL);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  check(): HealthCheck {
    return { name: 'canary', readiness: true, run: () => this.#last };
  }

  /** Never rejects: what goes wrong is the result. */
  async run(): Promise<void> {
    const [route] = this.#application.generation.runtime.routes.values();
    if (route === undefined) {
      this.#last = { state: 'pass', detail: 'No identity provider is enabled, so there is no login to try.' };
      return;
    }
    try {
      await this.#fly(route, this.#key);
      this.#last = { state: 'pass', detail: 'A response of our own went through every step.' };
    } catch (error) {
      const detail = `A response of our own failed: ${error instanceof Error ? error.message : String(error)}`;
      this.#last = {
        state: 'fail',
        detail,
        remedy:
          'Every login would fail alike. Look at what the detail names: the signing key, the limits, the claim rules.',
      };
      this.#application.log.error({ err: error }, 'the canary failed');
    }
  }

  async #fly(route: LoginRoute, key: CanaryKey): Promise<void> {
    const { services, ids, generation } = this.#application;
    const now = services.clock.now();
    const { limits } = generation.runtime;
    const context = { now, limits: limits.xml, findRequest: () => Promise.resolve(null) };
    const assertion = parseXml(Buffer.from(canaryResponse(ids.samlId(), ids.samlId(), now)));
    const signed = await signEnveloped(assertion, { ...SIGNING, privateKey: key.privateKey }, { position: 1 });
    const idp = canaryIdp(route, key.verification);
    const posted = Buffer.from(canonicalize(signed)).toString('base64');
    const login = await receiveResponse(decodePostMessage(posted, limits.messageBytes), idp, route.sp, context);
    const sp = { ...route.sp, encryption: null };
    const outgoing = await transform(
      login,
      { idp, sp, issuing: { ...route.issuing, issuer: 'ours' } },
      { now, ids, random: services.random },
    );
    const { active } = generation.ring;
    const us = receiverOf(route, { publicKey: active.info.publicKey, fingerprint: active.info.fingerprint }, outgoing);
    await receiveResponse(Buffer.from(outgoing.base64, 'base64'), us, sp, context);
  }
}

const SIGNING = { id: 'canary', certificate: '', algorithm: 'ecdsa-sha256' } as const;

/** ECDSA, since to make an RSA key would hold up the start. */
function makeKey(): CanaryKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const fingerprint = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return { privateKey, verification: { publicKey, fingerprint } };
}

/** The first IdP's rules, but for what names the parties and what depends on the IdP's attributes. */
function canaryIdp(route: LoginRoute, key: VerificationKey): IdentityProvider {
  return {
    ...route.idp,
    name: 'canary',
    entityId: canaryAddresses.issuer,
    signingKeys: [key],
    unsolicited: true,
    expected: {
      audience: canaryAddresses.audience,
      recipients: [canaryAddresses.acs],
      destination: canaryAddresses.acs,
    },
    domainKey: route.idp.domainKey === null ? null : { ...route.idp.domainKey, mode: 'inject' },
    claims: [],
    required: { attributes: [], emailNameId: true },
  };
}

/** We in the service provider's place: what must hold of our own response. */
function receiverOf(
  route: LoginRoute,
  key: VerificationKey,
  { destination }: { readonly destination: string },
): IdentityProvider {
  return {
    ...canaryIdp(route, key),
    entityId: route.issuing.entityId,
    expected: {
      audience: route.sp.audience,
      recipients: [route.sp.recipient ?? route.sp.acsUrls[0]],
      destination,
    },
  };
}
