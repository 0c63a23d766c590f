import { XML_NAMESPACE } from './namespaces.js';
import { bindingsInScope } from './scope.js';
import type { NamespaceScope } from './tree.js';

/**
 * What prefixes mean at the place that is read. Looking one up takes the same time however many are in scope, which
 * walking up a `NamespaceScope` would not.
 */
export class PrefixTable {
  /** Undefined is unbound again: an entry that is put back is cheaper than one that is taken out. */
  readonly #current: Map<string, string | undefined>;
  /** What to put back when elements end: each declaration's prefix with its former meaning. */
  readonly #former: { readonly prefix: string; readonly uri: string | undefined }[] = [];

  constructor(outer: NamespaceScope | null) {
    this.#current = bindingsInScope(outer);
    this.#current.set('xml', XML_NAMESPACE);
  }

  /** The namespace of a prefix (empty: the default one); undefined where it is not bound. */
  lookup(prefix: string): string | undefined {
    return this.#current.get(prefix);
  }

  /** To be handed to `restore` when the element ends whose declarations come next. */
  get mark(): number {
    return this.#former.length;
  }

  declare(prefix: string, uri: string): void {
    this.#former.push({ prefix, uri: this.#current.get(prefix) });
    this.#current.set(prefix, uri);
  }

  restore(mark: number): void {
    while (this.#former.length > mark) {
      const last = this.#former.pop();
      if (last === undefined) return;
      this.#current.set(last.prefix, last.uri);
    }
  }
}
