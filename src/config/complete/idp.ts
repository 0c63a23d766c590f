import type { GatewayInput } from '../schema/gateway.js';
import type { IdpInput } from '../schema/idp.js';
import type { IdpConfig } from '../types/idp.js';
import { Unfit } from '../unfit.js';
import { completeDomainKey } from './domain-key.js';
import { idpDefaults } from './presets.js';
import { completeProvisioning, mergeProvisioning } from './provisioning.js';
import type { Report } from './report.js';
import { completeServiceProvider, mergeServiceProvider } from './service-provider.js';

/** The sections of gateway.yaml that an IdP's file builds on. */
export type Foundation = Pick<GatewayInput, 'publicUrl' | 'domainKey' | 'provisioning' | 'serviceProvider'>;

/** One IdP with every default filled in; null after a report, in its file or (`reportCommon`) in gateway.yaml. */
export function completeIdp(
  name: string,
  file: string,
  input: IdpInput,
  foundation: Foundation,
  report: Report,
  reportCommon: Report,
): IdpConfig | null {
  const defaults = idpDefaults[input.preset];
  const domainKey = completeDomainKey(foundation.domainKey, input.domainKey, defaults, report);
  // What a section lacks is told where the section is written.
  const where = (section: object): Report => (Object.keys(section).length === 0 ? reportCommon : report);
  const provisioning = completeProvisioning(
    mergeProvisioning(foundation.provisioning, input.provisioning),
    where(input.provisioning),
  );
  const serviceProvider = completeServiceProvider(
    mergeServiceProvider(foundation.serviceProvider, input.serviceProvider),
    defaults.recipient,
    where(input.serviceProvider),
  );
  reportLacks(input, report);
  if (domainKey === null || provisioning === null || serviceProvider === null) return null;
  if (input.delivery === 'proxy' && serviceProvider.proxy === undefined) {
    report(
      ['delivery'],
      new Unfit('is proxy, but no proxy is set up', 'add serviceProvider.proxy, here or in gateway.yaml'),
    );
  }
  if (serviceProvider.requests.signed === 'required' && serviceProvider.certificates.length === 0) {
    const problem = 'is required, but there is no certificate that could verify a request';
    const remedy = 'add serviceProvider.certificates, or set it to optional';
    where(input.serviceProvider)(['serviceProvider', 'requests', 'signed'], new Unfit(problem, remedy));
  }
  const own = ownUrls(foundation.publicUrl, name);
  return {
    ...input,
    name,
    file,
    own,
    domainKey,
    provisioning,
    serviceProvider,
    clockSkew: input.clockSkew ?? defaults.clockSkew,
    requiredClaims: {
      attributes: input.requiredClaims.attributes ?? [serviceProvider.attributes.accountKey],
      emailNameId: input.requiredClaims.emailNameId,
    },
    expected: expectations(input.expected, own),
  };
}

function ownUrls(publicUrl: string, name: string): IdpConfig['own'] {
  const base = `${publicUrl}/saml/${name}`;
  return {
    entityId: `${base}/metadata`,
    metadataUrl: `${base}/metadata`,
    acsUrl: `${base}/acs`,
    ssoUrl: `${base}/sso`,
  };
}

function expectations(written: IdpInput['expected'], own: IdpConfig['own']): IdpConfig['expected'] {
  const destination = written.destination ?? own.acsUrl;
  const [recipient = destination, ...others] = written.recipient ?? [];
  return { audience: written.audience ?? own.entityId, recipients: [recipient, ...others], destination };
}

/** What must be written where metadata does not give it. */
function reportLacks(input: IdpInput, report: Report): void {
  if (input.encryption.allowUnsignedCbc && !input.encryption.allowCbc) {
    report(['encryption', 'allowUnsignedCbc'], new Unfit('does nothing without allowCbc', 'add allowCbc: true'));
  }
  if (input.metadata !== undefined) return;
  const { binding } = input.request;
  const endpoint = binding === 'auto' ? (input.sso.redirect ?? input.sso.post) : input.sso[binding];
  if (endpoint === undefined && (input.unsolicited === 'refuse' || binding !== 'auto')) {
    const problem = binding === 'auto' ? 'is missing' : `has no ${binding} endpoint for request.binding`;
    report(['sso'], new Unfit(`${problem}, and there is no metadata`, 'add it, or add metadata'));
  }
  const remedy = 'add it, or add metadata';
  if (input.entityId === undefined) report(['entityId'], new Unfit('is missing, and there is no metadata', remedy));
  if (input.certificates.length === 0) {
    report(['certificates'], new Unfit('are missing, and there is no metadata', remedy));
  }
}
