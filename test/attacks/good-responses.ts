import type { GoodResponse, Setting, SigningShape } from '../../src/sandbox/attacks/index.js';
import type { IdentityProvider } from '../../src/saml/index.js';
import { ecKeyPair, rsaKeyPair, type TestKeyPair } from '../support/pki.js';
import {
  decryptionKeys,
  DOMAIN_KEY,
  IDP_ENTITY_ID,
  NOW,
  OUR_ACS,
  OUR_REQUEST,
  OUR_SP_ENTITY_ID,
  testIdp,
  testResponse,
  ZIVVER_ENTITY_ID,
} from '../support/saml-parties.js';
import { shapes, signedResponse, type Shape } from '../support/saml-response.js';

export type KeyKind = 'rsa' | 'ecdsa';

/** A good response of one wire shape, signing shape and kind of key. */
export interface Case {
  readonly name: string;
  readonly wire: Shape;
  readonly keys: KeyKind;
  readonly good: GoodResponse;
}

export const SKEW_MS = 180_000;
const signings: readonly SigningShape[] = ['response', 'assertion', 'both'];
const kinds: readonly KeyKind[] = ['rsa', 'ecdsa'];

const signerOf = ({ privateKey, certificateBase64 }: TestKeyPair) => ({
  key: privateKey,
  certificate: certificateBase64,
});

export function idpPair(kind: KeyKind): TestKeyPair {
  return kind === 'rsa' ? rsaKeyPair(2048, 'attacked idp') : ecKeyPair('prime256v1', 'attacked idp');
}

const shortPair = () => rsaKeyPair(1024, 'short idp');

export async function goodResponse(wire: Shape, signed: SigningShape, kind: KeyKind): Promise<GoodResponse> {
  const pair = idpPair(kind);
  return {
    xml: await signedResponse(testResponse({ shape: wire }), { key: pair.signingKey(), signed }),
    signed,
    facts: {
      now: NOW,
      skewMs: SKEW_MS,
      issuer: IDP_ENTITY_ID,
      audience: OUR_SP_ENTITY_ID,
      acs: OUR_ACS,
      request: OUR_REQUEST,
      nameId: testResponse().nameId,
      spEntityId: ZIVVER_ENTITY_ID,
      domainKey: { attribute: DOMAIN_KEY, value: 'domain-key-of-example-org' },
    },
    idp: signerOf(pair),
    attacker: signerOf(rsaKeyPair(2048, 'attacker')),
    otherIdp: signerOf(rsaKeyPair(2048, 'other idp')),
    shortKey: signerOf(shortPair()),
    gatewayEncryption: decryptionKeys().publicKey,
  };
}

/** Wire shapes × signing shapes × kinds of key. */
export async function allCases(): Promise<Case[]> {
  const cases: Case[] = [];
  for (const wire of shapes) {
    for (const signed of signings) {
      for (const keys of kinds) {
        cases.push({
          name: `${wire}, ${signed} signed, ${keys}`,
          wire,
          keys,
          good: await goodResponse(wire, signed, keys),
        });
      }
    }
  }
  return cases;
}

/** The receiver of those responses. */
export function receiver(kind: KeyKind, setting?: Setting): IdentityProvider {
  const strict = testIdp({
    signingKeys: [idpPair(kind).verificationKey()],
    decryptionKeys: [decryptionKeys().privateKey],
    clockSkewMs: SKEW_MS,
  });
  switch (setting) {
    case 'short-key-named':
      return { ...strict, signingKeys: [...strict.signingKeys, shortPair().verificationKey()] };
    case 'cbc-allowed':
      return { ...strict, encryption: { allowCbc: true, allowUnsignedCbc: true } };
    case 'unsolicited-allowed':
      return { ...strict, unsolicited: true };
    case 'domain-key-verified':
      return { ...strict, domainKey: strict.domainKey === null ? null : { ...strict.domainKey, mode: 'verify' } };
    case 'domain-key-injected':
    case undefined:
      return strict;
  }
}
