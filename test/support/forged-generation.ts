import { readConfiguration, requireConfiguration, type Application } from '../../src/app/index.js';
import { Generation } from '../../src/app/generation.js';
import type { GatewayRuntime } from '../../src/gateway/index.js';
import { rsaKeyPair } from './pki.js';

/** As if the key in memory and the certificate that Zivver knows had come apart. */
class WithAnotherKey extends Generation {
  override get runtime(): GatewayRuntime {
    const real = super.runtime;
    const routes = [...real.routes].map(([name, route]) => {
      const key = { ...route.issuing.key, privateKey: rsaKeyPair(2048, 'another').privateKey };
      return [name, { ...route, issuing: { ...route.issuing, key } }] as const;
    });
    return { ...real, routes: new Map(routes) };
  }
}

/** A generation whose signing key does not fit its certificate; the loading of a configuration never lets one through. */
export function forgedGeneration({ services, stores, provisioner }: Application, directory: string): Generation {
  const config = requireConfiguration(readConfiguration({ directory, env: {} }));
  const { clock, random, fetcher } = services;
  const onMetadata = () => undefined;
  return new WithAnotherKey(config, { clock, random, fetcher, state: stores.state, provisioner, onMetadata });
}
