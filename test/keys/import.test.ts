import { createPrivateKey } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readCertificate, readPemBundle, readPkcs12, readPrivateKey, storeImportedKey } from '../../src/keys/index.js';
import { ecWish, openssl, privatePem, wish } from './files.js';

const PASSPHRASE = 'pass phrase';

for (const [kind, of] of [
  ['RSA', wish],
  ['EC', ecWish],
] as const) {
  for (const [encryption, options] of [
    ['AES-256 (openssl 3)', []],
    ['AES-128', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha256']],
    ['3DES (older Windows)', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['nothing', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
  ] as const) {
    t.test(`a PKCS#12 bundle with an ${kind} key under ${encryption} is imported with its certificate`, async (t) => {
      const { key, cert } = await privatePem(of);
      const other = await privatePem(ecWish);
      const directory = t.testdir({ k: key, c: cert, chain: other.cert });
      const files = ['-inkey', 'k', '-in', 'c', '-certfile', 'chain', '-out', 'bundle.pfx'];
      openssl(directory, 'pkcs12', '-export', ...files, '-passout', `pass:${PASSPHRASE}`, ...options);
      const bundle = readFileSync(join(directory, 'bundle.pfx'));
      const imported = await readPkcs12(bundle, PASSPHRASE);
      t.ok(imported.privateKey.equals(createPrivateKey(key)));
      t.equal(imported.certificate.pem.trim(), cert.trim());
      await t.rejects(readPkcs12(bundle, 'wrong'), { code: 'KEY_IMPORT_FAILED' });
      await t.rejects(readPkcs12(bundle.subarray(0, 100), PASSPHRASE), { code: 'KEY_IMPORT_FAILED' });
      const written = storeImportedKey(join(directory, 'certs'), 'imported', imported);
      t.equal(statSync(written.key).mode & 0o777, 0o600);
      t.ok(readPrivateKey(written.key).equals(createPrivateKey(key)));
      t.equal(readCertificate(written.cert).fingerprint, imported.certificate.fingerprint);
      t.throws(() => storeImportedKey(join(directory, 'certs'), 'imported', imported), { code: 'KEY_EXISTS' });
    });
  }
}

t.test('a bundle without a key, and a file that is none, are refused', async (t) => {
  const { cert } = await privatePem(ecWish);
  const directory = t.testdir({ c: cert });
  openssl(directory, 'pkcs12', '-export', '-nokeys', '-in', 'c', '-out', 'bundle.pfx', '-passout', 'pass:x');
  const bundle = readFileSync(join(directory, 'bundle.pfx'));
  await t.rejects(readPkcs12(bundle, 'x'), { code: 'KEY_IMPORT_FAILED', message: /0 private keys/ });
  await t.rejects(readPkcs12(Buffer.from('nonsense'), 'x'), { code: 'KEY_IMPORT_FAILED' });
  await t.rejects(readPkcs12(Buffer.from('nonsense')), { code: 'KEY_IMPORT_FAILED', message: /none was given/ });
});

t.test('a PEM bundle is read in any order, with a passphrase where it has one', async (t) => {
  const { key, cert } = await privatePem(wish);
  const stranger = await privatePem(ecWish);
  t.equal(readPemBundle(stranger.cert + cert + key).certificate.pem.trim(), cert.trim());
  t.throws(() => readPemBundle(key + stranger.cert), { code: 'KEY_IMPORT_FAILED', message: /belongs to/ });
  t.throws(() => readPemBundle(key), { code: 'KEY_IMPORT_FAILED', message: /must hold both/ });
  t.throws(() => readPemBundle(cert), { code: 'KEY_IMPORT_FAILED', message: /no PEM private key/ });
  const directory = t.testdir({ k: key });
  openssl(directory, 'pkcs8', '-topk8', '-in', 'k', '-out', 'e', '-passout', 'pass:secret');
  const encrypted = readFileSync(join(directory, 'e'), 'utf8') + cert;
  t.ok(readPemBundle(encrypted, 'secret').privateKey.equals(createPrivateKey(key)));
  t.throws(() => readPemBundle(encrypted), { code: 'KEY_IMPORT_FAILED', message: /passphrase/ });
  t.throws(() => readPemBundle(encrypted, 'wrong'), { code: 'KEY_IMPORT_FAILED', message: /passphrase/ });
});

t.test('a key that cannot sign is not taken in', (t) => {
  const directory = t.testdir();
  for (const [name, ...options] of [
    ['short', '-newkey', 'rsa:1024'],
    ['edwards', '-newkey', 'ed25519'],
    ['curve', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'],
  ] as const) {
    openssl(directory, 'req', '-x509', '-nodes', '-subj', '/CN=x', '-keyout', 'k', '-out', 'c', ...options);
    const pem = readFileSync(join(directory, 'k'), 'utf8') + readFileSync(join(directory, 'c'), 'utf8');
    t.throws(() => storeImportedKey(directory, name, readPemBundle(pem)), { code: 'KEY_UNFIT' }, name);
  }
  writeFileSync(join(directory, 'free.crt'), 'x');
  t.end();
});
