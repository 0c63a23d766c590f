import t from 'tap';
import { startSandboxIdp, type AttributeStatement } from '../../src/sandbox/index.js';
import { SamlLib } from '../../src/sandbox/samlify.js';
import { ACCOUNT_KEY, ANNA, BRAM, consume, DOMAIN_KEY, keyPair, parties, standIn } from './parties.js';

const KEY: AttributeStatement = { name: ACCOUNT_KEY, field: 'user.id' };
const domainKey = (value: string): AttributeStatement => ({ name: DOMAIN_KEY.attribute, value });
const tamper = (samlResponse: string, change: (xml: string) => string): string => {
  const xml = Buffer.from(samlResponse, 'base64').toString();
  const changed = change(xml);
  if (changed === xml) throw new Error('nothing was changed');
  return Buffer.from(changed).toString('base64');
};
const NOT_SIGNED =
  'SAML response was not properly signed. Make sure to sign at least the SAML response or the assertion(s).';

for (const signing of ['response', 'assertion', 'both'] as const) {
  t.test(`signing ${signing}: accepted as it is, refused when tampered with`, async (t) => {
    const { idp, zivver } = await parties(t, {}, { signing });
    const { samlResponse } = await idp.issueResponse(ANNA.email);
    for (const [what, from, to] of [
      ['address', ANNA.email, 'bram@example.test'],
      ['account key', '00u1a', '00u9z'],
      ['status detail', '</saml2:Conditions>', '<saml2:OneTimeUse/></saml2:Conditions>'],
    ] as const) {
      const bad = await consume(
        zivver,
        tamper(samlResponse, (xml) => xml.replace(from, to)),
      );
      t.same(bad, { status: 400, error: NOT_SIGNED }, `changed ${what}`);
    }
    t.equal(zivver.accounts().length, 0);
    t.equal((await consume(zivver, samlResponse)).status, 303);
    t.match(zivver.logins().at(-1)?.signed, { response: signing !== 'assertion', assertion: signing !== 'response' });
  });
}

t.test('with two signatures each must verify', async (t) => {
  const { idp, zivver } = await parties(t);
  const { samlResponse } = await idp.issueResponse(ANNA.email);
  const outside = tamper(samlResponse, (xml) => xml.replace('<saml2p:Status>', '<saml2p:Status ID="_x">'));
  t.same(await consume(zivver, outside), { status: 400, error: NOT_SIGNED }, 'only the assertion’s holds');
  const values = [
    ...Buffer.from(samlResponse, 'base64')
      .toString()
      .matchAll(/<ds:SignatureValue>([^<]+)</g),
  ];
  t.equal(values.length, 2);
  for (const [, value = ''] of values) {
    const flipped = value.startsWith('A') ? `B${value.slice(1)}` : `A${value.slice(1)}`;
    const bad = await consume(
      zivver,
      tamper(samlResponse, (xml) => xml.replace(value, flipped)),
    );
    t.equal(bad.error, NOT_SIGNED);
  }
});

t.test('a sound signature on the response does not cover up a broken one on the assertion', async (t) => {
  const { idp, zivver } = await parties(t);
  const issued = await idp.issueResponse(ANNA.email, { signing: 'assertion' });
  const wrap = (xml: string): string =>
    SamlLib.constructSAMLSignature({
      rawSamlMessage: xml,
      isMessageSigned: true,
      privateKey: keyPair.privateKey,
      signingCert: keyPair.certificate,
      signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      signatureConfig: {
        prefix: 'ds',
        location: { reference: "/*[local-name(.)='Response']/*[local-name(.)='Issuer']", action: 'after' },
      },
    });
  const xml = Buffer.from(issued.samlResponse, 'base64').toString();
  const broken = wrap(xml.replace(/<ds:DigestValue>./, '<ds:DigestValue>!'));
  t.same(await consume(zivver, broken), { status: 400, error: NOT_SIGNED });
  t.equal((await consume(zivver, wrap(xml))).status, 303, 'with both sound it is accepted');
});

