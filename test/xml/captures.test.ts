import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import {
  assertSignaturePlacement,
  attributeValue,
  childElements,
  childrenNamed,
  decryptElement,
  defaultXmlLimits,
  parseXml,
  verificationKeyOf,
  verifySignature,
  XMLDSIG_NAMESPACE,
  type XmlElement,
} from '../../src/xml/index.js';

interface CaptureCase {
  readonly idp_cert_pem: string;
  readonly decrypt_key_pem?: string;
  readonly expect: 'accept' | 'accept-with-sha1' | 'reject';
  readonly now: string;
}

const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
// Published responses of real identity providers, which are not part of this repository.
const folder = process.env['CAPTURES'] ?? '../shared/captures';
const names = existsSync(folder)
  ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  : [];
if (names.length === 0) t.pass('no captures here', { skip: `set CAPTURES to their folder (${folder} has none)` });

function opened(container: XmlElement, { decrypt_key_pem: pem }: CaptureCase): XmlElement {
  if (pem === undefined) throw new TypeError('An encrypted capture without its key.');
  return decryptElement(container, [createPrivateKey(pem)], { allowCbc: true }, defaultXmlLimits);
}

async function verifyAll(name: string, about: CaptureCase, allow: boolean): Promise<void> {
  const response = parseXml(readFileSync(join(folder, name, 'response.xml')));
  const assertions = [
    ...childrenNamed(response, ASSERTION, 'Assertion'),
    ...childrenNamed(response, ASSERTION, 'EncryptedAssertion').map((container) => opened(container, about)),
  ];
  if (assertions.length !== 1) throw new GatewayError('SIGNATURE_MISSING', 'Not exactly one assertion.');
  assertSignaturePlacement(response, [response, ...assertions]);
  const signed = [response, ...assertions].filter(
    (each) => childrenNamed(each, XMLDSIG_NAMESPACE, 'Signature').length > 0,
  );
  if (signed.length === 0) throw new GatewayError('SIGNATURE_MISSING');
  const policy = {
    allowSha1: allow,
    allowRsa1024: allow,
    refuseExpiredCertificates: false,
    now: Date.parse(about.now),
  };
  const keys = [verificationKeyOf(new X509Certificate(about.idp_cert_pem))];
  for (const each of signed) await verifySignature(each, keys, policy);
}

/** The verdict of this room alone: one assertion, placement of signatures, and every signature that there is. */
async function verdict(name: string, about: CaptureCase, allow: boolean): Promise<'accept' | 'reject'> {
  try {
    await verifyAll(name, about, allow);
    return 'accept';
  } catch (fault) {
    if (!(fault instanceof GatewayError)) throw fault;
    return 'reject';
  }
}

for (const name of names) {
  t.test(`capture ${name}: the signatures give the verdict that is expected of it`, async (t) => {
    const about = JSON.parse(readFileSync(join(folder, name, 'case.json'), 'utf8')) as CaptureCase;
    const { expect } = about;
    t.equal(await verdict(name, about, false), expect === 'accept' ? 'accept' : 'reject', 'strict');
    t.equal(
      await verdict(name, about, true),
      expect === 'reject' ? 'reject' : 'accept',
      'with SHA-1 and short keys allowed',
    );
  });
}

for (const name of names.filter((each) => each.includes('encrypted'))) {
  t.test(`capture ${name}: what is decrypted is a signed assertion`, (t) => {
    const about = JSON.parse(readFileSync(join(folder, name, 'case.json'), 'utf8')) as CaptureCase;
    const response = parseXml(readFileSync(join(folder, name, 'response.xml')));
    const [container] = childrenNamed(response, ASSERTION, 'EncryptedAssertion');
    if (container === undefined) throw new TypeError('No EncryptedAssertion.');
    const assertion = opened(container, about);
    t.match(assertion, { localName: 'Assertion', namespace: ASSERTION });
    t.ok(attributeValue(assertion, 'ID'));
    t.ok(childElements(assertion).length > 3);
    const key = createPrivateKey(about.decrypt_key_pem ?? '');
    t.throws(() => decryptElement(container, [key], { allowCbc: false }, defaultXmlLimits), {
      code: 'ENCRYPTION_ALGORITHM',
    });
    t.end();
  });
}
