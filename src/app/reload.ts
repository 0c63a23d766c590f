import { existsSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import {
  configurationFingerprint,
  formatFault,
  isSameSetting,
  type GatewayConfig,
  type LoadedConfiguration,
} from '../config/index.js';
import type { CheckResult, HealthCheck } from '../observe/index.js';
import { GatewayError } from '../shared/index.js';
import type { Application } from './application.js';
import { readConfiguration, requireConfiguration, type ConfigurationRequest } from './configuration.js';
import { keyEvents } from './key-events.js';
import { readKeyMaterial } from './key-material.js';

/** What is opened once, at start; a change of it is told, and takes effect at the next start. */
const FIXED = [
  'listen',
  'operations',
  'store',
  'onStoreFailure',
  'dataDirectory',
  'audit',
  'traces',
  'logging',
] as const;

/** How long the new configuration waits for the metadata of an IdP that was added, before it counts. Milliseconds. */
const FIRST_METADATA = 5_000;

/** How long a file must be quiet before it is read: an editor writes in several steps. Milliseconds. */
const SETTLE = 200;

/** But no longer than this, or whoever writes something else beside it could put it off for ever. Milliseconds. */
const SETTLE_AT_MOST = 2_000;

interface Rejected {
  readonly what: string;
  readonly reason: string;
}

/**
 * Puts a changed configuration into force: checked whole and swapped between two requests, or rejected whole, and then
 * the one in force goes on and health shows why. Reloads come one after the other.
 */
export class Reloader {
  readonly #application: Application;
  readonly #request: ConfigurationRequest;
  readonly #onAdopted: () => void;
  #watchers: FSWatcher[] = [];
  /** The directories that are watched. */
  #watched: readonly string[] = [];
  /** What the configuration on disk consists of, as far as could be told when it was last read. */
  #onDisk: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When the first change came that was not looked at yet. */
  #restlessSince: number | null = null;
  #last: Promise<boolean> = Promise.resolve(true);
  /** The configuration on disk that was not taken; null where it is the one in force. */
  #rejected: Rejected | null = null;
  #waitsForStart: readonly string[] = [];
  #stopped = false;

  /** @param onAdopted told after each reload, for what a generation does not reach by itself */
  constructor(application: Application, request: ConfigurationRequest, onAdopted: () => void = () => undefined) {
    this.#application = application;
    this.#request = request;
    this.#onAdopted = onAdopted;
  }

  /** Begins to watch the files that the configuration was made of. */
  start(): void {
    this.#watch();
  }

  /** @returns whether the configuration on disk is now the one in force */
  reload(): Promise<boolean> {
    this.#last = this.#last.then(() => (this.#stopped ? false : this.#reload()));
    return this.#last;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#unwatch();
    await this.#last;
  }

  check(): HealthCheck {
    return { name: 'configuration', readiness: false, run: () => this.#result() };
  }

  #result(): CheckResult {
    if (this.#rejected !== null) {
      return {
        state: 'fail',
        detail: `The configuration on disk was rejected; the one before goes on. ${this.#rejected.reason}`,
        remedy: 'Run `claims-gateway check-config` and mend what it prints; it is read again by itself.',
      };
    }
    if (this.#waitsForStart.length > 0) {
      return {
        state: 'warn',
        detail: `Changed, but not in force before the next start: ${this.#waitsForStart.join(', ')}.`,
        remedy: 'Restart the gateway; until then it goes on with what it was started with.',
      };
    }
    return { state: 'pass', detail: 'The configuration on disk is in force.' };
  }

  async #reload(): Promise<boolean> {
    const application = this.#application;
    let what = '';
    try {
      const loaded = this.#read();
      what = identityOf(loaded);
      const config = requireConfiguration(loaded);
      const generation = application.makeGeneration(config);
      await generation.start();
      await generation.firstMetadata(FIRST_METADATA);
      this.#waitsForStart = changedParts(application.opened, config);
      this.#rejected = null;
      const changedKeys = keyEvents(application.generation.config.signing.keys, config.signing.keys);
      await application.adopt(generation);
      this.#onAdopted();
      for (const warning of loaded.warnings) application.log.warn(formatFault(warning));
      application.log.info({ configuration: generation.fingerprint }, 'configuration reloaded');
      await this.#tell('reload', generation.fingerprint);
      for (const event of changedKeys) await application.audit.append(event);
      return true;
    } catch (error) {
      this.#rejected = { what, reason: reasonOf(error) };
      application.log.error({ err: error }, 'configuration rejected; the one before goes on');
      await this.#tell('reject', application.generation.fingerprint);
      return false;
    } finally {
      this.#watch();
    }
  }

  #read(): LoadedConfiguration {
    const loaded = readConfiguration(this.#request);
    this.#onDisk = loaded.files;
    return loaded;
  }

  async #tell(decision: string, configuration: string): Promise<void> {
    await this.#application.audit.append({ event: 'configuration', decision, configuration });
  }

  #watch(): void {
    this.#unwatch();
    if (this.#stopped) return;
    this.#watched = this.#directories();
    this.#watchers = this.#watched.flatMap((path) => this.#watcher(path));
    // What changed since the files were read, before there were these watchers.
    this.#changed();
  }

  /**
   * Where a file of the configuration in force lies, or of the one on disk, which may have been rejected for it.
   * Directories, not files: an editor or an orchestrator puts a new file in the place of the old one.
   */
  #directories(): readonly string[] {
    const { directory, files } = this.#application.generation.config;
    const wanted = [directory, `${directory}/idps`, ...[...files, ...this.#onDisk].map((file) => dirname(file))];
    return [...new Set(wanted.map(firstThere))];
  }

  #watcher(path: string): FSWatcher[] {
    try {
      const watcher = watch(path, { persistent: false }, () => {
        this.#changed();
      });
      watcher.on('error', () => {
        watcher.close();
      });
      return [watcher];
    } catch {
      // A directory that may not be watched, or has just gone: SIGHUP still reloads.
      return [];
    }
  }

  #changed(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    const now = this.#application.services.elapsed();
    this.#restlessSince ??= now;
    const wait = Math.max(0, Math.min(SETTLE, this.#restlessSince + SETTLE_AT_MOST - now));
    this.#timer = setTimeout(() => {
      this.#restlessSince = null;
      void this.#reloadIfChanged();
    }, wait).unref();
  }

  /** Much may happen in a directory that is none of ours, such as certs/, and a fault is told once. */
  async #reloadIfChanged(): Promise<void> {
    let known = false;
    try {
      const loaded = this.#read();
      known =
        this.#rejected === null
          ? loaded.config !== undefined && this.#application.isInForce(loaded.config)
          : this.#rejected.what === identityOf(loaded);
    } catch {
      // A file went away between two looks at it: reloading tells what is the matter, or finds it mended.
    }
    if (!known) await this.reload();
    // A directory that was missing has come, and is as yet without the file.
    else if (this.#directories().join('\n') !== this.#watched.join('\n')) this.#watch();
  }

  #unwatch(): void {
    this.#watchers.forEach((watcher) => {
      watcher.close();
    });
    this.#watchers = [];
  }
}

/** The directory, or what of the way to it exists: there it will show when it comes. */
function firstThere(directory: string): string {
  const above = dirname(directory);
  return directory === above || existsSync(directory) ? directory : firstThere(above);
}

/** Two readings with the same one would end alike: the same faults, or the same settings and key files. */
function identityOf({ config, faults }: LoadedConfiguration): string {
  if (config === undefined) return faults.map(formatFault).join('\n');
  return `${configurationFingerprint(config)} ${readKeyMaterial(config)}`;
}

function reasonOf(error: unknown): string {
  return error instanceof GatewayError ? error.message : String(error);
}

function changedParts(opened: GatewayConfig, now: GatewayConfig): string[] {
  return FIXED.filter((part) => !isSameSetting(opened, now, part));
}
