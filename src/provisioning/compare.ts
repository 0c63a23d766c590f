import type { AccountRequest } from './job.js';
import type { FollowUp } from './ledger.js';
import type { ScimUser } from './scim/user.js';

/**
 * What differs between the login and the accounts of its address. Only what `GET Users` shows can be compared: the
 * account key is never given back, and a functional account is seen only where Zivver lists it with its type.
 * @param users at least one, all of this address
 */
export function compare(request: AccountRequest, users: readonly ScimUser[]): FollowUp[] {
  const user = users.find(({ userName }) => userName === request.address) ?? users[0];
  if (user === undefined) return [];
  const { displayName, address } = request;
  const followUps: (FollowUp | false)[] = [
    users.length > 1 && { kind: 'several-matches', login: address, account: users.map(({ id }) => id).join(', ') },
    user.resourceType !== null &&
      user.resourceType !== 'User' && { kind: 'functional-account', login: address, account: user.resourceType },
    user.active === false && { kind: 'inactive', login: null, account: user.id },
    user.userName !== address && { kind: 'address-case', login: address, account: user.userName },
    displayName !== null &&
      user.formattedName !== null &&
      user.formattedName !== displayName && { kind: 'name', login: displayName, account: user.formattedName },
  ];
  return followUps.filter((followUp) => followUp !== false);
}
