import { X509Certificate } from 'node:crypto';
import {
  canonicalize,
  childElements,
  parseXml,
  signEnveloped,
  verifySignature,
  type SignaturePolicy,
  type XmlElement,
} from '../src/xml/index.js';
import { rsaKeyPair } from '../test/support/pki.js';

const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
const policy: SignaturePolicy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };

/** An unsigned response that comes to about 8 KB with its two signatures. */
function unsignedResponse(): string {
  const attributes = Array.from(
    { length: 12 },
    (_, index) =>
      `<saml:Attribute Name="urn:example:attribute:${index}"><saml:AttributeValue ` +
      'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" ' +
      `xsi:type="xs:string">value ${index} of someone</saml:AttributeValue></saml:Attribute>`,
  );
  return (
    `<samlp:Response xmlns:samlp="${PROTOCOL}" ID="_response"><saml:Assertion xmlns:saml="${ASSERTION}" ID="_assertion">` +
    '<saml:Subject><saml:NameID>someone@example.org</saml:NameID></saml:Subject>' +
    `<saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement></saml:Assertion></samlp:Response>`
  );
}

function assertionIn(response: XmlElement): XmlElement {
  const assertion = childElements(response).find((child) => child.localName === 'Assertion');
  if (assertion === undefined) throw new TypeError('No Assertion.');
  return assertion;
}

const pair = rsaKeyPair();
const [key, keys, prefixes] = [pair.signingKey(), [pair.verificationKey()], ['xs']];

async function sign(response: XmlElement): Promise<string> {
  const options = { position: 0, inclusivePrefixes: prefixes };
  const assertion = await signEnveloped(assertionIn(response), key, options);
  return canonicalize(await signEnveloped({ ...response, children: [assertion] }, key, options), prefixes);
}

async function verify(bytes: Buffer): Promise<XmlElement> {
  const { element } = await verifySignature(parseXml(bytes), keys, policy);
  await verifySignature(assertionIn(element), keys, policy);
  return element;
}

/** Median milliseconds of one run. */
async function median(run: () => unknown, runs = 400): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < runs; index++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  times.sort((left, right) => left - right);
  return times[Math.floor(runs / 2)] ?? Number.NaN;
}

const response = parseXml(Buffer.from(unsignedResponse()));
const bytes = Buffer.from(await sign(response));
const tree = parseXml(bytes);
const steps: readonly (readonly [name: string, run: () => unknown])[] = [
  ['parse', () => parseXml(bytes)],
  ['canonicalize', () => canonicalize(tree, prefixes)],
  ['parse and verify two signatures', () => verify(bytes)],
  ['sign assertion and response', () => sign(response)],
  ['read a certificate', () => new X509Certificate(pair.certificatePem)],
];
process.stdout.write(`xml, response of ${bytes.length} bytes\n`);
for (const [name, run] of steps) {
  await median(run);
  process.stdout.write(`  ${name.padEnd(34)} ${(await median(run)).toFixed(3)} ms\n`);
}
