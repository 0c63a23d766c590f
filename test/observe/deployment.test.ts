import t from 'tap';
import { parse } from 'yaml';
import { METRIC_PREFIX, metricDefinitions } from '../../src/observe/index.js';
import { projectFile } from '../support/project.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const definitions: Readonly<Record<string, { readonly type: string; readonly labels: object }>> = metricDefinitions;

const rules = (
  parse(projectFile('deploy/observability/alerts.yaml')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(projectFile('deploy/observability/dashboard.json')) as Dashboard;

/** Names of metrics in an expression that the code does not have, and labels that the metric does not have. */
function strangers(expression: string): string[] {
  const found = [...expression.matchAll(/claims_gateway_(\w+)(?:\{([^}]*)\})?/g)];
  if (found.length === 0) return [`no metric in: ${expression}`];
  return found.flatMap(([, series = '', matchers = '']) => {
    const histogram = series.replace(/_(bucket|sum|count)$/, '');
    const name = definitions[histogram]?.type === 'histogram' ? histogram : series;
    const metric = definitions[name];
    if (metric === undefined) return [METRIC_PREFIX + series];
    const labels = [...matchers.matchAll(/(\w+)\s*[=!]/g)].map((match) => match[1] ?? '');
    return labels.filter((label) => !(label in metric.labels)).map((label) => `${series}{${label}}`);
  });
}

t.test('the alert rules use metrics and labels that exist, and say what to do', (t) => {
  t.ok(rules.length > 10);
  for (const { alert, expr, labels, annotations } of rules) {
    t.same(strangers(expr), [], alert);
    t.match(labels, { severity: /^(warning|critical)$/ }, alert);
    t.ok(annotations['summary'] !== undefined && annotations['description'] !== undefined, alert);
  }
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length, 'each name once');
  t.end();
});

t.test('the dashboard uses metrics and labels that exist', (t) => {
  t.ok(panels.length > 10);
  for (const { title, targets } of panels) {
    for (const { expr } of targets) t.same(strangers(expr), [], title);
  }
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'each id once');
  t.end();
});

t.test('this check finds a stranger', (t) => {
  t.same(strangers('rate(claims_gateway_no_such_total[5m])'), ['claims_gateway_no_such_total']);
  t.same(strangers('claims_gateway_logins_total{colour="red"}'), ['logins_total{colour}']);
  t.same(strangers('claims_gateway_logins_total_sum'), ['claims_gateway_logins_total_sum']);
  t.end();
});
