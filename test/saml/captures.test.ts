import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { inspectResponse, type IdentityProvider, type Inspection } from '../../src/saml/index.js';
import { verificationKeyOf } from '../../src/xml/index.js';
import { projectRoot } from '../support/project.js';
import {
  ACCOUNT_KEY,
  testContext,
  testIdp,
  testIssuing,
  testRequest,
  testServices,
  testSp,
} from '../support/saml-parties.js';

// Published test data of other projects: read where it is, never copied into this one.
const CAPTURES = `${projectRoot}../shared/captures`;

interface CaptureCase {
  readonly idp_entity_id: string;
  readonly idp_cert_pem: string;
  readonly sp_entity_id: string;
  readonly acs_url: string;
  readonly recipient?: string;
  readonly now: string;
  readonly in_response_to?: string;
  readonly decrypt_key_pem?: string;
  readonly input: string;
  readonly expect: 'accept' | 'accept-with-sha1' | 'reject';
}

function policy(known: CaptureCase, changes: Partial<IdentityProvider> = {}): IdentityProvider {
  return testIdp({
    entityId: known.idp_entity_id,
    signingKeys: [verificationKeyOf(new X509Certificate(known.idp_cert_pem))],
    decryptionKeys: known.decrypt_key_pem === undefined ? [] : [createPrivateKey(known.decrypt_key_pem)],
    encryption: { allowCbc: true, allowUnsignedCbc: true },
    unsolicited: known.in_response_to === undefined,
    expected: {
      audience: known.sp_entity_id,
      recipients: [known.recipient ?? known.acs_url],
      destination: known.acs_url,
    },
    claims: [{ kind: 'set', to: ACCOUNT_KEY, value: 'key' }],
    required: { attributes: [ACCOUNT_KEY], emailNameId: false },
    ...changes,
  });
}

function inspect(bytes: Uint8Array, known: CaptureCase, idp: IdentityProvider): Promise<Inspection> {
  const now = Date.parse(known.now);
  const request = testRequest({ id: known.in_response_to ?? '', createdAt: now - 1000, expiresAt: now + 1000 });
  const parties = { idp, sp: testSp(), issuing: testIssuing() };
  return inspectResponse(bytes, parties, testContext([request], { now }), testServices({ now }));
}

const folders = existsSync(CAPTURES)
  ? readdirSync(CAPTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  : [];

const skip = folders.length > 0 ? false : 'the captures are not beside this checkout';
const LAX = { allowSha1: true, allowRsa1024: true, refuseExpiredCertificates: false };

t.test('every captured response gets its verdict', { skip }, async (t) => {
  for (const { name } of folders) {
    const known = JSON.parse(readFileSync(`${CAPTURES}/${name}/case.json`, 'utf8')) as CaptureCase;
    const bytes = readFileSync(`${CAPTURES}/${name}/${known.input}`);
    const strict = await inspect(bytes, known, policy(known));
    const lax = await inspect(bytes, known, policy(known, { signatures: LAX }));
    t.equal(strict.verdict, known.expect === 'accept' ? 'deliver' : 'refuse', `${name}: ${strict.detail ?? ''}`);
    t.equal(lax.verdict, known.expect === 'reject' ? 'refuse' : 'deliver', `${name}, lax: ${lax.detail ?? ''}`);
    if (known.expect === 'accept-with-sha1') {
      t.equal(strict.code, 'SIGNATURE_ALGORITHM');
      t.match(lax.login?.warnings, ['sha1-signature']);
    }
    if (known.decrypt_key_pem === undefined) continue;
    const closed = policy(known, { encryption: { allowCbc: false, allowUnsignedCbc: false } });
    t.equal((await inspect(bytes, known, closed)).code, 'ENCRYPTION_ALGORITHM', `${name} is AES-CBC`);
    const keyless = policy(known, { decryptionKeys: [] });
    t.equal((await inspect(bytes, known, keyless)).code, 'SAML_DECRYPTION_NOT_CONFIGURED', name);
  }
});
