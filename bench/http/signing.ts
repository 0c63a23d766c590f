import { randomUUID } from 'node:crypto';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { availableParallelism } from 'node:os';
import { ecKeyPair, keyPairFromPem, rsaKeyPair, type TestKeyPair } from '../../test/support/pki.js';
import { ACCOUNT_KEY } from '../../test/support/saml-parties.js';
import { signedResponse } from '../../test/support/saml-response.js';
import { ATTRIBUTES_OF_8_KB } from '../logins.js';

/** What the gateways of a run say that they are, wherever they listen: so one response fits all of them. */
export const PUBLIC_URL = 'https://sso.example.org';
export const IDP_ENTITY_ID = 'https://idp.example.org/idp';
export const ACS_PATH = '/saml/okta/acs';

/** `okta`: 8 KB, response and assertion signed with RSA-2048. `light`: quick to make, so that many can be. */
export type ResponseKind = 'okta' | 'light';

interface Order {
  readonly kind: ResponseKind;
  readonly privateKeyPem: string;
  /** Numbers of the people who log in. */
  readonly from: number;
  readonly count: number;
}

/** The identity provider's pair. */
export function idpPair(kind: ResponseKind): TestKeyPair {
  return kind === 'okta' ? rsaKeyPair(2048, 'idp') : ecKeyPair('prime256v1', 'idp');
}

export function addressOf(person: number): string {
  return `person${person}@example.org`;
}

/**
 * Form bodies of so many distinct responses, one for each of so many people; signed before anything is measured, on all
 * cores. Good for five minutes and the clock skew.
 */
export async function signedForms(kind: ResponseKind, from: number, count: number): Promise<Buffer[]> {
  const threads = availableParallelism();
  const share = Math.ceil(count / threads);
  const { privateKeyPem } = idpPair(kind);
  const orders = Array.from({ length: threads }, (_, at): Order => {
    return { kind, privateKeyPem, from: from + at * share, count: Math.min(share, count - at * share) };
  });
  const parts = await Promise.all(orders.map(signedInThread));
  return parts.flat();
}

function signedInThread(order: Order): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: order });
    thread.once('message', (forms: Uint8Array[]) => {
      resolve(forms.map((form) => Buffer.from(form.buffer, form.byteOffset, form.byteLength)));
    });
    thread.once('error', reject);
  });
}

function attributesOf(kind: ResponseKind) {
  const others = Array.from({ length: kind === 'okta' ? ATTRIBUTES_OF_8_KB - 2 : 0 }, (_, index) => ({
    name: `urn:example:attribute:${index}`,
    values: [`value ${index} of a person`],
  }));
  return [
    { name: ACCOUNT_KEY, values: ['00u1a2b3c4d5'] },
    { name: 'urn:oid:2.5.4.42', values: ['Somebody With A Name'] },
    ...others,
  ];
}

async function signedForm({ kind }: Order, keys: TestKeyPair, person: number): Promise<Buffer> {
  const id = randomUUID();
  const xml = await signedResponse(
    {
      now: Date.now(),
      shape: kind === 'okta' ? 'okta' : 'entra-id',
      issuer: IDP_ENTITY_ID,
      audience: `${PUBLIC_URL}/saml/okta/metadata`,
      destination: `${PUBLIC_URL}${ACS_PATH}`,
      inResponseTo: null,
      nameId: addressOf(person),
      attributes: attributesOf(kind),
      responseId: `_r${id}`,
      assertionId: `_a${id}`,
    },
    { key: keys.signingKey() },
  );
  return Buffer.from(`SAMLResponse=${encodeURIComponent(Buffer.from(xml, 'utf8').toString('base64'))}`);
}

if (!isMainThread) {
  const order = workerData as Order;
  const keys = keyPairFromPem(order.privateKeyPem);
  const forms: Buffer[] = [];
  for (let at = 0; at < order.count; at++) forms.push(await signedForm(order, keys, order.from + at));
  parentPort?.postMessage(forms);
}
