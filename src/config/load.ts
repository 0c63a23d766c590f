import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as checks from './checks.js';
import { completeDomainKey } from './complete/domain-key.js';
import { completeIdp, type Foundation } from './complete/idp.js';
import { idpDefaults } from './complete/presets.js';
import type { Report } from './complete/report.js';
import { completeServiceProvider } from './complete/service-provider.js';
import type { ConfigFault } from './fault.js';
import { inputJsonSchema } from './json-schema.js';
import {
  checkIdpCertificates,
  checkOwnKeys,
  checkServiceProviderCertificates,
  type FindingReport,
} from './key-checks.js';
import type { KeyInspector } from './key-inspector.js';
import { schemaFaults } from './schema-faults.js';
import { gatewaySchema, type GatewayInput } from './schema/gateway.js';
import { idpSchema, type IdpInput } from './schema/idp.js';
import { reasonOf, ValueSource } from './source.js';
import type { GatewayConfig } from './types/gateway.js';
import type { IdpConfig } from './types/idp.js';
import { isMapping, Unfit } from './unfit.js';
import { readYamlFile, type YamlFile } from './yaml-file.js';

export interface LoadOptions {
  /** The environment that `${env:NAME}` looks into. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly keys: KeyInspector;
  /** Milliseconds since the epoch; certificates are judged by it. */
  readonly now: number;
}

export interface LoadedConfiguration {
  /** Present exactly when there are no faults. */
  readonly config?: GatewayConfig;
  /** Absolute paths of what was read, or looked for, whatever came of it: any of them may mend a fault. */
  readonly files: readonly string[];
  readonly faults: readonly ConfigFault[];
  /** Doubtful, but no reason not to start. */
  readonly warnings: readonly ConfigFault[];
}

/**
 * Reads, checks and completes the whole configuration. Never throws for what an operator can write; collects every
 * fault. Reads files only: keeps nothing, so that a reload is a second call.
 */
export function loadConfiguration(directory: string, options: LoadOptions): LoadedConfiguration {
  return new Load(directory, options).run();
}

const IDP_FILE = /^[a-z0-9][a-z0-9-]{0,62}\.yaml$/;

class Load {
  readonly #directory: string;
  readonly #options: LoadOptions;
  readonly #source: ValueSource;
  readonly #faults: ConfigFault[] = [];
  readonly #warnings: ConfigFault[] = [];

  constructor(directory: string, options: LoadOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#source = new ValueSource(dirname(resolve(directory)), options.env);
  }

