import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseMetadata, receiveAuthnRequest, writeIdpMetadata, type MetadataOptions } from '../../src/saml/index.js';
import { defaultXmlLimits } from '../../src/xml/index.js';
import { rsaKeyPair } from '../support/pki.js';
import { NOW, testSp } from '../support/saml-parties.js';
import { xmlsecSign, xmlsecVerify } from '../support/xmlsec.js';

const SIGNER = rsaKeyPair(2048, 'active');
const NEXT = rsaKeyPair(2048, 'next');
const ENTITY = 'https://idp.example/entity';
const SSO = 'https://idp.example/sso';
const signature = {
  keys: [SIGNER.verificationKey()],
  rules: { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false },
};

const parse = (xml: string, changes: Partial<MetadataOptions> = {}) =>
  parseMetadata(Buffer.from(xml), { entityId: null, now: NOW, signature: null, ...changes });

const written = (signed: boolean) =>
  writeIdpMetadata({
    id: '_md',
    entityId: ENTITY,
    validUntil: NOW + 1000,
    signingCertificates: [NEXT.certificateBase64],
    ssoUrl: SSO,
    wantsSignedRequests: true,
    key: signed ? SIGNER.signingKey() : null,
  });

/** The document with that at every place: before, behind and between all its tags, and in the middle of its texts. */
function strewn(xml: string, remark: string): string {
  return xml.replace(/<|MII.|>(?=[^<])/g, (place) => (place === '<' ? remark + place : place + remark)) + remark;
}

const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- Terms of use: -> &none; <md:x> ]]> -->\n';
const INSTRUCTION = '<?xml-stylesheet href="metadata.xsl"?>';

t.test('metadata with comments says what it says without them', async (t) => {
  const plain = await written(false);
  const expected = await parse(plain);
  t.equal(expected.entityId, ENTITY);
  for (const xml of [PROLOG + plain, strewn(plain, '<!---->'), `${PROLOG}${strewn(plain, '<!-- > & ]]> <x> -->')}\n`]) {
    const { signingKeys, ...rest } = await parse(xml);
    t.strictSame(
      signingKeys.map(({ fingerprint }) => fingerprint),
      [NEXT.verificationKey().fingerprint],
    );
    t.strictSame({ ...rest, signingKeys }, expected);
  }
});

t.test('processing instructions are passed over around the root element, and refused inside', async (t) => {
  const plain = await written(false);
  const around = `${PROLOG}${INSTRUCTION}<?x?>\n<!---->${plain}\n<?x y?><!-- -->\n`;
  t.equal((await parse(around)).entityId, ENTITY);
  for (const inside of [plain.replace('</', '<?x?></'), plain.replace('><', `>${INSTRUCTION}<`)]) {
    await t.rejects(parse(inside), { code: 'XML_FORBIDDEN', message: 'The document holds a processing instruction.' });
  }
});

t.test('what XML does not allow, and a DOCTYPE, is refused in metadata as ever', async (t) => {
  const plain = await written(false);
  for (const [prolog, code] of [
    ['<!-- a -- b -->', 'XML_MALFORMED'],
    ['<!-- a --->', 'XML_MALFORMED'],
    ['<!-- a', 'XML_MALFORMED'],
    ['<!-- a --><?xml version="1.0"?>', 'XML_MALFORMED'],
    ['<!-- \u0001 -->', 'XML_MALFORMED'],
    ['<!-- a --><!DOCTYPE md:EntityDescriptor>', 'XML_FORBIDDEN'],
    ['<!-- a --><!DOCTYPE r [<!ENTITY a "b">]>', 'XML_FORBIDDEN'],
  ] as const) {
    await t.rejects(parse(prolog + plain), { code }, prolog);
  }
  const limits = { ...defaultXmlLimits, maxElements: 3 };
  await t.rejects(parse(strewn(plain, '<!-- a -->'), { limits }), { code: 'XML_LIMIT' });
});

t.test('xmlsec1 and we agree on signed metadata into which comments were put', async (t) => {
  const signed = await written(true);
  const { certificatePem } = SIGNER;
  for (const xml of [
    PROLOG + INSTRUCTION + signed,
    strewn(signed, '<!-- a > & ]]> b -->'),
    strewn(signed, '<!---->'),
  ]) {
    const { ok, report } = await xmlsecVerify([xml], { certificatePem });
    t.ok(ok, report);
    t.equal((await parse(xml, { signature })).entityId, ENTITY);
    const changed = xml.replaceAll('idp.example', 'evil.example');
    t.notOk((await xmlsecVerify([changed], { certificatePem })).ok);
    await t.rejects(parse(changed, { signature }), { code: 'SIGNATURE_DIGEST_MISMATCH' });
  }
  const instructed = signed.replace('</md:EntityDescriptor>', '<?x?></md:EntityDescriptor>');
  t.notOk((await xmlsecVerify([instructed], { certificatePem })).ok, 'a processing instruction is hashed');
  await t.rejects(parse(instructed, { signature }), { code: 'XML_FORBIDDEN' });
});

t.test('we verify what xmlsec1 signs with comments in it', async (t) => {
  const bare = (await written(true))
    .replace(/(<ds:DigestValue>)[^<]*/, '$1')
    .replace(/(<ds:SignatureValue>)[^<]*/, '$1')
    .replace(/<ds:KeyInfo>.*?<\/ds:KeyInfo>/, '')
    .replaceAll('<md:', '<!-- federation > & ]]> -->\n<md:')
    .replace(/(MII.)/g, '$1<!-- x -->');
  const [document = ''] = await xmlsecSign([PROLOG + INSTRUCTION + bare], { privateKeyPem: SIGNER.privateKeyPem });
  t.match(
    document,
    /<!-- Terms of use: .*<\?xml-stylesheet .*<!-- federation .*MII.<!-- x -->/s,
    'they are still there',
  );
  const { entityId, signingKeys, sso } = await parse(document, { signature });
  t.equal(entityId, ENTITY);
  t.equal(sso.post, SSO);
  t.equal(signingKeys[0]?.fingerprint, NEXT.verificationKey().fingerprint);
  const other = document.replace('<!-- federation', '<!-- another');
  t.equal((await parse(other, { signature })).entityId, ENTITY, 'a comment is not signed');
  const changed = document.replace(SSO, 'https://evil.example/sso');
  await t.rejects(parse(changed, { signature }), { code: 'SIGNATURE_DIGEST_MISMATCH' });
});

t.test('nothing but metadata is read so', async (t) => {
  const request = Buffer.from('<!-- a --><samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>');
  const context = { destination: SSO, now: NOW, limits: defaultXmlLimits };
  await t.rejects(receiveAuthnRequest({ bytes: request, signature: null }, testSp(), context), {
    code: 'XML_FORBIDDEN',
  });
  const users = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && readFileSync(join('src', name), 'utf8').includes('parseXmlWithRemarks'))
    .sort();
  t.strictSame(users, ['saml/metadata-in.ts', 'xml/index.ts', 'xml/parse.ts']);
});
