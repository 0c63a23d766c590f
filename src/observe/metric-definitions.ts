export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Name → meaning. A label's values are bounded: by a list in the code, or by what the configuration names. */
  readonly labels: Readonly<Record<string, string>>;
  /** Upper bounds, in seconds. */
  readonly buckets?: readonly number[];
}

const IDP = 'name of the identity provider in the configuration, else `unknown`';
const CODE = '`OK`, or a code of the error table';
const STAGE_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];
const LOGIN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function define<Name extends string>(
  definitions: Record<Name, MetricDefinition>,
): Readonly<Record<Name, MetricDefinition>> {
  return definitions;
}

/** Every metric of the program, without the prefix `claims_gateway_`. docs/metrics.md is written from this table. */
export const metricDefinitions = define({
  build_info: {
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: { version: 'version of the program', node: 'version of Node.js' },
  },
  ready: { type: 'gauge', help: '1 while logins can succeed (what /readyz answers), else 0.', labels: {} },
  health_check_state: {
    type: 'gauge',
    help: 'State of a health check: 0 pass, 1 warn, 2 fail.',
    labels: { check: 'name of the check in /healthz' },
  },
  logins_total: {
    type: 'counter',
    help: 'Responses posted to the gateway, by what became of them.',
    labels: { idp: IDP, code: CODE },
  },
  login_duration_seconds: {
    type: 'histogram',
    help: 'From the whole request read to the answer ready to be sent.',
    labels: { result: '`delivered`, `refused` (status 4xx) or `failed` (5xx)' },
    buckets: LOGIN_SECONDS,
  },
  login_stage_duration_seconds: {
    type: 'histogram',
    help: 'Duration of one step of a login.',
    labels: { stage: 'the step, in the order of a login' },
    buckets: STAGE_SECONDS,
  },
  authentication_requests_total: {
    type: 'counter',
    help: 'AuthnRequests of the service provider, by what became of them.',
    labels: { idp: IDP, code: CODE },
  },
  deliveries_total: {
    type: 'counter',
    help: 'Responses handed to the service provider.',
    labels: { delivery: '`browser` or `proxy`', code: CODE },
  },
  http_requests_total: {
    type: 'counter',
    help: 'Answers over HTTP.',
    labels: {
      listener: '`public` or `operations`',
      route: 'pattern of the route, else `unmatched`',
      status: 'HTTP status, else `other`',
    },
  },
  store_errors_total: {
    type: 'counter',
    help: 'Operations on the store that failed.',
    labels: { operation: 'the operation' },
  },
  store_fallbacks_total: {
    type: 'counter',
    help: 'Claims made on the local store because the store did not answer (`onStoreFailure: local`).',
    labels: {},
  },
  provisioning_decisions_total: {
    type: 'counter',
    help: 'Decisions at login time on whether an account must be created.',
    labels: { decision: '`create`, `observe`, or the reason to skip' },
  },
  provisioning_attempts_total: {
    type: 'counter',
    help: 'Requests to the SCIM service, by class of the answer.',
    labels: { class: '`ok`, or the class of the failure' },
  },
  provisioning_outcomes_total: {
    type: 'counter',
    help: 'Jobs that came to an end.',
    labels: { outcome: '`created`, `existed`, `failed` (dead letter) or `dismissed` (by a person)' },
  },
  provisioning_follow_ups_total: {
    type: 'counter',
    help: 'Differences between login and account that a person must look at.',
    labels: { kind: 'kind of the difference' },
  },
  provisioning_wait_seconds: {
    type: 'histogram',
    help: 'How long a login was held until its account existed (`waitForAccount`).',
    labels: { result: '`exists`, `failed` (it needs a person first) or `timeout`' },
    buckets: LOGIN_SECONDS,
  },
  queue_jobs: {
    type: 'gauge',
    help: 'Jobs on the queue.',
    labels: { state: '`waiting`, `delayed` or `active`' },
  },
  queue_oldest_job_age_seconds: {
    type: 'gauge',
    help: 'Age of the oldest job that waits; 0 when none does.',
    labels: {},
  },
  spool_jobs: { type: 'gauge', help: "Jobs in this machine's spool because Redis is unreachable.", labels: {} },
  dead_letters: { type: 'gauge', help: 'Jobs that need a person.', labels: {} },
  paused_tenants: {
    type: 'gauge',
    help: 'Tenants whose queue is paused because the SCIM service refuses the key.',
    labels: {},
  },
  worker_heartbeat_age_seconds: {
    type: 'gauge',
    help: 'Time since any worker last reported; absent while none ever has.',
    labels: {},
  },
  expiry_seconds: {
    type: 'gauge',
    help: 'Time until something expires; negative once it has.',
    labels: {
      kind: '`signing`, `decryption`, `tls`, `service_provider`, `idp_certificate` or `idp_metadata`',
      owner: "key id, the identity provider's name, or `listen` for TLS",
    },
  },
  idp_metadata_age_seconds: {
    type: 'gauge',
    help: 'Time since the metadata of an identity provider was last fetched or confirmed; absent where it comes from no URL.',
    labels: { idp: IDP },
  },
  idp_clock_difference_seconds: {
    type: 'gauge',
    help: "The identity provider's clock minus ours, from the IssueInstant of its last verified response; includes the transit time.",
    labels: { idp: IDP },
  },
  audit_events_total: {
    type: 'counter',
    help: 'Audit events, by what became of them.',
    labels: { result: '`written`, or `lost` (the disk was full or gone for too long)' },
  },
  audit_waiting_lines: { type: 'gauge', help: 'Audit lines in memory that are not in the file yet.', labels: {} },
  trace_errors_total: { type: 'counter', help: 'Login traces that could not be written or joined.', labels: {} },
  spans_total: {
    type: 'counter',
    help: 'OpenTelemetry spans, by what became of them.',
    labels: { result: '`exported`, or `dropped` (the queue was full, or the collector away, slow or refusing)' },
  },
  scrape_failures_total: {
    type: 'counter',
    help: 'Sources of gauges that did not answer in time when /metrics was read; their gauges are left out.',
    labels: { source: 'name of the source' },
  },
});

