/** Documented answers of Zivver (facts §4.4) and what a person can do about each. */
const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    /account is outside the organization/i,
    'The address exists as a free account or in another organisation, its domain is not claimed, or it is a functional account. In Zivver: adopt the account, claim the domain, or change the type of the account; then retry.',
  ],
  [
    /alias is already taken/i,
    'The address is an alias or a separate account. An administrator must merge the two in Zivver (this cannot be undone); then retry.',
  ],
  [
    /alias is a guest/i,
    'The address already received messages as a guest. Merge the guest with the Synctool or Cloud Sync; then retry.',
  ],
  [/domain not owned/i, 'The domain is not claimed in Zivver. Claim it under Organization Settings; then retry.'],
  [
    /invalid division/i,
    'Zivver does not know the organisational unit. Create it there, or mend `provisioning.division`; then retry.',
  ],
  [
    /unsupported media type|not acceptable/i,
    'Zivver does not take this media type. Set `provisioning.scim.mediaType` to the other one; then retry.',
  ],
];

const BY_STATUS: ReadonlyMap<number, string> = new Map([
  [404, 'Zivver has no SCIM interface at this address. Check `provisioning.scim.baseUrl`; then retry.'],
  [405, 'Zivver has no SCIM interface at this address. Check `provisioning.scim.baseUrl`; then retry.'],
  [406, 'Zivver does not take this media type. Set `provisioning.scim.mediaType` to the other one; then retry.'],
  [415, 'Zivver does not take this media type. Set `provisioning.scim.mediaType` to the other one; then retry.'],
]);

export const remedies = {
  unreachable:
    'Zivver could not be reached, or answered with an error, for as long as `provisioning.retryFor` allows. Check its status and the way to it; then retry.',
  suspect:
    'Zivver answered, but not with what was asked for. Check `provisioning.scim.baseUrl` and any proxy on the way; then retry.',
  conflict:
    'Zivver says that the address is taken, but lists no user under it. Look for a functional account, an alias or a guest of that address, and make room for the user; then retry.',
  credential: 'Zivver refuses the API key. Make a new one under Organization Settings > Integrations > API keys.',
  absent:
    'The person logged in, but Zivver created no account. Check that just-in-time provisioning is switched on for this domain and that the DomainKey is right; then retry.',
  throttled: 'Zivver asks to wait. Nothing to do.',
  unreadable:
    'The job cannot be decrypted: put the earlier data key back among the previous ones in gateway.yaml and retry, or dismiss it; the next login queues anew.',
} as const;

/**
 * What a person can do about a refusal of this request.
 * @param text what was answered, before redaction: somebody may be called Ali, and `alias` is to be recognised
 */
export function remedyFor(status: number, text: string): string {
  const documented = REMEDIES.find(([pattern]) => pattern.test(text))?.[1];
  return (
    documented ??
    BY_STATUS.get(status) ??
    'Zivver refuses this account for good. Read its words above, mend the cause there, then retry, or dismiss with a note.'
  );
}
