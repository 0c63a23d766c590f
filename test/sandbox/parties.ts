import {
  generateSandboxKeyPair,
  startSandboxIdp,
  startZivverStandIn,
  type SandboxIdp,
  type SandboxIdpOptions,
  type SandboxKeyPair,
  type SandboxUser,
  type ZivverStandIn,
  type ZivverStandInOptions,
} from '../../src/sandbox/index.js';

export const DOMAIN_KEY = { attribute: 'https://zivver.com/SAML/Attributes/DomainKey', value: 'k"e<y>&1' };
export const ACCOUNT_KEY = 'https://zivver.com/SAML/Attributes/ZivverAccountKey';
export const TOKEN = 'scim-token-of-the-test';

export const ANNA: SandboxUser = {
  id: '00u1a<b>&"2',
  email: 'anna.de.vries@example.test',
  firstName: 'Anna <b>',
  lastName: "de Vries & Zo'n",
};
export const BRAM: SandboxUser = { id: '00u2', email: 'bram@elsewhere.test', firstName: 'Bram', lastName: 'Bos' };

interface Teardown {
  teardown(action: () => Promise<void>): void;
}

/** One key for a whole test file: making one takes longer than most tests. */
export const keyPair: SandboxKeyPair = await generateSandboxKeyPair('Test');

export async function standIn(t: Teardown, options: Partial<ZivverStandInOptions> = {}): Promise<ZivverStandIn> {
  const started = await startZivverStandIn({
    domain: 'Example.test',
    domainKey: DOMAIN_KEY,
    scimToken: TOKEN,
    keyPair,
    ...options,
  });
  t.teardown(() => started.close());
  return started;
}

export interface Parties {
  readonly idp: SandboxIdp;
  readonly zivver: ZivverStandIn;
}

/** The IdP and the stand-in without a gateway between them: the IdP sends the DomainKey as a constant, as Okta can. */
export async function parties(
  t: Teardown,
  zivverOptions: Partial<ZivverStandInOptions> = {},
  idpOptions: Partial<SandboxIdpOptions> = {},
): Promise<Parties> {
  const zivver = await standIn(t, zivverOptions);
  const idp = await startSandboxIdp({
    apps: [
      {
        label: 'Zivver <direct>',
        metadata: zivver.metadataXml,
        attributes: [
          { name: ACCOUNT_KEY, field: 'user.id' },
          { name: 'urn:oid:2.5.4.42', field: 'user.displayName' },
          { name: DOMAIN_KEY.attribute, value: DOMAIN_KEY.value },
        ],
      },
    ],
    users: [ANNA, BRAM],
    keyPair,
    ...idpOptions,
  });
  t.teardown(() => idp.close());
  zivver.setIdpMetadata(idp.metadataXml);
  return { idp, zivver };
}

/** Posts a response to the stand-in's ACS; answers the status and the error text, if there is one. */
export async function consume(
  zivver: ZivverStandIn,
  samlResponse: string,
): Promise<{ readonly status: number; readonly error: string | null }> {
  const answer = await fetch(zivver.acsUrl, {
    method: 'POST',
    body: new URLSearchParams({ SAMLResponse: samlResponse }),
    redirect: 'manual',
  });
  const body = await answer.text();
  const error = /^\{"error":(".*")\}$/s.exec(body)?.[1];
  return { status: answer.status, error: error === undefined ? null : String(JSON.parse(error)) };
}
