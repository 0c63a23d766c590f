import { generateSandboxKeyPair } from '../key-pair.js';
import { createSite, Later, openSite, orClose } from '../site.js';
import { openControl } from './control.js';
import { METADATA_PATH, SCIM_PATH, StandInEngine } from './engine.js';
import type { ZivverStandIn, ZivverStandInOptions } from './options.js';
import { registerScim } from './scim-http.js';
import { registerWeb } from './web.js';

/** Starts the stand-in for Zivver: login page and ACS for browsers, SCIM with its rate limit for the gateway. */
export async function startZivverStandIn(options: ZivverStandInOptions): Promise<ZivverStandIn> {
  const requestKey =
    options.request?.signed === true
      ? (options.keyPair ?? (await generateSandboxKeyPair('Stand-in for Zivver', options.clock)))
      : null;
  const closing = new AbortController();
  const site = await createSite();
  const later = new Later<StandInEngine>();
  registerWeb(site, later);
  await registerScim(site, later);
  const listening = await openSite(site, options);
  const url = options.publicUrl ?? listening;
  const engine = await orClose(site, () => new StandInEngine(options, url, requestKey, closing.signal));
  later.set(engine);
  const driven = {
    accounts: () => engine.accounts.all(),
    logins: () => engine.desk.records(),
    requests: () => engine.gate.counters(),
    setIdpMetadata: (xml: string) => {
      engine.setIdpMetadata(xml);
    },
    misbehave: (plan: Parameters<ZivverStandIn['misbehave']>[0]) => {
      engine.misbehaviour.plan(plan);
    },
  };
  const { controlPort } = options;
  const control = await orClose(site, () => (controlPort === undefined ? null : openControl(driven, controlPort)));
  return {
    ...driven,
    url: engine.url,
    entityId: engine.sp.entityId,
    acsUrl: engine.sp.acsUrl,
    metadataUrl: engine.url + METADATA_PATH,
    metadataXml: engine.metadataXml,
    scimUrl: engine.url + SCIM_PATH,
    controlUrl: control?.url ?? null,
    close: async () => {
      closing.abort();
      await Promise.all([site.close(), control?.close()]);
    },
  };
}
