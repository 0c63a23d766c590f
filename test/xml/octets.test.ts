import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { canonicalize, isSignedBy, parseXml, signEnveloped, signOctets, verifySignature } from '../../src/xml/index.js';
import { ecKeyPair, rsaKeyPair } from '../support/pki.js';

const octets = Buffer.from('octets');

t.test('a key too short for the digest signs nothing, and what signs nothing says so', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 512 });
  await t.rejects(signOctets(octets, { id: 'short', privateKey, certificate: '', algorithm: 'rsa-sha512' }), {
    message: /digest too big/,
  });
  const method = { name: 'rsa-sha256', keyType: 'rsa', digest: 'sha256' } as const;
  const signature = sign('sha256', octets, privateKey);
  t.equal(await isSignedBy({ publicKey, fingerprint: '' }, method, octets, signature), true);
  t.equal(await isSignedBy({ publicKey, fingerprint: '' }, method, Buffer.from('others'), signature), false);
});

// xmldsig-core1 §6.4.3.
t.test('an ECDSA value is r and s, each as long as the order of the curve', async (t) => {
  for (const [curve, length] of [
    ['prime256v1', 64],
    ['secp384r1', 96],
    ['secp521r1', 132],
  ] as const) {
    const pair = ecKeyPair(curve);
    const value = await signOctets(octets, pair.signingKey('ecdsa-sha256'));
    t.equal(value.length, length);
    t.ok(verify('sha256', octets, { key: pair.publicKey, dsaEncoding: 'ieee-p1363' }, value));
  }
});

t.test('a key of another type than the method is not tried, though it made the signature', async (t) => {
  const ecdsa = { name: 'ecdsa-sha256', keyType: 'ec', digest: 'sha256' } as const;
  const rsa = { name: 'rsa-sha256', keyType: 'rsa', digest: 'sha256' } as const;
  for (const [pair, algorithm, method, other] of [
    [ecKeyPair(), 'ecdsa-sha256', ecdsa, rsa],
    [rsaKeyPair(), 'rsa-sha256', rsa, ecdsa],
  ] as const) {
    const value = await signOctets(octets, pair.signingKey(algorithm));
    t.equal(await isSignedBy(pair.verificationKey(), method, octets, value), true);
    t.equal(await isSignedBy(pair.verificationKey(), other, octets, value), false);
  }
});

t.test('a key that is refused while the digest is refused too leaves no rejection behind', async (t) => {
  const tree = await signEnveloped(parseXml(Buffer.from('<r ID="_1">a</r>')), rsaKeyPair().signingKey(), {
    position: 0,
  });
  const changed = parseXml(Buffer.from(canonicalize(tree).replace('a</r>', 'b</r>')));
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  const policy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };
  await t.rejects(verifySignature(changed, [], policy), { code: 'SIGNATURE_DIGEST_MISMATCH' });
  await nextTurn();
  process.off('unhandledRejection', note);
  t.strictSame(unhandled, []);
});
