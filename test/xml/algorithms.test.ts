import t from 'tap';
import {
  canonicalize,
  identifiersOf,
  parseXml,
  signatureMethodOf,
  signEnveloped,
  verifySignature,
  type SignatureAlgorithm,
} from '../../src/xml/index.js';
import { ecKeyPair, rsaKeyPair } from '../support/pki.js';

// RFC 9231 §2 and xmldsig-core1 §6.
const algorithms: readonly (readonly [name: SignatureAlgorithm, signature: string, digest: string])[] = [
  ['rsa-sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmlenc#sha256'],
  ['rsa-sha384', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384', 'http://www.w3.org/2001/04/xmldsig-more#sha384'],
  ['rsa-sha512', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'http://www.w3.org/2001/04/xmlenc#sha512'],
  ['ecdsa-sha256', 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256', 'http://www.w3.org/2001/04/xmlenc#sha256'],
  [
    'ecdsa-sha384',
    'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384',
    'http://www.w3.org/2001/04/xmldsig-more#sha384',
  ],
  ['ecdsa-sha512', 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512', 'http://www.w3.org/2001/04/xmlenc#sha512'],
];
const policy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };

for (const [name, signature, digest] of algorithms) {
  t.test(`${name} is written and read by its registered identifiers`, async (t) => {
    const pair = name.startsWith('rsa') ? rsaKeyPair() : ecKeyPair();
    const plain = parseXml(Buffer.from('<r ID="_1"/>'));
    const source = canonicalize(await signEnveloped(plain, pair.signingKey(name), { position: 0 }));
    t.ok(source.includes(`<ds:SignatureMethod Algorithm="${signature}"></ds:SignatureMethod>`));
    t.ok(source.includes(`<ds:DigestMethod Algorithm="${digest}"></ds:DigestMethod>`));
    const verification = await verifySignature(parseXml(Buffer.from(source)), [pair.verificationKey()], policy);
    t.equal(verification.algorithm, signature);
    t.match(identifiersOf(name), { signature, digest });
    t.match(signatureMethodOf(signature, false), { name, keyType: name.startsWith('rsa') ? 'rsa' : 'ec' });
  });
}

t.test('RSA with SHA-1 is known where it is allowed, and refused by its identifier elsewhere', (t) => {
  const sha1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
  t.strictSame(signatureMethodOf(sha1, true), { name: 'rsa-sha1', keyType: 'rsa', digest: 'sha1' });
  for (const [uri, allowSha1] of [
    [sha1, false],
    ['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1', true],
    ['', true],
  ] as const) {
    t.throws(() => signatureMethodOf(uri, allowSha1), {
      code: 'SIGNATURE_ALGORITHM',
      evidence: { expected: 'RSA or ECDSA with SHA-256, SHA-384 or SHA-512', seen: uri },
    });
  }
  t.end();
});

t.test('nothing is signed with SHA-1, whatever a caller names', async (t) => {
  const key = { ...rsaKeyPair().signingKey(), algorithm: 'rsa-sha1' as SignatureAlgorithm };
  const signing = signEnveloped(parseXml(Buffer.from('<r ID="_1"/>')), key, { position: 0 });
  await t.rejects(signing, { code: 'SIGNATURE_ALGORITHM', message: 'The signing key is not fit for rsa-sha1.' });
});
