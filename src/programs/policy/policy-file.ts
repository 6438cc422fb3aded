/** A policy file of oslo.policy, in YAML or JSON: rules of the compute API by name. */
import type { Check } from '#core/access/rules/check.ts';
import {
  type ComputePolicy,
  computePolicy,
  type Override,
  standardCheck,
} from '#core/access/rules/compute-policy.ts';
import { parseCheck, parseCheckList } from '#core/access/rules/parse-check.ts';
import { type RuleName, standardRules } from '#core/access/rules/standard-rules.ts';
import { ComputeError } from '#core/errors.ts';
import { parseYaml } from '../config/config-file.ts';
import { readTextFile } from '../config/text-file.ts';

export interface PolicyFileContent {
  policy: ComputePolicy;
  /** The overridden checks by name, as they were written. */
  checks: ReadonlyMap<string, unknown>;
  /** Changed rules that decide nothing here, and why. */
  unused: { name: string; why: string }[];
}

/**
 * The rules in this text; `path` names it in messages. Throws `invalid` naming file, line, rule,
 * column and what was expected.
 */
export function parsePolicy(text: string, path: string): PolicyFileContent {
  const { content, place } = parseYaml(text, path);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new ComputeError(
      'invalid',
      `${path}: must be rules with checks, such as "rule": "check"`,
    );
  }
  const entries = Object.entries(content);
  const overrides = entries.map(([name, value]): Override => {
    const where = place([name]);
    return { name, place: where, check: checkOf(value, where) };
  });
  return {
    policy: computePolicy(overrides),
    checks: new Map(entries),
    unused: entries.flatMap(([name, value]) => {
      const why = unusedBecause(name);
      return why === undefined || value === standardCheck(name) ? [] : [{ name, why }];
    }),
  };
}

function unusedBecause(name: string): string | undefined {
  return Object.hasOwn(standardRules, name) ? standardRules[name as RuleName].unused : undefined;
}

/** The rules in this file. Throws as `parsePolicy`, and for a file that cannot be read. */
export function readPolicyFile(path: string): PolicyFileContent {
  return parsePolicy(readTextFile(path), path);
}

function checkOf(value: unknown, place: string): Check {
  if (typeof value === 'string') return parseCheck(value, place);
  if (Array.isArray(value) && value.every(isInnerList)) return parseCheckList(value, place);
  throw new ComputeError(
    'invalid',
    `${place}: must be a check in quotes, such as "role:admin", or a list of lists of checks`,
  );
}

function isInnerList(value: unknown): value is string | string[] {
  return [value].flat().every((each) => typeof each === 'string');
}
