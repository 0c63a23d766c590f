import { startSandboxIdp, type SandboxIdp, type VisitedPage } from '../../src/sandbox/index.js';
import type { Teardown } from '../support/program.js';
import { startServe, type ServePlace } from '../support/serve.js';

export const ACCOUNT_KEY = 'https://zivver.com/SAML/Attributes/ZivverAccountKey';
export const DOMAIN_KEY = 'https://zivver.com/SAML/Attributes/DomainKey';
export const DOMAIN_KEY_VALUE = 'the domain key of example.org & <others>';
export const ANNA = {
  id: '00u1a2b3c4d5e6f7g8h9',
  email: 'anna.de.vries@example.org',
  firstName: 'Anna',
  lastName: 'de Vries',
};

/** The service provider as the gateway is told of it. */
export interface OtherServiceProvider {
  readonly entityId: string;
  readonly acs: string;
  /** Its requests must be signed by this certificate, PEM. Default: it signs none. */
  readonly certificate?: string;
  /** Assertions are encrypted to that certificate. */
  readonly encrypted?: boolean;
}

/** A gateway in a process of its own, between any IdP and any service provider. */
export async function startGatewayBetween(
  t: Teardown,
  place: ServePlace,
  idp: Readonly<Record<string, unknown>>,
  sp: OtherServiceProvider,
): Promise<void> {
  const signed =
    sp.certificate === undefined ? {} : { certificates: [sp.certificate], requests: { signed: 'required' } };
  await startServe(
    t,
    {
      files: { 'certs/domain-key': DOMAIN_KEY_VALUE },
      gateway: {
        serviceProvider: {
          preset: 'generic',
          entityId: sp.entityId,
          acs: [sp.acs],
          attributes: { accountKey: ACCOUNT_KEY, displayName: 'urn:oid:2.5.4.42' },
          ...signed,
          ...(sp.encrypted === true ? { encryption: { certificate: sp.certificate } } : {}),
        },
        signing: {
          entityId: `${place.publicUrl}/saml`,
          keys: [{ id: 'test', key: 'certs/test.key', cert: 'certs/test.crt', state: 'active' }],
        },
      },
      idps: {
        idp: {
          preset: 'generic',
          domain: 'example.org',
          domainKey: {
            mode: 'inject',
            attribute: DOMAIN_KEY,
            nameFormat: 'uri',
            value: { file: 'certs/domain-key' },
          },
          ...idp,
        },
      },
    },
    place,
  );
}

/** The same with the test IdP on its one side. */
export async function startWithTestIdp(
  t: Teardown,
  place: ServePlace,
  sp: OtherServiceProvider,
): Promise<{ readonly idp: SandboxIdp; readonly metadata: string }> {
  const idp = await startSandboxIdp({ apps: [], users: [ANNA] });
  t.teardown(() => idp.close());
  // These service providers ask for a transient NameID where nobody tells them otherwise; this IdP has addresses only.
  const request = { nameIdPolicy: 'omit' };
  await startGatewayBetween(t, place, { metadata: { inline: idp.metadataXml }, unsolicited: 'allow', request }, sp);
  idp.registerApp({ label: 'Elsewhere', metadata: await textOf(`${place.publicUrl}/saml/idp/metadata`) });
  return { idp, metadata: await textOf(`${place.publicUrl}/saml/metadata`) };
}

/** The gateway's page with the address in its signed response changed, or what encrypts it. */
export function altered(delivery: VisitedPage): VisitedPage {
  const html = delivery.html.replace(/(name="SAMLResponse" value=")([^"]+)/, (_all, start: string, value: string) => {
    const xml = Buffer.from(value, 'base64').toString('utf8');
    const changed = xml
      .replaceAll(ANNA.email, 'bram.bakker@example.org')
      .replaceAll(/(?<=CipherValue>)[A-Za-z]/g, (letter) => (letter === 'A' ? 'B' : 'A'));
    return start + Buffer.from(changed).toString('base64');
  });
  if (html === delivery.html) throw new Error('there was no response to change');
  return { ...delivery, html };
}

export async function textOf(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}
