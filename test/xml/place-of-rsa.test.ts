import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import t from 'tap';
import { isSignedBy, signOctets, type SigningKey } from '../../src/xml/index.js';
import { ecKeyPair, rsaKeyPair } from '../support/pki.js';

// The answer of another thread can come only in a later turn of the event loop; that of this one is there in this turn.

const octets = Buffer.from('octets');
const RSA = { name: 'rsa-sha256', keyType: 'rsa', digest: 'sha256' } as const;
const ECDSA = { name: 'ecdsa-sha256', keyType: 'ec', digest: 'sha256' } as const;

async function isOfThisTurn(work: Promise<unknown>): Promise<boolean> {
  let there = false;
  const noted = work.then(() => (there = true));
  for (let step = 0; step < 20; step++) await Promise.resolve();
  const answer = there;
  await noted;
  return answer;
}

const rsaOf = (modulusLength: number, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent });

function verification({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }, digest = 'sha256') {
  const signature = sign(digest, octets, privateKey);
  return isSignedBy({ publicKey, fingerprint: '' }, RSA, octets, signature);
}

t.test('an RSA signature is verified on this thread, where the key makes that quick', async (t) => {
  t.equal(await isOfThisTurn(verification(rsaOf(2048))), true);
  t.equal(await isOfThisTurn(verification(rsaOf(4096))), true);
  t.equal(await isOfThisTurn(verification(rsaOf(2048, 3))), true);
  t.equal(await verification(rsaOf(2048)), true);
  t.equal(await verification(rsaOf(2048), 'sha384'), false);
});

t.test('with a longer modulus or public exponent it is verified on the thread pool', async (t) => {
  for (const pair of [rsaOf(4104), rsaOf(2048, 65_539)]) {
    t.equal(await isOfThisTurn(verification(pair)), false);
    t.equal(await verification(pair), true);
    t.equal(await verification(pair, 'sha384'), false);
  }
});

t.test('an ECDSA signature is verified on the thread pool', async (t) => {
  const pair = ecKeyPair();
  const signature = await signOctets(octets, pair.signingKey('ecdsa-sha256'));
  const verified = () => isSignedBy(pair.verificationKey(), ECDSA, octets, signature);
  t.equal(await isOfThisTurn(verified()), false);
  t.equal(await verified(), true);
});

t.test(
  'who is alone signs on this thread with an RSA key of up to 2048 bits, and else on the thread pool',
  async (t) => {
    const short: SigningKey = rsaKeyPair().signingKey();
    const long: SigningKey = { ...short, privateKey: rsaOf(2056).privateKey };
    const curve = ecKeyPair().signingKey('ecdsa-sha256');
    t.equal(await isOfThisTurn(signOctets(octets, short, true)), true);
    t.equal(await isOfThisTurn(signOctets(octets, short, false)), false);
    t.equal(await isOfThisTurn(signOctets(octets, short)), false);
    t.equal(await isOfThisTurn(signOctets(octets, long, true)), false);
    t.equal(await isOfThisTurn(signOctets(octets, curve, true)), false);
    t.same(await signOctets(octets, short, true), await signOctets(octets, short, false));
  },
);
