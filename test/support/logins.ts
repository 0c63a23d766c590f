import { randomUUID } from 'node:crypto';
import { rsaKeyPair, type TestKeyPair } from './pki.js';
import { ACCOUNT_KEY } from './saml-parties.js';
import { signedResponse, type ResponseDescription } from './saml-response.js';

/** One IdP's login, as a browser hands it to a gateway that runs. */
export interface LoginWish {
  /** Base of the gateway's URLs. */
  readonly publicUrl: string;
  readonly idp?: string;
  readonly entityId?: string;
  /** Signs for the IdP. Default: the pair that `idpContent` names. */
  readonly keys?: TestKeyPair;
  readonly address?: string;
  /** The IdP's clock, ms. */
  readonly now?: number;
  readonly changes?: Partial<ResponseDescription>;
  /** Of the browser's request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoginAnswer {
  readonly status: number;
  readonly html: string;
  /** On the error page; null where there is none. */
  readonly reference: string | null;
}

/** The fields of the form that ends a sign-in at the IdP: a response that nobody asked for. */
export async function loginForm(wish: LoginWish): Promise<URLSearchParams> {
  const { publicUrl, idp = 'okta', entityId = 'https://idp.example.org/idp', keys = rsaKeyPair(2048, 'idp') } = wish;
  const id = randomUUID();
  const xml = await signedResponse(
    {
      now: wish.now ?? Date.now(),
      issuer: entityId,
      audience: `${publicUrl}/saml/${idp}/metadata`,
      destination: `${publicUrl}/saml/${idp}/acs`,
      inResponseTo: null,
      nameId: wish.address ?? 'a.jansen@example.org',
      attributes: [
        { name: ACCOUNT_KEY, values: ['00u1a2b3c4d5'] },
        { name: 'urn:oid:2.5.4.42', values: ['Anna Jansen'] },
      ],
      responseId: `_r${id}`,
      assertionId: `_a${id}`,
      ...wish.changes,
    },
    { key: keys.signingKey() },
  );
  return new URLSearchParams({ SAMLResponse: Buffer.from(xml, 'utf8').toString('base64') });
}

/** Signs in and posts the response to the gateway. */
export async function logIn(wish: LoginWish): Promise<LoginAnswer> {
  const response = await fetch(`${wish.publicUrl}/saml/${wish.idp ?? 'okta'}/acs`, {
    method: 'POST',
    body: await loginForm(wish),
    ...(wish.headers === undefined ? {} : { headers: { ...wish.headers } }),
  });
  const html = await response.text();
  return { status: response.status, html, reference: /<dd>([0-9A-Z-]{14})<\/dd>/.exec(html)?.[1] ?? null };
}
