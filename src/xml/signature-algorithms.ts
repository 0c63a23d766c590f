import { GatewayError } from '../shared/index.js';
import type { SignatureAlgorithm } from './keys.js';

export type DigestName = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface SignatureMethod {
  readonly name: SignatureAlgorithm | 'rsa-sha1';
  readonly keyType: 'rsa' | 'ec';
  readonly digest: DigestName;
}

/** RFC 9231 and xmldsig-core1 §6.4. No HMAC, no DSA: not a policy, they are simply unknown here. */
const SIGNATURE_METHODS: ReadonlyMap<string, SignatureMethod> = new Map<string, SignatureMethod>([
  ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', { name: 'rsa-sha1', keyType: 'rsa', digest: 'sha1' }],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', { name: 'rsa-sha256', keyType: 'rsa', digest: 'sha256' }],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha384', { name: 'rsa-sha384', keyType: 'rsa', digest: 'sha384' }],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', { name: 'rsa-sha512', keyType: 'rsa', digest: 'sha512' }],
  ['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256', { name: 'ecdsa-sha256', keyType: 'ec', digest: 'sha256' }],
  ['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384', { name: 'ecdsa-sha384', keyType: 'ec', digest: 'sha384' }],
  ['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512', { name: 'ecdsa-sha512', keyType: 'ec', digest: 'sha512' }],
]);

/** xmldsig-core1 §6.2. */
const DIGEST_METHODS: ReadonlyMap<string, DigestName> = new Map<string, DigestName>([
  ['http://www.w3.org/2000/09/xmldsig#sha1', 'sha1'],
  ['http://www.w3.org/2001/04/xmlenc#sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#sha384', 'sha384'],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512'],
]);

function refuse(uri: string): never {
  throw new GatewayError('SIGNATURE_ALGORITHM', undefined, {
    evidence: { expected: 'RSA or ECDSA with SHA-256, SHA-384 or SHA-512', seen: uri.slice(0, 160) },
  });
}

/** @throws GatewayError SIGNATURE_ALGORITHM */
export function signatureMethodOf(uri: string, allowSha1: boolean): SignatureMethod {
  const method = SIGNATURE_METHODS.get(uri) ?? refuse(uri);
  return method.digest === 'sha1' && !allowSha1 ? refuse(uri) : method;
}

/** The digest that an identifier names, as XML-Signature and XML-Encryption share them. */
export function digestNamed(uri: string): DigestName | undefined {
  return DIGEST_METHODS.get(uri);
}

/** The identifier of a digest. */
export function digestIdentifier(name: DigestName): string {
  return identifierIn(DIGEST_METHODS, (digest) => digest === name);
}

/** @throws GatewayError SIGNATURE_ALGORITHM */
export function digestOf(uri: string, allowSha1: boolean): DigestName {
  const digest = digestNamed(uri) ?? refuse(uri);
  return digest === 'sha1' && !allowSha1 ? refuse(uri) : digest;
}

function identifierIn<Value>(table: ReadonlyMap<string, Value>, matches: (value: Value) => boolean): string {
  for (const [uri, value] of table) if (matches(value)) return uri;
  throw new RangeError('An algorithm without an identifier.');
}

/** The identifiers that a signature by an algorithm carries, and the digest that it uses throughout. */
export interface AlgorithmIdentifiers {
  readonly signature: string;
  readonly digest: string;
  readonly method: SignatureMethod;
}

/** In the order of `SIGNATURE_METHODS`. */
export const signatureAlgorithms: readonly SignatureAlgorithm[] = [...SIGNATURE_METHODS.values()].flatMap(({ name }) =>
  name === 'rsa-sha1' ? [] : [name],
);

const IDENTIFIERS = new Map<SignatureMethod['name'], AlgorithmIdentifiers>(
  [...SIGNATURE_METHODS].map(([signature, method]) => [
    method.name,
    { signature, method, digest: digestIdentifier(method.digest) },
  ]),
);

export function identifiersOf(algorithm: SignatureAlgorithm): AlgorithmIdentifiers {
  const identifiers = IDENTIFIERS.get(algorithm);
  if (identifiers === undefined) throw new RangeError('An algorithm without an identifier.');
  return identifiers;
}
