import { XML_NAMESPACE } from './namespaces.js';
import type { NamespaceScope } from './tree.js';

/** The namespace bound to a prefix (empty: the default namespace), or undefined where none is bound. */
export function lookupNamespace(scope: NamespaceScope | null, prefix: string): string | undefined {
  if (prefix === 'xml') return XML_NAMESPACE;
  for (let binding = scope; binding !== null; binding = binding.outer) {
    if (binding.prefix === prefix) return binding.uri;
  }
  return undefined;
}

/** Every binding in force, the default namespace only where it is not undeclared. */
export function bindingsInScope(scope: NamespaceScope | null): Map<string, string> {
  const bindings = new Map<string, string>();
  for (let binding = scope; binding !== null; binding = binding.outer) {
    if (!bindings.has(binding.prefix)) bindings.set(binding.prefix, binding.uri);
  }
  if (bindings.get('') === '') bindings.delete('');
  return bindings;
}