t.test('an unsigned response, and one signed by another key, is refused', async (t) => {
  const { idp, zivver } = await parties(t);
  const { samlResponse } = await idp.issueResponse(ANNA.email);
  const bare = tamper(samlResponse, (xml) => xml.replace(/<ds:Signature .*?<\/ds:Signature>/gs, ''));
  t.equal((await consume(zivver, bare)).error, NOT_SIGNED);
  const impostor = await startSandboxIdp({
    apps: [{ label: 'Zivver', metadata: zivver.metadataXml }],
    users: [ANNA],
    entityId: idp.entityId,
  });
  t.teardown(() => impostor.close());
  t.not(impostor.keyPair.certificate, keyPair.certificate);
  const forged = await impostor.issueResponse(ANNA.email, { attributes: [KEY, domainKey(DOMAIN_KEY.value)] });
  t.equal((await consume(zivver, forged.samlResponse)).error, NOT_SIGNED);
  zivver.setIdpMetadata(impostor.metadataXml);
  t.equal((await consume(zivver, forged.samlResponse)).status, 303, 'with that key’s metadata it is right');
});

t.test('a response with two certificates in the metadata is taken with either', async (t) => {
  const { idp, zivver } = await parties(t);
  const other = await startSandboxIdp({ apps: [], users: [] });
  t.teardown(() => other.close());
  const descriptor = /<md:KeyDescriptor.*?<\/md:KeyDescriptor>/s;
  const extra = descriptor.exec(other.metadataXml)?.[0] ?? '';
  zivver.setIdpMetadata(idp.metadataXml.replace('<md:KeyDescriptor', `${extra}<md:KeyDescriptor`));
  t.equal((await consume(zivver, (await idp.issueResponse(ANNA.email)).samlResponse)).status, 303);
  t.throws(() => {
    zivver.setIdpMetadata(idp.metadataXml.replace(descriptor, ''));
  }, /no signing certificate/);
  t.throws(() => {
    zivver.setIdpMetadata('<html/>');
  }, /no SAML document/);
});

t.test('the DomainKey decides whether an account is created', async (t) => {
  const { idp, zivver } = await parties(t);
  const login = async (...attributes: AttributeStatement[]) =>
    consume(zivver, (await idp.issueResponse(ANNA.email, { attributes })).samlResponse);
  const unplaced = `We were not able to find a SAML configuration that belongs to the subject with email address [${ANNA.email}] for issuer ${idp.entityId}`;
  t.same(await login(KEY, domainKey('wrong')), { status: 400, error: unplaced });
  t.same(await login(KEY), { status: 400, error: unplaced });
  t.same(await login(KEY, domainKey(DOMAIN_KEY.value), domainKey('wrong')), { status: 400, error: unplaced });
  t.equal(zivver.accounts().length, 0);
  t.equal((await login(KEY, domainKey(DOMAIN_KEY.value))).status, 303);
  t.equal((await login(KEY)).status, 303, 'an account that is there needs none');
  t.equal((await login(KEY, domainKey('wrong'))).status, 400, 'but a wrong one is refused');
  t.same(
    zivver.logins().map((login) => login.domainKey),
    ['wrong', 'absent', 'wrong', 'right', 'absent', 'wrong'],
  );
  t.notMatch(JSON.stringify(zivver.logins()), ANNA.id, 'the record holds no key');
});

t.test('no account is created for another domain, or with just-in-time accounts off', async (t) => {
  const { idp, zivver } = await parties(t);
  t.equal((await consume(zivver, (await idp.issueResponse(BRAM.email)).samlResponse)).status, 400);
  const without = await parties(t, { justInTime: false });
  const response = await without.idp.issueResponse(ANNA.email);
  t.match((await consume(without.zivver, response.samlResponse)).error, /not able to find a SAML configuration/);
  t.equal(without.zivver.accounts().length, 0);
});

