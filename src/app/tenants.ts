import type { IdpConfig } from '../config/index.js';
import type { ProvisioningStatus, TenantSettings, TenantStatus } from '../provisioning/index.js';

/**
 * Every tenant that these IdPs name, once. The configuration has checked that those agree which make or watch accounts;
 * one that is off has no say beside them.
 */
export function tenantsOf(idps: readonly IdpConfig[]): readonly TenantSettings[] {
  const all = idps.map(({ provisioning }) => provisioning);
  const working = all.filter(({ mode }) => mode !== 'off');
  return [...new Map([...all, ...working].map((settings) => [settings.tenant, settings])).values()];
}

/** Those whose accounts are made or watched now. */
export function workingTenants(idps: readonly IdpConfig[]): readonly TenantSettings[] {
  return tenantsOf(idps.filter(({ enabled }) => enabled)).filter(({ mode }) => mode !== 'off');
}

export type NamedStatus = TenantStatus & { readonly tenant: string };

export interface TenantStatuses {
  readonly working: readonly NamedStatus[];
  /** Of the others that the configuration names: what their queues still hold waits until they work again. */
  readonly resting: readonly NamedStatus[];
}

/** @throws GatewayError STORE_UNAVAILABLE */
export async function tenantStatuses(idps: readonly IdpConfig[], status: ProvisioningStatus): Promise<TenantStatuses> {
  const names = new Set(workingTenants(idps).map(({ tenant }) => tenant));
  const found = await Promise.all(
    tenantsOf(idps).map(async ({ tenant }) => ({ tenant, ...(await status.tenant(tenant)) })),
  );
  return {
    working: found.filter(({ tenant }) => names.has(tenant)),
    resting: found.filter(({ tenant }) => !names.has(tenant)),
  };
}
