import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { GatewayError } from '../../shared/index.js';

/**
 * `private` is whatever is not reachable from everywhere, or leads through a translation to who knows where;
 * `reserved` is no host's address at all.
 */
type AddressClass = 'public' | 'loopback' | 'private' | 'reserved';

/** Which addresses one request may go to. */
export type AddressRule = 'public' | 'loopback' | 'any-host';

type Range = readonly [network: string, prefix: number];

// IANA IPv4 Special-Purpose Address Registry (RFC 6890).
const IPV4_RESERVED: readonly Range[] = [
  ['0.0.0.0', 8],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const IPV4_PRIVATE: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
];
// Unique-local, link-local, site-local; then those that carry an IPv4 address: mapped, compatible, translated, NAT64
// (RFC 6052, RFC 8215), Teredo and the other protocol assignments, 6to4.
const IPV6_PRIVATE: readonly Range[] = [
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['::', 96],
  ['::ffff:0:0', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 23],
  ['2002::', 16],
];
const IPV6_DOCUMENTATION: readonly Range[] = [
  ['2001:db8::', 32],
  ['3fff::', 20],
];

function blockList(family: 'ipv4' | 'ipv6', ranges: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

const ipv4 = {
  loopback: blockList('ipv4', [['127.0.0.0', 8]]),
  private: blockList('ipv4', IPV4_PRIVATE),
  reserved: blockList('ipv4', IPV4_RESERVED),
};
const ipv6 = {
  private: blockList('ipv6', IPV6_PRIVATE),
  documentation: blockList('ipv6', IPV6_DOCUMENTATION),
  unicast: blockList('ipv6', [['2000::', 3]]),
  loopback: blockList('ipv6', [['::1', 128]]),
  unspecified: blockList('ipv6', [['::', 128]]),
};

/** What kind of address this is; text that is no address is `reserved`. */
export function classifyAddress(address: string): AddressClass {
  const bare = address.split('%', 1)[0] ?? '';
  switch (isIP(bare)) {
    case 4:
      return classifyIpv4(bare);
    case 6:
      return classifyIpv6(bare);
    default:
      return 'reserved';
  }
}

function classifyIpv4(address: string): AddressClass {
  if (ipv4.loopback.check(address)) return 'loopback';
  if (ipv4.private.check(address)) return 'private';
  return ipv4.reserved.check(address) ? 'reserved' : 'public';
}

// The other way round than IPv4: only 2000::/3 has been given out as global unicast (RFC 4291 §2.4), so what is not
// in it is not public.
function classifyIpv6(address: string): AddressClass {
  if (ipv6.loopback.check(address, 'ipv6')) return 'loopback';
  if (ipv6.unspecified.check(address, 'ipv6')) return 'reserved';
  if (ipv6.private.check(address, 'ipv6')) return 'private';
  if (ipv6.documentation.check(address, 'ipv6')) return 'reserved';
  return ipv6.unicast.check(address, 'ipv6') ? 'public' : 'reserved';
}

/**
 * The rule for one URL: https to public addresses; with `allowPrivateAddress` https to any host, and http to this
 * very machine.
 *
 * @throws GatewayError METADATA_ADDRESS_REFUSED for any other scheme, and for a URL with a user name or password
 */
export function ruleFor(url: URL, allowPrivateAddress: boolean): AddressRule {
  if (url.username !== '' || url.password !== '') {
    throw new GatewayError('METADATA_ADDRESS_REFUSED', `The URL of ${url.host} carries a user name or a password.`);
  }
  if (url.protocol === 'https:') return allowPrivateAddress ? 'any-host' : 'public';
  if (url.protocol === 'http:' && allowPrivateAddress) return 'loopback';
  throw new GatewayError('METADATA_ADDRESS_REFUSED', `${url.origin} is not an https URL.`);
}

function permits(rule: AddressRule, kind: AddressClass): boolean {
  switch (rule) {
    case 'public':
      return kind === 'public';
    case 'loopback':
      return kind === 'loopback';
    case 'any-host':
      return kind !== 'reserved';
  }
}

export interface AddressGuardOptions {
  /** Resolves host names; default: the system's resolver. */
  readonly lookup?: LookupFunction;
  readonly classify?: (address: string) => AddressClass;
}

/** Decides on addresses. A name is judged where the socket resolves it, so nothing can change in between. */
export class AddressGuard {
  readonly #resolve: LookupFunction;
  readonly #classify: (address: string) => AddressClass;

  constructor({ lookup = systemLookup, classify = classifyAddress }: AddressGuardOptions = {}) {
    this.#resolve = lookup;
    this.#classify = classify;
  }

  /**
   * A host that is an address already: sockets do not look it up, so it has to be judged here.
   *
   * @throws GatewayError METADATA_ADDRESS_REFUSED
   */
  assertLiteral(url: URL, rule: AddressRule): void {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0) this.#assert(host, [host], rule);
  }

  /** A `lookup` for `request`. One forbidden address among several refuses the name: that is what rebinding looks like. */
  lookupFor(rule: AddressRule): LookupFunction {
    return (hostname, options, callback) => {
      this.#resolve(hostname, { ...options, all: true }, (error, found) => {
        if (error !== null) {
          callback(error, []);
          return;
        }
        const addresses = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
        try {
          this.#assert(
            hostname,
            addresses.map(({ address }) => address),
            rule,
          );
        } catch (refusal) {
          callback(refusal as GatewayError, []);
          return;
        }
        const [first] = addresses;
        if (options.all === true || first === undefined) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    };
  }

  #assert(host: string, addresses: readonly string[], rule: AddressRule): void {
    if (addresses.length === 0) throw new GatewayError('METADATA_UNREACHABLE', `${host} has no address.`);
    for (const address of addresses) {
      const kind = this.#classify(address);
      if (!permits(rule, kind)) {
        throw new GatewayError('METADATA_ADDRESS_REFUSED', `${host} leads to ${address}, a ${kind} address.`, {
          evidence: { expected: rule, seen: kind },
        });
      }
    }
  }
}
