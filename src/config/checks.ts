import { openToOthers } from './source.js';
import type { IdpConfig } from './types/idp.js';
import type { StoreAddress } from './types/store.js';
import { isMapping, Unfit } from './unfit.js';
import type { DataPath } from './yaml-file.js';

/** Takes what one IdP's file has wrong beside the others. */
export type IdpReport = (idp: IdpConfig, path: DataPath, unfit: Unfit) => void;

const quoted = (idp: IdpConfig): string => `idps/${idp.name}.yaml`;

/** Two files that claim the same Issuer: a response could not be told to belong to one of them. */
export function checkEntityIds(idps: readonly IdpConfig[], report: IdpReport): void {
  for (const [index, idp] of idps.entries()) {
    const earlier = idps.slice(0, index).find(({ entityId }) => entityId !== undefined && entityId === idp.entityId);
    if (earlier === undefined) continue;
    const problem = `is the entity id of ${quoted(earlier)} too`;
    report(idp, ['entityId'], new Unfit(problem, 'give each identity provider one file'));
  }
}

/** What the worker of a tenant holds once, whichever IdP a login came through. */
function tenantWide({ domain, provisioning }: IdpConfig): readonly (readonly [DataPath, unknown])[] {
  const { scim, budget } = provisioning;
  return [
    [['domain'], domain],
    [['provisioning', 'mode'], provisioning.mode],
    [['provisioning', 'scim', 'baseUrl'], scim?.baseUrl],
    [['provisioning', 'scim', 'token'], scim?.token.fingerprint()],
    [['provisioning', 'scim', 'tokenEncoding'], scim?.tokenEncoding],
    [['provisioning', 'scim', 'mediaType'], scim?.mediaType],
    [['provisioning', 'scim', 'timeout'], scim?.timeout],
    [['provisioning', 'budget', 'requests'], budget.requests],
    [['provisioning', 'budget', 'per'], budget.per],
    [['provisioning', 'retryFor'], provisioning.retryFor],
    [['provisioning', 'rememberFor'], provisioning.rememberFor],
    [['provisioning', 'active'], provisioning.active],
    [['provisioning', 'division'], provisioning.division],
  ];
}

/** IdPs of one tenant must agree on the one domain and on how its accounts are made. */
export function checkTenants(idps: readonly IdpConfig[], report: IdpReport): void {
  const working = idps.filter(({ provisioning }) => provisioning.mode !== 'off');
  for (const [index, idp] of working.entries()) {
    const { tenant } = idp.provisioning;
    const first = working.slice(0, index).find(({ provisioning }) => provisioning.tenant === tenant);
    if (first === undefined) continue;
    const others = tenantWide(first);
    for (const [position, [path, value]] of tenantWide(idp).entries()) {
      if (others[position]?.[1] === value) continue;
      const problem = `differs from ${quoted(first)}, which is of the same tenant "${tenant}"`;
      report(idp, path, new Unfit(problem, 'make them equal, or give one a provisioning.tenant of its own'));
    }
  }
}

/** Zivver counts the requests of one key together, so two budgets for it would add up to too much. */
export function warnOfSharedTokens(idps: readonly IdpConfig[], warn: IdpReport): void {
  const working = idps.filter(({ provisioning }) => provisioning.scim !== undefined);
  for (const [index, idp] of working.entries()) {
    const { tenant, scim } = idp.provisioning;
    const other = working.slice(0, index).find(({ provisioning }) => {
      return provisioning.tenant !== tenant && provisioning.scim?.token.fingerprint() === scim?.token.fingerprint();
    });
    if (other === undefined) continue;
    const problem = `is the API key of tenant "${other.provisioning.tenant}" too, so that the budgets add up`;
    warn(idp, ['provisioning', 'scim', 'token'], new Unfit(problem, 'use one tenant name, or another key'));
  }
}

/** Our own routes must not vanish behind the proxy, nor behind the service provider's ACS path. */
export function checkRoutes(idps: readonly IdpConfig[], report: IdpReport): void {
  for (const idp of idps) {
    const { proxy, intercept, acs } = idp.serviceProvider;
    if (proxy?.prefix.startsWith('/saml/') === true) {
      const unfit = new Unfit("lies among the gateway's own paths (/saml/)", 'choose another prefix');
      report(idp, ['serviceProvider', 'proxy', 'prefix'], unfit);
    }
    if (intercept && new URL(acs[0]).pathname.startsWith('/saml/')) {
      const problem = `cannot work: the path of ${acs[0]} lies among the gateway's own (/saml/)`;
      report(idp, ['serviceProvider', 'intercept'], new Unfit(problem, 'set intercept: false'));
    }
  }
}

