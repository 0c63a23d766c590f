import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  certificateInfo,
  generateKeyPair,
  generateSigningKey,
  readCertificate,
  readPrivateKey,
  verificationKeys,
} from '../../src/keys/index.js';
import { withUnreadableEnd } from '../support/pki.js';
import { clock, DAY, ecWish, NOW, openssl, wish } from './files.js';

t.test('each kind of key comes with a certificate that openssl and Node agree on', async (t) => {
  const kinds = [
    [wish, 'RSA 2048'],
    [{ ...wish, bits: 3072 }, 'RSA 3072'],
    [ecWish, 'EC prime256v1'],
    [{ ...ecWish, bits: 384 }, 'EC secp384r1'],
    [{ ...ecWish, bits: 521 }, 'EC secp521r1'],
  ] as const;
  for (const [of, kind] of kinds) {
    const { privateKey, certificatePem } = await generateKeyPair({ ...of, commonName: 'Größe & <Co>' });
    const certificate = new X509Certificate(certificatePem);
    t.ok(certificate.checkPrivateKey(privateKey), kind);
    t.ok(certificate.verify(certificate.publicKey), `${kind}: signed by itself`);
    const info = certificateInfo(certificatePem);
    t.equal(info.keyKind, kind);
    t.equal(info.subject, String.raw`CN=Größe & \<Co\>`);
    t.equal(info.notBefore, NOW - DAY / 24);
    t.equal(info.notAfter, NOW + 365 * DAY);
    t.equal(info.base64, certificate.raw.toString('base64'));
    const directory = t.testdir({ 'c.crt': certificatePem });
    const text = openssl(directory, 'x509', '-in', 'c.crt', '-noout', '-text');
    t.match(text, /Version: 3 \(0x2\)/);
    t.match(text, kind.startsWith('RSA') ? /Digital Signature, Key Encipherment/ : /Digital Signature\n/);
    const verdict = openssl(directory, 'verify', '-CAfile', 'c.crt', '-partial_chain', '-no_check_time', 'c.crt');
    t.match(verdict, /c\.crt: OK/);
  }
});

t.test('a certificate may outlive 2049', async (t) => {
  const { certificatePem } = await generateKeyPair({ ...ecWish, days: 36_500 });
  t.equal(certificateInfo(certificatePem).notAfter, NOW + 36_500 * DAY);
});

t.test('a key is written for its owner alone, and never over another', async (t) => {
  const directory = join(t.testdir(), 'certs');
  const written = await generateSigningKey({ ...ecWish, id: '2027', directory });
  t.same(written, { id: '2027', key: join(directory, '2027.key'), cert: join(directory, '2027.crt') });
  t.equal(statSync(written.key).mode & 0o777, 0o600);
  t.ok(readPrivateKey(written.key).asymmetricKeyType === 'ec');
  t.equal(readCertificate(written.cert).subject, 'CN=sso.example.org');
  const before = readFileSync(written.key, 'utf8');
  await t.rejects(generateSigningKey({ ...ecWish, id: '2027', directory }), { code: 'KEY_EXISTS' });
  t.equal(readFileSync(written.key, 'utf8'), before);
  writeFileSync(join(directory, 'half.crt'), 'x');
  await t.rejects(generateSigningKey({ ...ecWish, id: 'half', directory }), { code: 'KEY_EXISTS' });
  await t.rejects(generateSigningKey({ ...ecWish, id: '../x', directory }), { code: 'KEY_REQUEST_INVALID' });
});

t.test('sizes and lifetimes that are not allowed are refused', async (t) => {
  for (const unfit of [
    { bits: 1024 },
    { bits: 16_384 },
    { bits: 2048.5 },
    { days: 0 },
    { days: 1.5 },
    { days: 40_000 },
  ]) {
    await t.rejects(generateKeyPair({ ...wish, ...unfit }), { code: 'KEY_REQUEST_INVALID' });
  }
  await t.rejects(generateKeyPair({ ...ecWish, bits: 2048 }), { code: 'KEY_REQUEST_INVALID' });
});

t.test('verification keys carry fingerprint, subject and validity', async (t) => {
  const one = await generateKeyPair(ecWish);
  const two = await generateKeyPair(ecWish);
  const keys = verificationKeys(`text before\n${one.certificatePem}\nbetween\n${two.certificatePem}`);
  t.equal(keys.length, 2);
  const directory = t.testdir({ 'c.crt': one.certificatePem });
  const printed = openssl(directory, 'x509', '-in', 'c.crt', '-noout', '-fingerprint', '-sha256');
  t.equal(printed.trim().split('=')[1]?.replaceAll(':', '').toLowerCase(), keys[0]?.fingerprint);
  t.match(keys[0], { subject: 'CN=sso.example.org', notBefore: NOW - DAY / 24, notAfter: NOW + 365 * DAY });
  t.equal(keys[0]?.publicKey.type, 'public');
  const unreadable = ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'];
  for (const broken of [...unreadable, withUnreadableEnd(one.certificatePem)]) {
    t.throws(() => verificationKeys(broken), { code: 'KEY_UNREADABLE' });
  }
  t.ok(clock.now() < (keys[0]?.notAfter ?? 0));
});