t.test('an account key that is missing, differs, or belongs to a suspended account does not log in', async (t) => {
  const { idp, zivver } = await parties(t, {
    accounts: [{ userName: ANNA.email.toUpperCase(), displayName: 'Anna', ssoAccountKey: 'another' }],
  });
  const missing = await idp.issueResponse(ANNA.email, { attributes: [domainKey(DOMAIN_KEY.value)] });
  t.match((await consume(zivver, missing.samlResponse)).error, `Required attribute '${ACCOUNT_KEY}' is missing.`);
  await consume(zivver, (await idp.issueResponse(ANNA.email)).samlResponse);
  t.equal(zivver.logins().at(-1)?.outcome, 'password-required');
  const suspended = await parties(t, {
    accounts: [{ userName: ANNA.email, displayName: 'Anna', ssoAccountKey: ANNA.id, active: false }],
  });
  const response = await suspended.idp.issueResponse(ANNA.email);
  t.match((await consume(suspended.zivver, response.samlResponse)).error, 'suspended');
});

t.test('audience, destination, recipient, issuer, time and request are checked', async (t) => {
  const clock = { time: Date.UTC(2031, 0, 1), now: () => clock.time };
  const { idp, zivver } = await parties(t, { clock }, { clock });
  const error = async (variation: Parameters<typeof idp.issueResponse>[1]) =>
    (await consume(zivver, (await idp.issueResponse(ANNA.email, variation)).samlResponse)).error;
  t.match(await error({ audience: 'https://other.test/' }), 'another audience');
  t.match(await error({ destination: 'https://other.test/' }), 'another destination');
  t.match(await error({ recipient: 'https://other.test/' }), 'another recipient');
  t.match(await error({ inResponseTo: '_unknown' }), 'no open request');
  t.match(await error({ notBefore: clock.time + 61_000 }), 'not valid at this time');
  t.match(await error({ notOnOrAfter: clock.time - 60_000 }), 'not valid at this time');
  t.equal(await error({ notBefore: clock.time + 59_000 }), null);
  t.equal(await error({ notOnOrAfter: clock.time - 59_000 }), null);
  t.equal(await error({ recipient: zivver.entityId }), null, 'Okta’s recipient is the entity id');
  const late = await idp.issueResponse(ANNA.email);
  clock.time += 361_000;
  t.match((await consume(zivver, late.samlResponse)).error, 'not valid at this time');
  const other = await startSandboxIdp({ apps: [{ label: 'Z', metadata: zivver.metadataXml }], users: [ANNA], keyPair });
  t.teardown(() => other.close());
  const foreign = await consume(zivver, (await other.issueResponse(ANNA.email)).samlResponse);
  t.match(foreign.error, `for issuer ${other.entityId}`);
});

t.test('an assertion is used once', async (t) => {
  const { idp, zivver } = await parties(t);
  const { samlResponse } = await idp.issueResponse(ANNA.email);
  t.equal((await consume(zivver, samlResponse)).status, 303);
  t.match((await consume(zivver, samlResponse)).error, 'used before');
});

t.test('what is no response at all is refused', async (t) => {
  const { idp, zivver } = await parties(t);
  const failed = tamper((await idp.issueResponse(ANNA.email)).samlResponse, (xml) =>
    xml.replace('status:Success', 'status:Responder'),
  );
  t.match((await consume(zivver, failed)).error, 'did not succeed');
  t.match((await consume(zivver, Buffer.from('<a/>').toString('base64'))).error, 'cannot be read');
  t.match((await consume(zivver, '%%%')).error, 'cannot be read');
  t.equal((await fetch(zivver.acsUrl, { method: 'POST', body: new URLSearchParams() })).status, 400);
  const unset = await standIn(t);
  t.match((await consume(unset, 'PGEvPg==')).error, 'No SAML configuration');
});
