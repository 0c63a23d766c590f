import { isDeepStrictEqual } from 'node:util';
import {
  decodePostMessage,
  decodeRedirectMessage,
  defaultMessageLimit,
  parseMetadata,
  readResponseInput,
  receiveAuthnRequest,
  receiveResponse,
  transform,
  type AskedFor,
  type AuthnRequest,
  type IdentityProvider,
  type VerificationKey,
  type VerifiedLogin,
} from '../../src/saml/index.js';
import { canonicalize, defaultXmlLimits, parseXml } from '../../src/xml/index.js';
import {
  decryptionKeys,
  NOW,
  testContext,
  testIdp,
  testIssuing,
  testServices,
  testSp,
  ZIVVER_ACS,
} from '../support/saml-parties.js';

/** An entry point that takes what anybody may send. */
export interface Target {
  readonly name: string;
  /** What the input led to, as a short text; throws GatewayError for a refusal. */
  run(input: Uint8Array, world: World): Promise<string>;
}

/** What is true outside the input. */
export interface World {
  readonly idpKeys: readonly VerificationKey[];
  readonly spKeys: readonly VerificationKey[];
  /** What the identity provider said, ever; a login that says anything else is forged. */
  readonly said: ReadonlySet<string>;
}

/** An accepted input that says what nobody signed. */
export class Forgery extends Error {}

export const SSO = 'https://sso.example.org/saml/okta/sso';

export function receiverOf({ idpKeys }: Pick<World, 'idpKeys'>): IdentityProvider {
  return testIdp({
    signingKeys: idpKeys,
    decryptionKeys: [decryptionKeys().privateKey],
    encryption: { allowCbc: true, allowUnsignedCbc: true },
  });
}

/** All of a login that a signature vouches for. */
export function statementOf(login: VerifiedLogin): string {
  return JSON.stringify([login.nameId, login.attributes, login.replayKey, canonicalize(login.assertion)]);
}

const issuing = testIssuing();
const sp = testSp();

async function deliver(input: Uint8Array, world: World): Promise<string> {
  const idp = receiverOf(world);
  const login = await receiveResponse(input, idp, sp, testContext());
  if (!world.said.has(statementOf(login))) throw new Forgery('A response is accepted that nobody signed.');
  const { attributesOut } = await transform(login, { idp, sp, issuing }, testServices());
  return `accepted with ${attributesOut.length} attributes`;
}

const REQUEST_CONTEXT = { destination: SSO, now: NOW, limits: defaultXmlLimits };

/** The one request that the service provider ever signed. */
export const SIGNED_REQUEST: AskedFor & { readonly id: string } = {
  id: '_request',
  forceAuthn: true,
  isPassive: false,
  nameIdPolicy: { format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', allowCreate: true },
  requestedAuthnContext: { comparison: 'minimum', classRefs: ['urn:a'], declRefs: [] },
};

function refuseForged(request: AuthnRequest): void {
  const expected = { ...SIGNED_REQUEST, acsUrl: ZIVVER_ACS, signed: true };
  if (!isDeepStrictEqual({ ...request }, expected)) throw new Forgery('A request is accepted that nobody signed.');
}

const text = (input: Uint8Array) => Buffer.from(input).toString('utf8');

export const targets: readonly Target[] = [
  { name: 'receiveResponse', run: deliver },
  {
    name: 'parseXml',
    run: (input) => {
      const root = parseXml(input);
      const canonical = canonicalize(root);
      // What canonicalization writes is the same document.
      if (canonicalize(parseXml(Buffer.from(canonical))) !== canonical) throw new Forgery('A document that changes.');
      return Promise.resolve('parsed');
    },
  },
  {
    name: 'decodePostMessage',
    run: (input) => {
      const bytes = decodePostMessage(text(input), defaultMessageLimit);
      return Promise.resolve(bytes.length > 0 ? 'decoded' : 'nothing');
    },
  },
  {
    name: 'readResponseInput',
    run: (input) => Promise.resolve(readResponseInput(text(input)).length > 0 ? 'read' : 'nothing'),
  },
  {
    name: 'decodeRedirectMessage',
    run: async (input, world) => {
      const message = decodeRedirectMessage(text(input), 'SAMLRequest', defaultMessageLimit);
      const keyed = testSp({ requests: { ...testSp().requests, signingKeys: world.spKeys } });
      const request = await receiveAuthnRequest(message, keyed, REQUEST_CONTEXT);
      if (request.signed) refuseForged(request);
      return `request, signed: ${request.signed}`;
    },
  },
  {
    name: 'receiveAuthnRequest',
    run: async (input, world) => {
      const keyed = testSp({ requests: { ...testSp().requests, signature: 'required', signingKeys: world.spKeys } });
      const message = { bytes: input, signature: null };
      refuseForged(await receiveAuthnRequest(message, keyed, REQUEST_CONTEXT));
      return 'request';
    },
  },
  {
    name: 'parseMetadata',
    run: async (input) => {
      const metadata = await parseMetadata(input, { entityId: null, now: NOW, signature: null });
      return `metadata with ${metadata.signingKeys.length} keys`;
    },
  },
];
