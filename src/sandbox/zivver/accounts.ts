import type { RandomBytes } from '../../shared/index.js';

/** A user account at the stand-in. Tests see the key that SCIM never gives back. */
export interface ZivverAccount {
  readonly id: string;
  readonly userName: string;
  readonly displayName: string;
  readonly active: boolean;
  readonly ssoAccountKey: string | null;
  readonly origin: 'scim' | 'just-in-time' | 'seed';
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export type NewAccount = Omit<ZivverAccount, 'id'>;

/** The stand-in's accounts, found by id and by address without a search. */
export class AccountDirectory {
  readonly #random: RandomBytes;
  readonly #byId = new Map<string, ZivverAccount>();
  readonly #byAddress = new Map<string, ZivverAccount>();

  constructor(random: RandomBytes) {
    this.#random = random;
  }

  /** Null where the address is taken. */
  create(account: NewAccount): ZivverAccount | null {
    const address = account.userName.toLowerCase();
    if (this.#byAddress.has(address)) return null;
    const created: ZivverAccount = { ...account, id: uuid(this.#random(16)) };
    this.#byId.set(created.id, created);
    this.#byAddress.set(address, created);
    return created;
  }

  /** Addresses differ in more than case only (userName is not caseExact, RFC 7643 §4.1.1). */
  findByAddress(address: string): ZivverAccount | undefined {
    return this.#byAddress.get(address.toLowerCase());
  }

  findById(id: string): ZivverAccount | undefined {
    return this.#byId.get(id);
  }

  all(): readonly ZivverAccount[] {
    return [...this.#byId.values()];
  }
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** RFC 9562 §5.4. */
function uuid(bytes: Uint8Array): string {
  const versioned = bytes.map((byte, index) => {
    if (index === 6) return (byte & 0x0f) | 0x40;
    return index === 8 ? (byte & 0x3f) | 0x80 : byte;
  });
  return Buffer.from(versioned)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
