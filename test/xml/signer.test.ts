import { createHash, X509Certificate } from 'node:crypto';
import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import {
  canonicalize,
  parseXml,
  signEnveloped,
  verificationKeyOf,
  verifySignature,
  type VerificationKey,
  type XmlElement,
} from '../../src/xml/index.js';
import { rsaKeyPair, withUnreadableEnd } from '../support/pki.js';

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));
const fingerprintOf = (base64: string): string =>
  createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex');

const signer = rsaKeyPair(2048, 'other');
const seen = `certificate SHA-256 ${fingerprintOf(signer.certificateBase64)}, subject CN=other`;
const policy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };

/** What is told where none of the keys made the signature, whose KeyInfo is rewritten before. */
async function told(keys: readonly VerificationKey[], from: RegExp | string = '', to = ''): Promise<GatewayError> {
  const source = canonicalize(await signEnveloped(parse('<r ID="_1"/>'), signer.signingKey(), { position: 0 }));
  try {
    await verifySignature(parse(source.replace(from, to)), keys, policy);
  } catch (fault) {
    if (fault instanceof GatewayError) return fault;
    throw fault;
  }
  throw new TypeError('It was verified.');
}

t.test('a certificate is told by the SHA-256 of its DER, its subject, and is valid as it says', (t) => {
  const pair = rsaKeyPair();
  const key = verificationKeyOf(new X509Certificate(pair.certificatePem));
  t.equal(key.fingerprint, fingerprintOf(pair.certificateBase64));
  t.equal(key.subject, 'CN=rsa');
  t.equal(key.notBefore, Date.parse('2020-01-01T00:00:00Z'));
  t.equal(key.notAfter, Date.parse('2049-01-01T00:00:00Z'));
  t.ok(key.publicKey.equals(pair.publicKey));
  t.end();
});

// Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj SUBJECT`.
// SUBJECT: /C=NL/O=Example/CN=idp.example.org
const SEVERAL_PARTS = Buffer.from(
  'MIIByjCCAW+gAwIBAgIUeU7gsAMfjvxbwWCKyTUzFYDFag4wCgYIKoZIzj0EAwIw' +
    'OTELMAkGA1UEBhMCTkwxEDAOBgNVBAoMB0V4YW1wbGUxGDAWBgNVBAMMD2lkcC5l' +
    'eGFtcGxlLm9yZzAgFw0yNjExMjQwMzE4MTZaGA8yMTI2MTAzMTAzMTgxNlowOTEL' +
    'MAkGA1UEBhMCTkwxEDAOBgNVBAoMB0V4YW1wbGUxGDAWBgNVBAMMD2lkcC5leGFt' +
    'cGxlLm9yZzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDkA6ODXNjSQf44h6huZ' +
    'nLepeDe/5m8225VcHV78qyB3CqPDT/SzH3JFX3D3+en6TwyziwR53F5KXSomh2AN' +
    'MPqjUzBRMB0GA1UdDgQWBBSTEy2w/J1mJ5+iiWrQaY9pu4liTzAfBgNVHSMEGDAW' +
    'gBSTEy2w/J1mJ5+iiWrQaY9pu4liTzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49' +
    'BAMCA0kAMEYCIQCowRftwm9ZSKo/8/BNm7dPtNFSTW6SyXudapOinKRsPQIhAIFM' +
    '6Y9YkCIaSeE+9BeDbCNd7QmxVo0VbknEvmoxBEbg',
  'base64',
);
// SUBJECT: /
const NO_SUBJECT = Buffer.from(
  'MIIBVTCB/aADAgECAhRdVYmXZ4EmiWWEvImK6Z/z8RPM1DAKBggqhkjOPQQDAjAA' +
    'MCAXDTI2MTEyNDAzMTgxNloYDzIxMjYxMDMxMDMxODE2WjAAMFkwEwYHKoZIzj0C' +
    'AQYIKoZIzj0DAQcDQgAECr0wE2+r00D2NL+gojeihCcDl3wKArCTJfkHsbFbjM48' +
    'hpQARRUgzk8ogC8ozQ6XKRJttZlwYz+rHOHrsWPzU6NTMFEwHQYDVR0OBBYEFGES' +
    'HYY84e1Zuiq6XlMKblDhmJj6MB8GA1UdIwQYMBaAFGESHYY84e1Zuiq6XlMKblDh' +
    'mJj6MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgSu7ylqW+/pWe' +
    'G0IPtHPgKTuNJm2UyYXhwsHMymD1+SUCIEJRBdunlM1AI6q7WJ+0wo2hjDL5vzDU' +
    'PctLcmie9Mae',
  'base64',
);