  run(): LoadedConfiguration {
    const gateway = this.#read('gateway.yaml');
    const input = gateway === null ? {} : this.#gatewayInput(gateway);
    const idps = this.#idps(gateway, input);
    if (gateway !== null) this.#checkGateway(gateway, input);
    // Without a fault, no section is absent.
    const config = this.#faults.length === 0 ? this.#assemble(input as GatewayInput, idps) : null;
    const files = [...this.#source.files].sort();
    const result = { files, faults: inOrder(this.#faults), warnings: inOrder(this.#warnings) };
    return config === null ? result : { config, ...result };
  }

  #read(relative: string): YamlFile | null {
    const path = resolve(this.#directory, relative);
    this.#source.files.add(path);
    const file = readYamlFile(path, join(this.#directory, relative));
    if (!('faults' in file)) {
      this.#faults.push(file);
      return null;
    }
    this.#faults.push(...file.faults);
    if (file.faults.length > 0) return null;
    for (const [at, unfit] of checks.openSecretFiles(file.data, (written) => resolve(this.#source.base, written))) {
      this.#warnings.push(file.fault(at, unfit));
    }
    return file;
  }

  /** The sections of gateway.yaml that hold no fault; all of them where there is none at all. */
  #gatewayInput(file: YamlFile): Partial<GatewayInput> {
    const schema = gatewaySchema(this.#source);
    const whole = schema.safeParse(file.data);
    if (whole.success) return whole.data;
    this.#faults.push(...schemaFaults(whole.error.issues, file, () => inputJsonSchema(schema)));
    const faulty = new Set(whole.error.issues.map(({ path }) => path[0]));
    const known = Object.keys(schema.shape).filter((key) => !faulty.has(key));
    const data = isMapping(file.data) ? file.data : {};
    // Sections with defaults must be there even when nothing is written, so absent ones are parsed as such.
    const parts = known.map(
      (key) => [key, schema.shape[key as keyof typeof schema.shape].safeParse(data[key])] as const,
    );
    return Object.fromEntries(parts.flatMap(([key, part]) => (part.success ? [[key, part.data]] : [])));
  }

  #idps(gateway: YamlFile | null, input: Partial<GatewayInput>): readonly IdpConfig[] {
    const { domainKey, provisioning, serviceProvider } = input;
    // A wrong publicUrl is told once; what else an IdP's file has wrong is told beside it.
    const publicUrl = input.publicUrl ?? 'https://publicurl.invalid';
    const foundation =
      domainKey === undefined || provisioning === undefined || serviceProvider === undefined
        ? null
        : { publicUrl, domainKey, provisioning, serviceProvider };
    const files = new Map<IdpConfig, YamlFile>();
    for (const name of this.#idpFiles(gateway)) {
      const file = this.#read(join('idps', name));
      const idp = file === null ? null : this.#idp(file, name, foundation, this.#gatewayReport(gateway));
      if (file !== null && idp !== null) files.set(idp, file);
    }
    this.#compareIdps(files, serviceProvider);
    return [...files.keys()];
  }

  #idpFiles(gateway: YamlFile | null): readonly string[] {
    const complain = (problem: string, remedy: string): void => {
      if (gateway !== null) this.#faults.push({ ...gateway.fault([], new Unfit(problem, remedy)), path: 'idps' });
    };
    let names: readonly string[] = [];
    try {
      names = readdirSync(join(this.#directory, 'idps')).filter((name) => /\.ya?ml$/.test(name));
    } catch (error) {
      complain(
        `the directory idps cannot be read: ${reasonOf(error)}`,
        'create it with one file per identity provider',
      );
      return [];
    }
    const isFit = (name: string): boolean => IDP_FILE.test(name) && name !== 'metadata.yaml';
    for (const name of names.filter((candidate) => !isFit(candidate))) {
      const remedy = 'name the file with lower-case letters, digits and dashes and .yaml; its name is part of our URLs';
      complain(`idps/${name} is not a fit file name`, remedy);
    }
    if (names.length === 0) complain('there is no file idps/*.yaml', 'add one per identity provider');
    return names.filter(isFit).sort();
  }

  #idp(file: YamlFile, fileName: string, foundation: Foundation | null, common: Report): IdpConfig | null {
    const schema = idpSchema(this.#source);
    const parsed = schema.safeParse(file.data);
    if (!parsed.success) {
      this.#faults.push(...schemaFaults(parsed.error.issues, file, () => inputJsonSchema(schema)));
      const domainKey = schema.shape.domainKey.safeParse(isMapping(file.data) ? file.data['domainKey'] : undefined);
      // What has no default is told together with the rest.
      if (foundation !== null && domainKey.success) {
        completeDomainKey(foundation.domainKey, domainKey.data, idpDefaults.generic, (at, unfit) =>
          this.#faults.push(file.fault(at, unfit)),
        );
      }
      return null;
    }
    const input: IdpInput = parsed.data;
    checkIdpCertificates(input, this.#options.keys, this.#options.now, this.#findings(file));
    if (foundation === null) return null;
    const path = resolve(this.#directory, 'idps', fileName);
    const name = fileName.replace(/\.yaml$/, '');
    const report: Report = (at, unfit) => this.#faults.push(file.fault(at, unfit));
    return completeIdp(name, path, input, foundation, report, common);
  }

  #compareIdps(files: ReadonlyMap<IdpConfig, YamlFile>, common: GatewayInput['serviceProvider'] | undefined): void {
    const into = (faults: ConfigFault[]): checks.IdpReport => {
      return (idp, path, unfit) => {
        const file = files.get(idp);
        if (file !== undefined) faults.push(file.fault(path, unfit));
      };
    };
    const idps = [...files.keys()];
    checks.checkEntityIds(idps, into(this.#faults));
    checks.checkTenants(idps, into(this.#faults));
    checks.checkRoutes(idps, into(this.#faults));
    checks.checkProxies(idps, into(this.#faults));
    checks.warnOfSharedTokens(idps, into(this.#warnings));
    checks.warnOfWeakening(idps, into(this.#warnings));
    if (common?.encryption !== undefined) checks.warnOfLostEncryption(idps, into(this.#warnings));
  }

  #checkGateway(file: YamlFile, input: Partial<GatewayInput>): void {
    const { keys, now } = this.#options;
    const { store, onStoreFailure, missingCookie, serviceProvider } = input;
    checkOwnKeys(input, keys, now, this.#findings(file));
    if (serviceProvider !== undefined) {
      checkServiceProviderCertificates(serviceProvider, keys, now, this.#findings(file));
      completeServiceProvider(serviceProvider, 'acs', this.#gatewayReport(file));
    }
    const idle = store === undefined ? null : checks.storeWarning(store, onStoreFailure ?? 'refuse');
    if (idle !== null) this.#warnings.push(file.fault(['onStoreFailure'], idle));
    if (missingCookie === 'allow') {
      const unfit = new Unfit(
        'lets a login be finished in another browser',
        'remove it when nothing needs it any more',
      );
      this.#warnings.push(file.fault(['missingCookie'], unfit));
    }
  }

  /** Several IdPs may miss the same thing in gateway.yaml; it is told once. */
  #gatewayReport(file: YamlFile | null): Report {
    return (path, unfit) => {
      if (file === null) return;
      const fault = file.fault(path, unfit);
      const told = this.#faults.some((other) => other.file === fault.file && other.path === fault.path);
      if (!told) this.#faults.push(fault);
    };
  }

  #findings(file: YamlFile): FindingReport {
    return (path, unfit, severity) => {
      (severity === 'fault' ? this.#faults : this.#warnings).push(file.fault(path, unfit));
    };
  }

  #assemble(input: GatewayInput, idps: readonly IdpConfig[]): GatewayConfig | null {
    const serviceProvider = completeServiceProvider(input.serviceProvider, 'acs', () => undefined);
    if (serviceProvider === null) return null;
    return {
      publicUrl: input.publicUrl,
      listen: input.listen,
      operations: input.operations,
      store: input.store,
      onStoreFailure: input.onStoreFailure,
      dataDirectory: input.dataDirectory,
      signing: input.signing,
      decryption: input.decryption,
      limits: input.limits,
      logging: input.logging,
      audit: input.audit,
      traces: input.traces,
      metadata: input.metadata,
      missingCookie: input.missingCookie,
      ...(input.telemetry === undefined ? {} : { telemetry: input.telemetry }),
      shutdownDelay: input.shutdownDelay,
      shutdownTimeout: input.shutdownTimeout,
      directory: resolve(this.#directory),
      files: [...this.#source.files].sort(),
      dataKeys: { current: input.dataKey, previous: input.previousDataKeys },
      serviceProvider,
      idps,
    };
  }
}

function inOrder(faults: readonly ConfigFault[]): readonly ConfigFault[] {
  return faults.toSorted((a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
