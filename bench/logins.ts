import { receiveResponse, transform, type IdentityProvider, type VerifiedLogin } from '../src/saml/index.js';
import {
  ACCOUNT_KEY,
  decryptionKeys,
  idpKeys,
  testContext,
  testIdp,
  testIssuing,
  testRequest,
  testResponse,
  testServices,
  testSp,
} from '../test/support/saml-parties.js';
import { signedResponse, type Shape } from '../test/support/saml-response.js';
import type { Subject } from './measure.js';

type Sealed = 'response' | 'assertion' | 'both';

export interface LoginKind {
  readonly shape: Shape;
  readonly attributes: number;
  readonly encrypted?: boolean;
  /** What the identity provider signs; by default what the shape signs. */
  readonly signed?: Sealed;
  /** What we sign. */
  readonly sign: 'assertion' | 'both';
}

/** With so many attributes a response of Okta's shape with two signatures has 8 KB. */
export const ATTRIBUTES_OF_8_KB = 6;

export interface Login {
  readonly kind: LoginKind;
  readonly bytes: Buffer;
  /** RSA operations that it contains: of ours, and of the identity provider's that are verified. */
  readonly signatures: number;
  readonly verifications: number;
  receive(): Promise<VerifiedLogin>;
  /** The whole of it: parse, verify, check, inject, sign, write. */
  run(): Promise<unknown>;
}

const SIGNATURES: Readonly<Record<Shape, Sealed>> = {
  okta: 'both',
  'entra-id': 'assertion',
  'ad-fs': 'assertion',
  google: 'response',
  onelogin: 'assertion',
  ping: 'response',
  auth0: 'response',
  keycloak: 'both',
};

/** When all logins of the run happen: the peers know no other time than the machine's. */
export const now = Date.now();

function attributesOf(count: number) {
  const others = Array.from({ length: count - 1 }, (_, index) => ({
    name: `urn:example:attribute:${index}`,
    values: [`value ${index} of a person`],
  }));
  return [{ name: ACCOUNT_KEY, values: ['00u1a2b3c4d5'] }, ...others];
}

async function responseOf({ shape, attributes, encrypted, signed }: LoginKind): Promise<Buffer> {
  const xml = await signedResponse(testResponse({ now, shape, attributes: attributesOf(attributes) }), {
    key: idpKeys().signingKey(),
    ...(signed === undefined ? {} : { signed }),
    ...(encrypted === true ? { encryptTo: decryptionKeys() } : {}),
  });
  return Buffer.from(xml);
}

/** A login of that kind, ready to be run again and again. */
export async function prepareLogin(kind: LoginKind): Promise<Login> {
  const bytes = await responseOf(kind);
  const idp: IdentityProvider = testIdp({ decryptionKeys: [decryptionKeys().privateKey] });
  const [sp, issuing, services] = [
    testSp(),
    testIssuing({ sign: kind.sign }),
    testServices({ now, alone: () => true }),
  ];
  const context = testContext([testRequest({ createdAt: now, expiresAt: now + 3_600_000 })], { now });
  const parties = { idp, sp, issuing };
  const receive = () => receiveResponse(bytes, idp, sp, context);
  return {
    kind,
    bytes,
    signatures: kind.sign === 'both' ? 2 : 1,
    verifications: (kind.signed ?? SIGNATURES[kind.shape]) === 'both' ? 2 : 1,
    receive,
    run: async () => transform(await receive(), parties, services),
  };
}

/** The login as something to measure. */
export function subjectOf(name: string, login: Login): Subject {
  return { name, run: () => login.run() };
}