export const METRIC_PREFIX = 'claims_gateway_';
export type MetricName = keyof typeof metricDefinitions;

export const LOGIN_STAGES = [
  'decode',
  'parse',
  'verify',
  'validate',
  'claim',
  'inject',
  'reissue',
  'sign',
  'enqueue',
  'deliver',
] as const;
/** A step of the way of one login (docs/architecture.md). */
export type LoginStage = (typeof LOGIN_STAGES)[number];

/** The page docs/metrics.md, whole. */
export function metricsReference(): string {
  const rows = Object.entries(metricDefinitions).map(([name, { type, help, labels }]) => {
    const described = Object.entries(labels).map(([label, meaning]) => `\`${label}\`: ${meaning}`);
    return [`\`${METRIC_PREFIX}${name}\``, type, help, described.join('; ') || '–'];
  });
  return `${REFERENCE_HEAD}\n\n${markdownTable(['metric', 'type', 'meaning', 'labels'], rows)}\n\n${REFERENCE_STAGES}\n`;
}

// Padded as prettier pads, so that the format check has nothing to say about a generated page.
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

const REFERENCE_HEAD = `# Metrics

Generated from \`src/observe/metric-definitions.ts\` by \`npm run generate\`; a test holds it to the code.

\`GET /metrics\` on the operations listener answers in Prometheus' text format. Units are base units (seconds, counts).
Every label has a bounded set of values: a list in the code, or what the configuration names. A value that an
unauthenticated sender chose never becomes a label. Metrics of the process and of Node.js (\`process_*\`, \`nodejs_*\`)
come beside these.

Each process counts for itself and begins at zero. A gauge of the queue is the same on every process that shares the
store: use \`max\`, not \`sum\`. Alert rules and a dashboard are in \`deploy/observability/\`.`;

const REFERENCE_STAGES = `The values of \`stage\`: ${LOGIN_STAGES.map((stage) => `\`${stage}\``).join(', ')}.`;
