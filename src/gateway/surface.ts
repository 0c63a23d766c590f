import type { GatewayRuntime, LoginRoute, ProxyTarget } from './runtime.js';

/** What the gateway answers for outside `/saml/`, as the configuration has it. */
export interface Surface {
  /** Paths of SPs' own ACS, with the routes whose IdPs may post there. */
  readonly interceptions: ReadonlyMap<string, readonly LoginRoute[]>;
  /** Longest prefix first. */
  readonly proxies: readonly ProxyTarget[];
}

/** Gives the surface of a runtime, worked out once for each. */
export function createSurfaceFinder(): (runtime: GatewayRuntime) => Surface {
  const surfaces = new WeakMap<GatewayRuntime, Surface>();
  return (runtime) => {
    const known = surfaces.get(runtime);
    if (known !== undefined) return known;
    const surface = { interceptions: interceptionsOf(runtime), proxies: proxiesOf(runtime) };
    surfaces.set(runtime, surface);
    return surface;
  };
}

/** The proxy target that a path passes through to; null where none claims it. */
export function proxyFor(surface: Surface, path: string): ProxyTarget | null {
  return surface.proxies.find(({ prefix }) => path.startsWith(prefix)) ?? null;
}

function interceptionsOf(runtime: GatewayRuntime): Surface['interceptions'] {
  const byPath = new Map<string, LoginRoute[]>();
  for (const route of runtime.routes.values()) {
    if (!route.intercept) continue;
    const paths = new Set(route.sp.acsUrls.map((url) => new URL(url).pathname));
    for (const path of paths) byPath.set(path, [...(byPath.get(path) ?? []), route]);
  }
  return byPath;
}

function proxiesOf(runtime: GatewayRuntime): readonly ProxyTarget[] {
  const byPrefix = new Map<string, ProxyTarget>();
  for (const { delivery } of runtime.routes.values()) {
    if (delivery.kind === 'proxy' && !byPrefix.has(delivery.target.prefix)) {
      byPrefix.set(delivery.target.prefix, delivery.target);
    }
  }
  return [...byPrefix.values()].sort((a, b) => b.prefix.length - a.prefix.length);
}
