import type { Attack, Evil, Outcome } from '../../src/sandbox/attacks/index.js';
import {
  decodePostMessage,
  defaultMessageLimit,
  receiveResponse,
  transform,
  type OutgoingResponse,
  type VerifiedLogin,
} from '../../src/saml/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { testContext, testIssuing, testServices, testSp } from '../support/saml-parties.js';
import { receiver, type Case, type KeyKind } from './good-responses.js';

export interface Delivered {
  readonly login: VerifiedLogin;
  readonly outgoing: OutgoingResponse;
}

function bytesOf(evil: Evil): Uint8Array {
  if (typeof evil === 'string') return Buffer.from(evil, 'utf8');
  return 'field' in evil ? decodePostMessage(evil.field, defaultMessageLimit) : evil;
}

const issuing = testIssuing();
const sp = testSp();

/** The whole way of a login, but for the claim of the replay key. */
export async function deliver(evil: Evil, keys: KeyKind, setting?: Attack['setting']): Promise<Delivered> {
  const idp = receiver(keys, setting);
  const login = await receiveResponse(bytesOf(evil), idp, sp, testContext());
  return { login, outgoing: await transform(login, { idp, sp, issuing }, testServices()) };
}

/** The code of the refusal, or what was delivered; anything else that is thrown is a fault of ours. */
export async function verdictOn(attack: Attack, { good, keys }: Case): Promise<string | Delivered> {
  const evil = attack.build(good);
  try {
    return await deliver(evil, keys, attack.setting);
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

export function expected(attack: Attack, { good }: Case): Outcome {
  return typeof attack.outcome === 'function' ? attack.outcome(good) : attack.outcome;
}

/** What a login says about the person: NameID and attributes, as they are delivered. */
export function statement({ outgoing }: Delivered): string {
  return JSON.stringify([outgoing.nameId, outgoing.attributesOut]);
}
