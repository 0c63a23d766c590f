import { join } from 'node:path';
import type { GatewayConfig } from '../config/index.js';

/** The name that all segments of the audit log share; the directory is made with the first one. */
export function auditFile({ audit }: Pick<GatewayConfig, 'audit'>): string {
  return join(audit.directory, 'audit.jsonl');
}
