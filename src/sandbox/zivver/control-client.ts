import type { ZivverAccount } from './accounts.js';
import type { RemotePlan } from './faults.js';
import type { LoginRecord, RequestCounters } from './options.js';

/** A stand-in in another process, as its control endpoint shows it. */
export interface RemoteStandIn {
  accounts(): Promise<readonly ZivverAccount[]>;
  logins(): Promise<readonly LoginRecord[]>;
  requests(): Promise<RequestCounters>;
  setIdpMetadata(xml: string): Promise<void>;
  misbehave(plan: RemotePlan): Promise<void>;
}

interface RemoteState {
  readonly accounts: readonly ZivverAccount[];
  readonly logins: readonly LoginRecord[];
  readonly requests: RequestCounters;
}

/** Drives a stand-in over its control endpoint. Each call throws an Error where the endpoint refuses. */
export function controlStandIn(controlUrl: string): RemoteStandIn {
  const state = async (): Promise<RemoteState> => {
    const answer = await fetch(`${controlUrl}/state`);
    // Both ends of this connection are the same program.
    return (await answer.json()) as RemoteState;
  };
  const put = async (path: string, body: unknown): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(controlUrl + path, { method: 'PUT', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the control endpoint refused ${path}: ${await answer.text()}`);
  };
  return {
    accounts: async () => (await state()).accounts,
    logins: async () => (await state()).logins,
    requests: async () => (await state()).requests,
    setIdpMetadata: (xml) => put('/idp-metadata', { xml }),
    misbehave: (plan) => put('/faults', plan),
  };
}
