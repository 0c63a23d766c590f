import type { ProvisioningInput } from '../schema/provisioning.js';
import type { ProvisioningConfig, ScimConfig } from '../types/provisioning.js';
import { Unfit } from '../unfit.js';
import { zivverScimBaseUrl } from './presets.js';
import type { Report } from './report.js';

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** gateway.yaml's section with an IdP's on top, key by key. Another tenant does not inherit the first one's API key. */
export function mergeProvisioning(base: ProvisioningInput, over: ProvisioningInput): ProvisioningInput {
  const sameTenant = over.tenant === undefined || over.tenant === (base.tenant ?? DEFAULT_TENANT);
  const { token, ...shared } = base.scim ?? {};
  const inherited = sameTenant && token !== undefined ? { ...shared, token } : shared;
  return {
    ...base,
    ...over,
    scim: { ...inherited, ...over.scim },
    budget: { ...base.budget, ...over.budget },
  };
}

const DEFAULT_TENANT = 'default';

/** Fills in the defaults. */
export function completeProvisioning(input: ProvisioningInput, report: Report): ProvisioningConfig | null {
  const { mode, division } = input;
  if (mode === undefined) {
    report(['provisioning', 'mode'], new Unfit('is missing', 'add it, here or in gateway.yaml: scim, observe or off'));
    return null;
  }
  const scim = mode === 'off' ? null : completeScim(input.scim ?? {}, report);
  if (scim === null && mode !== 'off') return null;
  return {
    mode,
    tenant: input.tenant ?? DEFAULT_TENANT,
    ...(scim === null ? {} : { scim }),
    budget: { requests: input.budget?.requests ?? 25, per: input.budget?.per ?? 10 * SECOND },
    waitForAccount: input.waitForAccount ?? 2 * SECOND,
    retryFor: input.retryFor ?? DAY,
    rememberFor: input.rememberFor ?? 30 * DAY,
    active: input.active ?? true,
    ...(division === undefined ? {} : { division }),
  };
}

function completeScim(input: NonNullable<ProvisioningInput['scim']>, report: Report): ScimConfig | null {
  const { token } = input;
  if (token === undefined) {
    report(
      ['provisioning', 'scim', 'token'],
      new Unfit(
        'is missing',
        'add it for this tenant: an API key made in Zivver under Organization Settings > Integrations > API keys; or set mode: off',
      ),
    );
    return null;
  }
  return {
    baseUrl: input.baseUrl ?? zivverScimBaseUrl,
    token,
    tokenEncoding: input.tokenEncoding ?? 'raw',
    mediaType: input.mediaType ?? 'application/json',
    timeout: input.timeout ?? 10 * SECOND,
  };
}