t.test('the subject of a certificate is on one line, the most particular part first', (t) => {
  const timeless = new X509Certificate(withUnreadableEnd(rsaKeyPair(2048).certificatePem));
  t.throws(() => verificationKeyOf(timeless), /validity/, 'nobody could say when it ends');
  t.equal(verificationKeyOf(new X509Certificate(SEVERAL_PARTS)).subject, 'CN=idp.example.org, O=Example, C=NL');
  t.equal(verificationKeyOf(new X509Certificate(NO_SUBJECT)).subject, '');
  t.end();
});

t.test('of a stranger is told which certificate the message names, and which ones are expected', async (t) => {
  const key = rsaKeyPair().verificationKey();
  const expected = `certificate SHA-256 ${key.fingerprint}, subject CN=rsa`;
  const refusal = await told([key]);
  t.equal(refusal.code, 'SIGNATURE_INVALID');
  t.equal(refusal.message, `Signed with: ${seen}. Expected: ${expected}.`);
  t.strictSame(refusal.evidence, { expected, seen });
  t.strictSame((await told([key, key])).evidence, { expected: `${expected}; ${expected}`, seen });
  t.strictSame((await told([])).evidence, { expected: 'no key is configured', seen });
});

t.test('a key without a certificate is told by its fingerprint alone, a long subject is cut short', async (t) => {
  const { publicKey, fingerprint } = rsaKeyPair().verificationKey();
  t.equal((await told([{ publicKey, fingerprint }])).evidence.expected, `certificate SHA-256 ${fingerprint}`);
  const subject = 's'.repeat(300);
  const refusal = await told([{ publicKey, fingerprint, subject }]);
  t.equal(refusal.evidence.expected, `certificate SHA-256 ${fingerprint}, subject ${'s'.repeat(200)}`);
});

t.test('a message that names no certificate that can be read is told as such', async (t) => {
  const keys = [rsaKeyPair().verificationKey()];
  const silences = [
    [/<ds:KeyInfo>.*<\/ds:KeyInfo>/, ''],
    [/<ds:X509Data>.*<\/ds:X509Data>/, '<ds:KeyName>other</ds:KeyName>'],
    [/<ds:X509Certificate>.*<\/ds:X509Certificate>/, '<ds:X509SubjectName>CN=other</ds:X509SubjectName>'],
    [/<ds:X509Certificate>[^<]*/, '<ds:X509Certificate>'],
    [/<ds:X509Certificate>[^<]*/, '<ds:X509Certificate>AAAA'],
    [/<ds:X509Certificate>[^<]*/, '<ds:X509Certificate>!'],
  ] as const;
  for (const [from, to] of silences) {
    t.equal((await told(keys, from, to)).evidence.seen, 'the message names no certificate', to);
  }
});

t.test('of several certificates in a message the first is told', async (t) => {
  const other = `<ds:X509Certificate>${rsaKeyPair().certificateBase64}</ds:X509Certificate>`;
  const keys = [rsaKeyPair().verificationKey()];
  const behind = await told(keys, '</ds:X509Certificate>', `</ds:X509Certificate>${other}`);
  t.equal(behind.evidence.seen, seen);
  const before = await told(keys, '<ds:X509Certificate>', `${other}<ds:X509Certificate>`);
  t.match(before.evidence.seen, /subject CN=rsa$/);
});
