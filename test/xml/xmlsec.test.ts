import fc from 'fast-check';
import t from 'tap';
import {
  canonicalize,
  childrenNamed,
  parseXml,
  signEnveloped,
  verifySignature,
  XMLDSIG_NAMESPACE,
  type SignaturePolicy,
  type XmlElement,
} from '../../src/xml/index.js';
import { ecKeyPair, rsaKeyPair } from '../support/pki.js';
import { xmlsecSign, xmlsecVerify } from '../support/xmlsec.js';
import { generatedDocument, WRAPPER } from './generated-documents.js';

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));
const policy: SignaturePolicy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };
const idElements = [`${WRAPPER}:signed`];
const samples = fc.sample(generatedDocument, 60);

function signedIn(root: XmlElement): XmlElement {
  const [signed] = childrenNamed(root, WRAPPER, 'signed');
  if (signed === undefined) throw new TypeError('No w:signed in the document.');
  return signed;
}

/** Puts a Signature into the source text itself, so that nothing else of it is written anew. */
function spliced(source: string, signature: string): string {
  const at = source.indexOf('>', source.indexOf('<w:signed')) + 1;
  const declared = source.slice(0, at);
  // The ID's tag may hold `>` in no attribute value: the generator writes none there.
  return `<?xml version="1.0" encoding="UTF-8"?>\n${declared}${signature}${source.slice(at)}`;
}

async function signatureOver(source: string, prefixes: readonly string[], ec: boolean): Promise<string> {
  const key = ec ? ecKeyPair().signingKey('ecdsa-sha384') : rsaKeyPair().signingKey();
  const options = { position: 0, inclusivePrefixes: prefixes };
  const signed = await signEnveloped(signedIn(parse(source)), key, options);
  const [signature] = childrenNamed(signed, XMLDSIG_NAMESPACE, 'Signature');
  if (signature === undefined) throw new TypeError('No Signature.');
  return canonicalize(signature);
}

for (const [name, ec] of [
  ['RSA', false],
  ['ECDSA', true],
] as const) {
  t.test(`xmlsec1 verifies what we sign with ${name} in generated documents, and refuses it changed`, async (t) => {
    const signed: string[] = [];
    for (const { source, inclusivePrefixes } of samples) {
      signed.push(spliced(source, await signatureOver(source, inclusivePrefixes, ec)));
    }
    const pair = ec ? ecKeyPair() : rsaKeyPair();
    const result = await xmlsecVerify(signed, { certificatePem: pair.certificatePem, idElements });
    t.ok(result.ok, result.report);
    t.equal(result.report.match(/^OK$/gm)?.length, samples.length, 'xmlsec1 verified every one');
    const changed = (signed[0] ?? '').replace('</w:signed>', 'x</w:signed>');
    t.notOk((await xmlsecVerify([changed], { certificatePem: pair.certificatePem, idElements })).ok);
    for (const document of signed) {
      await t.resolves(verifySignature(signedIn(parse(document)), [pair.verificationKey()], policy));
    }
  });
}

t.test('we verify what xmlsec1 signs in generated documents, and refuse it changed', async (t) => {
  const templates = await Promise.all(
    samples.map(async ({ source, inclusivePrefixes }) => {
      const made = await signatureOver(source, inclusivePrefixes, false);
      const template = made
        .replace(/(<ds:DigestValue>)[^<]*/, '$1')
        .replace(/(<ds:SignatureValue>)[^<]*/, '$1')
        .replace(/<ds:KeyInfo>.*<\/ds:KeyInfo>/, '');
      return spliced(source, template);
    }),
  );
  const signed = await xmlsecSign(templates, { privateKeyPem: rsaKeyPair().privateKeyPem, idElements });
  t.equal(signed.length, templates.length);
  const keys = [rsaKeyPair().verificationKey()];
  for (const document of signed) {
    await t.resolves(verifySignature(signedIn(parse(document)), keys, policy));
    const changed = document.replace('</w:signed>', 'x</w:signed>');
    await t.rejects(verifySignature(signedIn(parse(changed)), keys, policy), { code: 'SIGNATURE_DIGEST_MISMATCH' });
  }
});

t.test('xmlsec1 verifies a whole document as we write it, with an assertion and a response signature', async (t) => {
  const pair = rsaKeyPair();
  const source =
    '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r"><a:Assertion ' +
    'xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="_a">' +
    '<v xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">x</v></a:Assertion></samlp:Response>';
  const options = { position: 0, inclusivePrefixes: ['xs'] };
  const response = parse(source);
  const [assertion] = response.children;
  if (typeof assertion !== 'object') throw new TypeError('No assertion.');
  const inner = await signEnveloped(assertion, pair.signingKey(), options);
  const written = canonicalize(await signEnveloped({ ...response, children: [inner] }, pair.signingKey(), options), [
    'xs',
  ]);
  for (const name of ['Response', 'Assertion']) {
    const xpath = `//*[local-name()='${name}']/*[local-name()='Signature']`;
    const result = await xmlsecVerify([written], { certificatePem: pair.certificatePem, xpath });
    t.ok(result.ok, `${name}: ${result.report}`);
    t.notOk(
      (await xmlsecVerify([written.replace('>x<', '>y<')], { certificatePem: pair.certificatePem, xpath })).ok,
      name,
    );
  }
});
