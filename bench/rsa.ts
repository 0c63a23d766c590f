import { sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { gatewayKeys, idpKeys } from '../test/support/saml-parties.js';
import type { Subject } from './measure.js';

/** As long as a SignedInfo in canonical form. */
const OCTETS = Buffer.alloc(900, 'x');

/** Nothing but RSA-2048 with SHA-256, one after the other on the main thread: what a login cannot do without. */
export function bareRsa(name: string, signatures: number, verifications: number): Subject {
  const own = gatewayKeys().privateKey;
  const { privateKey, publicKey } = idpKeys();
  const theirs = sign('sha256', OCTETS, privateKey);
  return {
    name,
    run: () => {
      for (let count = 0; count < signatures; count++) sign('sha256', OCTETS, own);
      for (let count = 0; count < verifications; count++) {
        if (!verify('sha256', OCTETS, publicKey, theirs)) throw new Error('A signature does not verify.');
      }
    },
  };
}

const [pooledSign, pooledVerify] = [promisify(sign), promisify(verify)];

/** The same operations on the thread pool, where a login signs while others are under way. */
export function pooledRsa(name: string, signatures: number, verifications: number): Subject {
  const own = gatewayKeys().privateKey;
  const { privateKey, publicKey } = idpKeys();
  const theirs = sign('sha256', OCTETS, privateKey);
  const verifyOne = () => pooledVerify('sha256', OCTETS, publicKey, theirs);
  return {
    name,
    run: async () => {
      const held = await Promise.all(Array.from({ length: verifications }, verifyOne));
      if (held.includes(false)) throw new Error('A signature does not verify.');
      for (let count = 0; count < signatures; count++) await pooledSign('sha256', OCTETS, own);
    },
  };
}
