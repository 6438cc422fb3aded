/** All rules as a policy file that a person can edit: `novella policy show`. */
import { operatorRoutes } from '#api/operator/routes.ts';
import { namesOf } from '#api/requests/permission.ts';
import { routes } from '#api/routes.ts';
import { ruleNames, standardCheck } from '#core/access/rules/compute-policy.ts';
import { type RuleName, standardRules } from '#core/access/rules/standard-rules.ts';
import { titleOf } from '#http/routes/route.ts';

/** One rule of the compute API. */
export interface ShownRule {
  name: string;
  /** In force, as it was written: a text, or a list of lists. */
  check: unknown;
  /** null: the operator's own rule. */
  default: string | null;
  /** Example: `POST /servers`. */
  calls: string[];
  /** What it decides within calls, or why it decides nothing; null for the rule of a call. */
  note: string | null;
}

/** `overridden`: the checks of a policy file by name. */
export function shownRules(overridden: ReadonlyMap<string, unknown>): ShownRule[] {
  const callsOf = callsByRule();
  const own = [...overridden.keys()].filter((name) => standardCheck(name) === undefined);
  return [...ruleNames, ...own].map((name) => {
    const standard = standardCheck(name) ?? null;
    return {
      name,
      check: overridden.has(name) ? overridden.get(name) : standard,
      default: standard,
      calls: callsOf.get(name) ?? [],
      note: noteOf(name),
    };
  });
}

function noteOf(name: string): string | null {
  if (!Object.hasOwn(standardRules, name)) return null;
  const { decides, unused } = standardRules[name as RuleName];
  return unused === undefined ? (decides ?? null) : `has no effect: ${unused}`;
}

function callsByRule(): Map<string, string[]> {
  const pairs = [...routes, ...operatorRoutes].flatMap((route) =>
    namesOf(route.rule).map((name) => ({ name, title: titleOf(route) })),
  );
  const grouped = Map.groupBy(pairs, ({ name }) => name);
  return new Map(
    [...grouped].map(([name, calls]) => [name, [...new Set(calls.map(({ title }) => title))]]),
  );
}

/** A YAML text that `novella up` reads as these rules. */
export function policyText(rules: readonly ShownRule[]): string {
  return rules.map(ruleText).join('\n');
}

function ruleText({ name, check, default: standard, calls, note }: ShownRule): string {
  const isOverridden = standard !== null && check !== standard;
  const comments = [
    ...calls,
    ...(note === null ? [] : [note]),
    ...(isOverridden ? [`default: ${JSON.stringify(standard)}`] : []),
  ];
  const lines = comments.map((comment) => `# ${comment}`);
  return [...lines, `${JSON.stringify(name)}: ${JSON.stringify(check)}`, ''].join('\n');
}
