import { spawnSync } from 'node:child_process';
import { constants, publicEncrypt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import { decryptElement, defaultXmlLimits, parseXml } from '../../src/xml/index.js';
import { oaepDecrypt } from '../../src/xml/oaep.js';
import { rsaKeyPair } from '../support/pki.js';
import { encryptedOctets } from './encrypted-octets.js';
import { oaepByHand, type HandmadePadding } from './oaep-by-hand.js';

const recipient = rsaKeyPair();
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const XENC11 = 'http://www.w3.org/2009/xmlenc11#';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const MGF1P = `${XENC}rsa-oaep-mgf1p`;
const OAEP = `${XENC11}rsa-oaep`;

const DIGESTS = {
  sha1: `${DSIG}sha1`,
  sha256: `${XENC}sha256`,
  sha384: 'http://www.w3.org/2001/04/xmldsig-more#sha384',
  sha512: `${XENC}sha512`,
} as const;
type Digest = keyof typeof DIGESTS;
const digests: readonly (Digest | undefined)[] = [undefined, 'sha1', 'sha256', 'sha384', 'sha512'];

const digestMethod = (digest: Digest): string => `<DigestMethod xmlns="${DSIG}" Algorithm="${DIGESTS[digest]}"/>`;
const maskMethod = (digest: Digest): string => `<MGF xmlns="${XENC11}" Algorithm="${XENC11}mgf1${digest}"/>`;
const methodOf = (algorithm: string, ...parameters: readonly string[]): string =>
  `<EncryptionMethod Algorithm="${algorithm}">${parameters.join('')}</EncryptionMethod>`;

/** A box whose session key is encrypted as the padding says, and told to be so by that EncryptionMethod. */
function box(method: string, padding: HandmadePadding = { digest: 'sha1', maskDigest: 'sha1' }): string {
  const wrap = (sessionKey: Buffer) => ({ method, encrypted: oaepByHand(recipient.publicKey, sessionKey, padding) });
  return encryptedOctets(Buffer.from('<a/>'), { ...recipient, wrap });
}

function refusalOf(source: string): GatewayError | null {
  try {
    decryptElement(parseXml(Buffer.from(source)), [recipient.privateKey], { allowCbc: false }, defaultXmlLimits);
    return null;
  } catch (fault) {
    if (fault instanceof GatewayError) return fault;
    throw fault;
  }
}

const outcome = (source: string): string => refusalOf(source)?.code ?? 'decrypted';

// rsa-oaep-mgf1p has no MGF: xmlenc-core1 §5.5.2 fixes it to SHA-1. What is not said is SHA-1 too.
const allowed = new Set([
  `${MGF1P} undefined undefined`,
  `${MGF1P} sha1 undefined`,
  `${MGF1P} sha256 undefined`,
  `${OAEP} sha256 undefined`,
  `${OAEP} sha256 sha1`,
  `${OAEP} sha256 sha256`,
]);
for (const algorithm of [MGF1P, OAEP]) {
  for (const digest of digests) {
    for (const maskDigest of digests) {
      const expected = allowed.has(`${algorithm} ${String(digest)} ${String(maskDigest)}`);
      const name = `digest ${digest ?? 'not said'} and MGF1 with ${maskDigest ?? 'what is not said'}`;
      t.test(`${algorithm} with ${name} ${expected ? 'is decrypted' : 'is refused'}`, (t) => {
        const parameters = [
          ...(digest === undefined ? [] : [digestMethod(digest)]),
          ...(maskDigest === undefined ? [] : [maskMethod(maskDigest)]),
        ];
        const padding = { digest: digest ?? 'sha1', maskDigest: maskDigest ?? 'sha1' };
        t.equal(
          outcome(box(methodOf(algorithm, ...parameters), padding)),
          expected ? 'decrypted' : 'ENCRYPTION_ALGORITHM',
        );
        t.end();
      });
    }
  }
}

const hashes = [
  ['sha1', 'sha1', methodOf(MGF1P)],
  ['sha256', 'sha1', methodOf(MGF1P, digestMethod('sha256'))],
  ['sha256', 'sha256', methodOf(OAEP, digestMethod('sha256'), maskMethod('sha256'))],
] as const;
const octetAt = (at: number, value: number) => (octets: Buffer) => {
  const changed = Buffer.from(octets);
  changed[at] = value;
  return changed;
};
const wrongPaddings: readonly (readonly [name: string, padding: Omit<HandmadePadding, 'digest' | 'maskDigest'>])[] = [
  ['a first octet of 1', { first: 1 }],
  ['a first octet of 64', { first: 64 }],
  ['the hash of another label', { label: Buffer.from('label') }],
  [
    'a hash of the label whose last octet is another',
    { labelHash: (hash) => octetAt(hash.length - 1, ~(hash.at(-1) ?? 0))(hash) },
  ],
  ['a 2 among the zeros', { between: octetAt(3, 2) }],
  ['a 4 in the place of the first zero', { between: octetAt(0, 4) }],
  ['a 255 among the zeros', { between: octetAt(7, 255) }],
  ['a 1 among the zeros, which makes the key too long', { between: octetAt(7, 1) }],
  ['a 2 in the place of the 1', { between: (octets) => octetAt(octets.length - 1, 2)(octets) }],
];
for (const [digest, maskDigest, method] of hashes) {
  const hashed = `digest ${digest} and MGF1 with ${maskDigest}`;
  for (const [name, padding] of wrongPaddings) {
    t.test(`a session key padded with ${name} is refused (${hashed})`, (t) => {
      t.equal(outcome(box(method, { ...padding, digest, maskDigest })), 'DECRYPTION_FAILED');
      t.end();
    });
  }
  t.test(`a label is honoured (${hashed})`, (t) => {
    const label = Buffer.from('label');
    const parameter = `<OAEPParams>${label.toString('base64')}</OAEPParams></EncryptionMethod>`;
    const source = box(method.replace('</EncryptionMethod>', parameter), { digest, maskDigest, label });
    t.equal(outcome(source), 'decrypted');
    t.end();
  });
}

const LONG = `urn:${'x'.repeat(300)}`;
const told: readonly (readonly [seen: string, method: string])[] = [
  ['no EncryptionMethod', ''],
  ['', '<EncryptionMethod/>'],
  [`${XENC}rsa-1_5`, methodOf(`${XENC}rsa-1_5`)],
  [LONG.slice(0, 160), methodOf(LONG)],
  ['the parameter x', methodOf(MGF1P, '<x/>')],
  ['the parameter DigestMethod', methodOf(MGF1P, digestMethod('sha1'), digestMethod('sha1'))],
  ['the parameter MGF', methodOf(OAEP, maskMethod('sha1'), maskMethod('sha1'))],
  ['the parameter OAEPParams', methodOf(MGF1P, '<OAEPParams>AA==</OAEPParams><OAEPParams>AA==</OAEPParams>')],
  ['rsa-oaep-mgf1p with MGF', methodOf(MGF1P, maskMethod('sha1'))],
  ['', methodOf(MGF1P, `<DigestMethod xmlns="${DSIG}"/>`)],
  [`${DSIG}md5`, methodOf(MGF1P, `<DigestMethod xmlns="${DSIG}" Algorithm="${DSIG}md5"/>`)],
  [`${XENC11}mgf1md5`, methodOf(OAEP, `<MGF xmlns="${XENC11}" Algorithm="${XENC11}mgf1md5"/>`)],
  [`${MGF1P} with sha512 and MGF1 with sha1`, methodOf(MGF1P, digestMethod('sha512'))],
  [`${OAEP} with sha1 and MGF1 with sha256`, methodOf(OAEP, maskMethod('sha256'))],
  ['OAEPParams', methodOf(MGF1P, '<OAEPParams>!</OAEPParams>')],
];
for (const [seen, method] of told) {
  t.test(`of a refused key transport is told what was seen: ${seen || 'nothing'} in ${method.slice(0, 200)}`, (t) => {
    const refusal = refusalOf(box(method));
    t.equal(refusal?.code, 'ENCRYPTION_ALGORITHM');
    t.strictSame(refusal?.evidence, { expected: 'AES-GCM (AES-CBC where allowed) with RSA-OAEP', seen });
    t.end();
  });
}

// RFC 8017 §7.1.2 step 1: as long as the modulus.
t.test('an encrypted key whose leading zero was cut off is refused', (t) => {
  const padding = { key: recipient.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
  const withZero = (sessionKey: Buffer): Buffer => {
    for (;;) {
      const encrypted = publicEncrypt(padding, sessionKey);
      if (encrypted[0] === 0) return encrypted;
    }
  };
  const withKey = (change: (encrypted: Buffer) => Buffer) =>
    encryptedOctets(Buffer.from('<a/>'), {
      ...recipient,
      wrap: (sessionKey) => ({ method: methodOf(MGF1P), encrypted: change(withZero(sessionKey)) }),
    });
  t.equal(outcome(withKey((encrypted) => encrypted)), 'decrypted');
  t.equal(outcome(withKey((encrypted) => encrypted.subarray(1))), 'DECRYPTION_FAILED');
  t.end();
});

t.test('whatever fails in OAEP is null, with one hash or with two', (t) => {
  const { privateKey } = recipient;
  for (const maskDigest of ['sha1', 'sha256'] as const) {
    const parameters = { digest: 'sha256', maskDigest, label: Buffer.alloc(0) } as const;
    t.equal(oaepDecrypt(privateKey, Buffer.alloc(256), parameters), null, 'no padding');
    t.equal(oaepDecrypt(privateKey, Buffer.alloc(256, 255), parameters), null, 'more than the modulus');
    t.equal(oaepDecrypt(privateKey, Buffer.alloc(255), parameters), null, 'less than its octets');
  }
  t.end();
});

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'there is no openssl here';

t.test('where OAEP has two hashes, OpenSSL pads as we read it', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'oaep-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const key = join(folder, 'key.pem');
  await writeFile(key, recipient.publicKey.export({ type: 'spki', format: 'pem' }));
  const wrap = (sessionKey: Buffer): { method: string; encrypted: Buffer } => {
    const options = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha1'];
    const args = ['pkeyutl', '-encrypt', '-pubin', '-inkey', key, ...options.flatMap((each) => ['-pkeyopt', each])];
    const { stdout } = spawnSync('openssl', args, { input: sessionKey });
    return { method: methodOf(MGF1P, digestMethod('sha256')), encrypted: stdout };
  };
  t.equal(outcome(encryptedOctets(Buffer.from('<a/>'), { ...recipient, wrap })), 'decrypted');
});
