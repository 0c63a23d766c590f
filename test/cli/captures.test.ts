import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { claimsGateway } from '../support/command-line.js';
import { idpContent, writeConfiguration } from '../support/configuration.js';
import { keyPairFromPem } from '../support/pki.js';
import { projectRoot } from '../support/project.js';

interface CaptureCase {
  readonly idp_entity_id: string;
  readonly idp_cert_pem: string;
  readonly sp_entity_id: string;
  readonly acs_url: string;
  readonly recipient?: string;
  readonly now: string;
  readonly in_response_to?: string;
  readonly decrypt_key_pem?: string;
  readonly expect: 'accept' | 'accept-with-sha1' | 'reject';
}

const CAPTURES = join(projectRoot, '../shared/captures');

/** The IdP's file as an operator would write it for that capture. */
function idpFor(capture: CaptureCase, allowed: { readonly sha1: boolean }): Record<string, unknown> {
  return idpContent({
    entityId: capture.idp_entity_id,
    certificates: [capture.idp_cert_pem],
    unsolicited: capture.in_response_to === undefined ? 'allow' : 'refuse',
    expected: {
      audience: capture.sp_entity_id,
      recipient: capture.recipient ?? capture.acs_url,
      destination: capture.acs_url,
    },
    signature: { allowSha1: allowed.sha1, allowRsa1024: allowed.sha1 },
    encryption: { allowCbc: true, allowUnsignedCbc: true },
    claims: [{ set: { to: 'https://zivver.com/SAML/Attributes/ZivverAccountKey', value: 'capture' } }],
    requiredClaims: { emailNameId: false },
  });
}

const names = existsSync(CAPTURES)
  ? readdirSync(CAPTURES).filter((name) => existsSync(join(CAPTURES, name, 'case.json')))
  : [];

t.test(
  'inspect gives every capture of a real IdP its verdict',
  { skip: names.length === 0 && 'no captures here' },
  async (t) => {
    for (const name of names) {
      const capture = JSON.parse(readFileSync(join(CAPTURES, name, 'case.json'), 'utf8')) as CaptureCase;
      for (const sha1 of [false, true]) {
        await t.test(`${name}, SHA-1 ${sha1 ? 'allowed' : 'refused'}`, async (t) => {
          const configuration = writeConfiguration(t.testdir());
          if (capture.decrypt_key_pem !== undefined) addDecryptionKey(configuration, capture.decrypt_key_pem);
          configuration.idp('capture', idpFor(capture, { sha1 }));
          const answers = capture.in_response_to === undefined ? [] : ['--in-response-to', capture.in_response_to];
          const { status, out, err } = await claimsGateway([
            ...['inspect', '--config', configuration.directory, '--idp', 'capture', '--json', '--now', capture.now],
            ...answers,
            join(CAPTURES, name, 'response.xml'),
          ]);
          const accepted = capture.expect === 'accept' || (capture.expect === 'accept-with-sha1' && sha1);
          t.equal(status, accepted ? 0 : 1, err);
          const report = JSON.parse(out) as { verdict: string; code: string | null; output: string | null };
          t.equal(report.verdict, accepted ? 'deliver' : 'refuse');
          t.equal(report.code === null, accepted, report.code ?? 'no code');
          t.equal(report.output === null, !accepted);
        });
      }
    }
  },
);

function addDecryptionKey(configuration: ReturnType<typeof writeConfiguration>, pem: string): void {
  configuration.write('certs/decryption.key', pem);
  configuration.write('certs/decryption.crt', keyPairFromPem(pem).certificatePem);
  configuration.gateway({
    decryption: { keys: [{ id: 'd', key: 'certs/decryption.key', cert: 'certs/decryption.crt', state: 'active' }] },
  });
}
