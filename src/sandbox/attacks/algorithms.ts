import { constants, createHmac, createPublicKey, sign, X509Certificate } from 'node:crypto';
import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { EVIL_NAME_ID } from './evil-parts.js';
import { setContent, swap } from './markup.js';
import { bare, DS, seal, sealed, tricked } from './signature.js';

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const PSS = 'http://www.w3.org/2007/05/xmldsig-more#';
const isRsa = ({ idp }: GoodResponse) => idp.key.asymmetricKeyType === 'rsa';

function certificateOf({ idp }: GoodResponse): X509Certificate {
  return new X509Certificate(Buffer.from(idp.certificate, 'base64'));
}

const publicKeyOf = ({ idp }: GoodResponse) => createPublicKey(idp.key);

/** What a lax library might take for an HMAC secret: everything about the identity provider that is public. */
const PUBLIC_SECRETS: readonly (readonly [string, (good: GoodResponse) => string | Buffer])[] = [
  ['the certificate in DER', (good) => certificateOf(good).raw],
  ['the certificate in PEM', (good) => certificateOf(good).toString()],
  ['the certificate in base64', (good) => good.idp.certificate],
  ['the public key in DER', (good) => publicKeyOf(good).export({ type: 'spki', format: 'der' })],
  ['the public key in PEM', (good) => publicKeyOf(good).export({ type: 'spki', format: 'pem' })],
  ['nothing', () => ''],
];

const HMACS = [
  [`${DS}hmac-sha1`, 'sha1'],
  [`${MORE}hmac-sha256`, 'sha256'],
] as const;

function promoted(good: GoodResponse): string {
  return setContent(bare(good), 'Assertion/Subject/NameID', EVIL_NAME_ID);
}

const hmac: readonly Row[] = HMACS.flatMap(([signatureMethod, hash]) =>
  PUBLIC_SECRETS.map(([name, secret]): Row => [
    `HMAC-${hash} under ${name}`,
    'SIGNATURE_ALGORITHM',
    (good) =>
      sealed(good, promoted(good), {
        signatureMethod,
        value: (octets) => createHmac(hash, secret(good)).update(octets).digest(),
      }),
  ]),
);

/** Signed by the identity provider with an algorithm that is not allowed. */
function method(name: string, signatureMethod: string, hash: string, padding?: number): Row {
  return [
    name,
    'SIGNATURE_ALGORITHM',
    (good) =>
      tricked(good, {
        signatureMethod,
        value: (octets) =>
          sign(hash, octets, {
            key: good.idp.key,
            dsaEncoding: 'ieee-p1363',
            ...(padding === undefined ? {} : { padding }),
          }),
      }),
  ];
}

function named(name: string, signatureMethod: string): Row {
  return [name, 'SIGNATURE_ALGORITHM', (good) => tricked(good, { signatureMethod })];
}

function digest(name: string, identifier: string): Row {
  return [`digest by ${name}`, 'SIGNATURE_ALGORITHM', (good) => tricked(good, { digest: identifier })];
}

const rsaAlone = (row: Row): Row => [row[0], row[1], row[2], { applies: isRsa }];

/** In each place that the good response is signed in. */
function underShortKey(good: GoodResponse, xml: string): string {
  const inner = sealed(good, xml, {}, good.shortKey);
  return good.signed === 'both' ? seal(inner, 'Response', good.shortKey) : inner;
}

const shortKeyNamed = { setting: 'short-key-named' } as const;

/** Algorithms that are not allowed, and such as are not what the key is for. */
export const algorithms: readonly Attack[] = familyOf('algorithm', [
  ...hmac,
  method('SHA-1 signature', `${DS}rsa-sha1`, 'sha1'),
  method('ECDSA with SHA-1', `${MORE}ecdsa-sha1`, 'sha1'),
  rsaAlone(method('MD5 signature', `${MORE}rsa-md5`, 'md5')),
  rsaAlone(method('RIPEMD-160 named over a SHA-256 signature', `${MORE}rsa-ripemd160`, 'sha256')),
  rsaAlone(method('RSA-PSS with SHA-256', `${PSS}sha256-rsa-MGF1`, 'sha256', constants.RSA_PKCS1_PSS_PADDING)),
  rsaAlone(method('RSA-PSS with parameters', `${PSS}rsa-pss`, 'sha256', constants.RSA_PKCS1_PSS_PADDING)),
  named('DSA', `${DS}dsa-sha1`),
  named('DSA with SHA-256', 'http://www.w3.org/2009/xmldsig11#dsa-sha256'),
  named('no algorithm', ''),
  named('an unknown algorithm', 'urn:evil:none'),
  named('the algorithm in another case', `${MORE}RSA-SHA256`),
  named('the algorithm behind white space', ` ${MORE}rsa-sha256`),
  named('a property of every object', '__proto__'),
  named('a digest where a signature belongs', 'http://www.w3.org/2001/04/xmlenc#sha256'),
  ['RSA of 1024 bits', 'SIGNATURE_KEY_TOO_SHORT', (good) => underShortKey(good, bare(good)), shortKeyNamed],
  [
    'RSA of 1024 bits on the assertion, the good key on the Response',
    'SIGNATURE_KEY_TOO_SHORT',
    (good) => seal(seal(bare(good), 'Assertion', good.shortKey), 'Response', good.idp),
    shortKeyNamed,
  ],
  [
    'RSA of 1024 bits on the Response, the good key on the assertion',
    'SIGNATURE_KEY_TOO_SHORT',
    (good) => seal(seal(bare(good), 'Assertion', good.idp), 'Response', good.shortKey),
    shortKeyNamed,
  ],
  ['RSA of 1024 bits that nobody configured', 'SIGNATURE_INVALID', (good) => underShortKey(good, bare(good))],
  [
    'an algorithm for another kind of key',
    'SIGNATURE_INVALID',
    (good) => tricked(good, { signatureMethod: isRsa(good) ? `${MORE}ecdsa-sha256` : `${MORE}rsa-sha256` }),
  ],
  [
    'another hash than was signed',
    'SIGNATURE_INVALID',
    (good) => tricked(good, { signatureMethod: isRsa(good) ? `${MORE}rsa-sha512` : `${MORE}ecdsa-sha512` }),
  ],
  [
    'no SignatureMethod Algorithm',
    'SIGNATURE_FORM',
    (good) => tricked(good, { signedInfo: (text) => swap(text, /(<ds:SignatureMethod) Algorithm="[^"]*"/, '$1') }),
  ],
  [
    'an HMACOutputLength of zero (CVE-2009-0217)',
    'SIGNATURE_FORM',
    (good) =>
      sealed(good, promoted(good), {
        signatureMethod: `${MORE}hmac-sha256`,
        signedInfo: (text) =>
          swap(text, '</ds:SignatureMethod>', '<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>'),
        value: () => Buffer.alloc(1),
      }),
  ],
  digest('SHA-1', 'sha1'),
  digest('MD5', 'md5'),
  digest('an unknown algorithm', 'urn:evil:none'),
  digest('nothing', ''),
  digest('a property of every object', 'constructor'),
  [
    'a digest by SHA-512 that names SHA-256',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => tricked(good, { digest: 'sha512', reference: (text) => swap(text, '#sha512', '#sha256') }),
  ],
]);