/** A path that nobody logged in for belongs to no IdP, so all of them must have it passed on in the same way. */
export function checkProxies(idps: readonly IdpConfig[], report: IdpReport): void {
  const proxied = idps.flatMap((idp) => {
    const { proxy } = idp.serviceProvider;
    return idp.enabled && idp.delivery === 'proxy' && proxy !== undefined ? [{ idp, proxy }] : [];
  });
  for (const [index, { idp, proxy }] of proxied.entries()) {
    const first = proxied.slice(0, index).find((other) => other.proxy.prefix === proxy.prefix);
    if (first === undefined) continue;
    for (const key of ['upstream', 'timeout', 'body'] as const) {
      if (first.proxy[key] === proxy[key]) continue;
      const problem = `differs from ${quoted(first.idp)}, which has the same prefix "${proxy.prefix}"`;
      const remedy = 'make them equal, or give one a serviceProvider.proxy.prefix of its own';
      report(idp, ['serviceProvider', 'proxy', key], new Unfit(problem, remedy));
    }
  }
}

/** What is allowed here weakens a rule, and somebody should keep wanting it. */
export function warnOfWeakening(idps: readonly IdpConfig[], warn: IdpReport): void {
  for (const idp of idps) {
    const { signature, encryption } = idp;
    const weak: readonly (readonly [boolean, DataPath, string])[] = [
      [signature.allowSha1, ['signature', 'allowSha1'], 'SHA-1 signatures are accepted'],
      [signature.allowRsa1024, ['signature', 'allowRsa1024'], 'RSA keys below 2048 bits are accepted'],
      [encryption.allowUnsignedCbc, ['encryption', 'allowUnsignedCbc'], 'ciphertext that can be altered is accepted'],
    ];
    for (const [allowed, path, problem] of weak) {
      if (allowed) warn(idp, path, new Unfit(problem, 'mend the identity provider and remove this'));
    }
  }
}

/** Encryption for one service provider is of no use for another, and whoever wrote it may believe that it holds for all. */
export function warnOfLostEncryption(idps: readonly IdpConfig[], warn: IdpReport): void {
  for (const idp of idps) {
    if (idp.serviceProvider.encryption !== undefined) continue;
    const problem = 'is another service provider than the one in gateway.yaml, so what it is sent is not encrypted';
    warn(idp, ['serviceProvider'], new Unfit(problem, 'add serviceProvider.encryption here'));
  }
}

export function storeWarning(store: StoreAddress, onStoreFailure: 'refuse' | 'local'): Unfit | null {
  if (store.kind !== 'embedded' || onStoreFailure === 'refuse') return null;
  return new Unfit('does nothing with an embedded store, which is local already', 'remove it');
}

/** Referenced files that users outside owner and group can read or write. Certificates may be seen by all. */
export function openSecretFiles(
  data: unknown,
  absolute: (written: string) => string,
): readonly (readonly [DataPath, Unfit])[] {
  return fileReferences(data, []).flatMap(([path, written]) => {
    const secret = path.some((step) => SECRET_KEYS.has(String(step)));
    if (!secret || !openToOthers(absolute(written))) return [];
    const unfit = new Unfit(`${written} can be read or written by all users`, `run chmod o= ${written}`);
    return [[path, unfit] as const];
  });
}

const SECRET_KEYS = new Set(['token', 'value', 'dataKey', 'previousDataKeys', 'store', 'headers']);

function fileReferences(data: unknown, path: DataPath): [DataPath, string][] {
  if (Array.isArray(data)) return data.flatMap((item, index) => fileReferences(item, [...path, index]));
  if (!isMapping(data)) return [];
  const file = data['file'];
  if (typeof file === 'string' && Object.keys(data).length === 1) return [[path, file]];
  return Object.entries(data).flatMap(([key, value]) => fileReferences(value, [...path, key]));
}
