import {
  startSandboxIdp,
  startZivverStandIn,
  type SandboxIdp,
  type SandboxUser,
  type ZivverStandIn,
} from '../../src/sandbox/index.js';
import type { Teardown } from '../support/program.js';
import { servePlace, startServe, type RunningServe } from '../support/serve.js';

export const DOMAIN = 'example.org';
export const ANNA: SandboxUser = {
  id: '00u1a2b3c4d5e6f7g8h9',
  email: `anna.de.vries@${DOMAIN}`,
  firstName: 'Anna',
  lastName: 'de Vries',
};

/** The parties of a login, each listening on a port of its own; the gateway in a process of its own. */
export interface Stage {
  readonly idp: SandboxIdp;
  readonly zivver: ZivverStandIn;
  readonly gateway: RunningServe;
}

export interface StageOptions {
  /** Keys of idps/okta.yaml. */
  readonly idp?: Readonly<Record<string, unknown>>;
  /** Keys of gateway.yaml. */
  readonly gateway?: Readonly<Record<string, unknown>>;
  /** How the stand-in for Zivver asks for a login. Default: Redirect. */
  readonly binding?: 'redirect' | 'post';
}

const DOMAIN_KEY = { attribute: 'https://zivver.com/SAML/Attributes/DomainKey', value: 'domain key of example.org' };
const SCIM_TOKEN = 'scim-token-of-the-browser-test';

/** Zivver's stand-in creates no account at a login, so that the account that is there is the gateway's. */
export async function setTheStage(t: Teardown, options: StageOptions = {}): Promise<Stage> {
  const place = await servePlace(t);
  const zivver = await startZivverStandIn({
    domain: DOMAIN,
    domainKey: DOMAIN_KEY,
    scimToken: SCIM_TOKEN,
    justInTime: false,
    request: { binding: options.binding ?? 'redirect', signed: false },
  });
  t.teardown(() => zivver.close());
  const idp = await startSandboxIdp({ apps: [], users: [ANNA] });
  t.teardown(() => idp.close());
  const gateway = await startServe(
    t,
    {
      files: { 'certs/domain-key': DOMAIN_KEY.value, 'certs/scim-token': SCIM_TOKEN },
      gateway: {
        serviceProvider: { preset: 'zivver', acs: [zivver.acsUrl], startUrl: zivver.url },
        signing: {
          entityId: `${place.publicUrl}/saml`,
          keys: [{ id: 'test', key: 'certs/test.key', cert: 'certs/test.crt', state: 'active' }],
        },
        provisioning: {
          mode: 'scim',
          scim: { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' } },
          waitForAccount: '5s',
        },
        ...options.gateway,
      },
      idps: {
        okta: {
          preset: 'okta',
          metadata: { inline: idp.metadataXml },
          domain: DOMAIN,
          domainKey: { mode: 'inject', attribute: DOMAIN_KEY.attribute, value: { file: 'certs/domain-key' } },
          unsolicited: 'allow',
          ...options.idp,
        },
      },
    },
    place,
  );
  idp.registerApp({ label: 'Zivver', metadata: await textOf(`${place.publicUrl}/saml/okta/metadata`) });
  zivver.setIdpMetadata(await textOf(`${place.publicUrl}/saml/metadata`));
  return { idp, zivver, gateway };
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}
