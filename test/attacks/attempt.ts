import { randomUUID } from 'node:crypto';
import type { Attack, Evil, Outcome } from '../../src/sandbox/attacks/index.js';
import {
  decodePostMessage,
  defaultMessageLimit,
  receiveResponse,
  transform,
  type OutgoingResponse,
  type VerifiedLogin,
} from '../../src/saml/index.js';
import { Form } from '../../src/gateway/form.js';
import { GatewayError } from '../../src/shared/index.js';
import type { StateStore } from '../../src/state/index.js';
import { testContext, testIssuing, testServices, testSp } from '../support/saml-parties.js';
import { receiver, type Case, type KeyKind } from './good-responses.js';

export interface Delivered {
  readonly login: VerifiedLogin;
  readonly outgoing: OutgoingResponse;
}

type Single = Exclude<Evil, { readonly volley: readonly string[] }>;

function fieldOf(body: string): string {
  const form = new Form(body);
  form.relayState();
  return form.message('SAMLResponse');
}

function bytesOf(evil: Single): Uint8Array {
  if (typeof evil === 'string') return Buffer.from(evil, 'utf8');
  if (evil instanceof Uint8Array) return evil;
  return decodePostMessage('form' in evil ? fieldOf(evil.form) : evil.field, defaultMessageLimit);
}

const issuing = testIssuing();
const sp = testSp();

/** The whole way of a login, but for the claim of the replay key. */
export async function deliver(evil: Single, keys: KeyKind, setting?: Attack['setting']): Promise<Delivered> {
  const idp = receiver(keys, setting);
  const login = await receiveResponse(bytesOf(evil), idp, sp, testContext());
  return { login, outgoing: await transform(login, { idp, sp, issuing }, testServices()) };
}

function codeOf(error: unknown): string {
  if (error instanceof GatewayError) return error.code;
  throw error;
}

/** Posts them all at one time to a real store: the code of all but the one that is taken, or what happened instead. */
async function fire(volley: readonly string[], keys: KeyKind, store: StateStore): Promise<string> {
  const salvo = `${randomUUID()} `;
  const outcomes = await Promise.all(
    volley
      .map(async (evil) => {
        const { login } = await deliver(evil, keys);
        const claimed = await store.claimOnce(salvo + login.replayKey, login.replayExpiresAt);
        return claimed ? 'taken' : 'SAML_REPLAYED';
      })
      .map((outcome) => outcome.catch(codeOf)),
  );
  const refusals = outcomes.filter((outcome) => outcome !== 'taken');
  const [code = 'none was refused'] = refusals;
  const asOne = refusals.length === volley.length - 1 && refusals.every((each) => each === code);
  return asOne ? code : outcomes.join(', ');
}

/** The code of the refusal, or what was delivered; anything else that is thrown is a fault of ours. */
export async function verdictOn(attack: Attack, { good, keys }: Case, store?: StateStore): Promise<string | Delivered> {
  const evil = attack.build(good);
  if (typeof evil === 'object' && 'volley' in evil) {
    if (store === undefined) throw new TypeError('A volley takes a store.');
    return fire(evil.volley, keys, store);
  }
  return deliver(evil, keys, attack.setting).catch(codeOf);
}

export function expected(attack: Attack, { good }: Case): Outcome {
  return typeof attack.outcome === 'function' ? attack.outcome(good) : attack.outcome;
}

/** What a login says about the person: NameID and attributes, as they are delivered. */
export function statement({ outgoing }: Delivered): string {
  return JSON.stringify([outgoing.nameId, outgoing.attributesOut]);
}
