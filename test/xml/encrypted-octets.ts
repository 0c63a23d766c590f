import { constants, createCipheriv, publicEncrypt, randomBytes, type KeyObject } from 'node:crypto';

const XENC = 'http://www.w3.org/2001/04/xmlenc#';

export interface EncryptedOctets {
  readonly publicKey: KeyObject;
  /** OAEPParams; default none. */
  readonly label?: Buffer;
  /** Encrypts the session key in another way than RSA-OAEP with SHA-1. */
  readonly wrap?: (sessionKey: Buffer) => { readonly method: string; readonly encrypted: Buffer };
  /** Encrypts the octets in another way than AES-256-GCM. */
  readonly seal?: (octets: Buffer, sessionKey: Buffer) => { readonly algorithm: string; readonly sealed: Buffer };
  /** Declarations on the box around the EncryptedData. */
  readonly declarations?: string;
  /** Default: inside KeyInfo; `beside` with a RetrievalMethod as Okta sends it, `loose` without one. */
  readonly key?: 'inside' | 'beside' | 'loose';
}

function oaep(sessionKey: Buffer, { publicKey, label }: EncryptedOctets): { method: string; encrypted: Buffer } {
  const padding = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
  const parameters = label === undefined ? '' : `<OAEPParams>${label.toString('base64')}</OAEPParams>`;
  return {
    method: `<EncryptionMethod Algorithm="${XENC}rsa-oaep-mgf1p">${parameters}</EncryptionMethod>`,
    encrypted: publicEncrypt(label === undefined ? padding : { ...padding, oaepLabel: label }, sessionKey),
  };
}

function gcm(octets: Buffer, sessionKey: Buffer): { algorithm: string; sealed: Buffer } {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sessionKey, iv);
  return {
    algorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
    sealed: Buffer.concat([iv, cipher.update(octets), cipher.final(), cipher.getAuthTag()]),
  };
}

/** A box with any octets encrypted by AES-256-GCM, written by hand and with Node's own OAEP: nothing of src/xml. */
export function encryptedOctets(octets: Buffer, options: EncryptedOctets): string {
  const sessionKey = randomBytes(32);
  const { algorithm, sealed } = (options.seal ?? gcm)(octets, sessionKey);
  const { method, encrypted } = options.wrap?.(sessionKey) ?? oaep(sessionKey, options);
  const key =
    `<EncryptedKey xmlns="${XENC}" Id="_key">${method}` +
    `<CipherData><CipherValue>${encrypted.toString('base64')}</CipherValue></CipherData></EncryptedKey>`;
  const { key: where = 'inside', declarations = '' } = options;
  const retrieval = `<d:RetrievalMethod Type="${XENC}EncryptedKey" URI="#_key"/>`;
  const keyInfo = where === 'inside' ? key : where === 'beside' ? retrieval : '';
  return (
    `<c:box xmlns:c="urn:box" ${declarations}><EncryptedData xmlns="${XENC}">` +
    `<EncryptionMethod Algorithm="${algorithm}"/>` +
    `<d:KeyInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#">${keyInfo}</d:KeyInfo>` +
    `<CipherData><CipherValue>${sealed.toString('base64')}</CipherValue></CipherData></EncryptedData>` +
    `${where === 'inside' ? '' : key}</c:box>`
  );
}
