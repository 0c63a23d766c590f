import { createPrivateKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { readKeyFile } from './read-file.js';

/** Turns PEM text into a key. `origin` names it in the error, which never carries any of the text. */
export function parsePrivateKey(pem: string, origin: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    const encrypted = pem.includes('ENCRYPTED');
    const reason = encrypted
      ? 'the private key is encrypted; write it without a passphrase and guard the file by its mode'
      : 'it holds no PEM private key';
    // OpenSSL's own error says nothing that helps an administrator, so it is not carried along.
    throw new GatewayError('KEY_UNREADABLE', `cannot use ${origin}: ${reason}`);
  }
}

/** Reads a private key once. Throws KEY_UNREADABLE with the file and the reason. */
export function readPrivateKey(path: string): KeyObject {
  return parsePrivateKey(readKeyFile(path), path);
}
