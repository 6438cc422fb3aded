/** The policy file of a running cloud: read at the start, and again when it has changed. */
import { statSync } from 'node:fs';
import type { Log } from '#contracts/log.ts';
import { type ComputePolicy, computePolicy } from '#core/access/rules/compute-policy.ts';
import { errorText } from '#core/errors.ts';
import type { PolicyFile } from '../config/config.ts';
import { readPolicyFile } from './policy-file.ts';

export interface PolicyInForce {
  /** The rules of now. */
  current: () => ComputePolicy;
  stop: () => void;
}

const standardPollMs = 1_000;

/**
 * Throws `invalid` for a file that is wrong, and for one that the configuration names and that does
 * not exist. Later a wrong file leaves the rules as they are, and is logged as an error.
 */
export function policyInForce(
  file: PolicyFile | undefined,
  log: Log,
  pollMs = standardPollMs,
): PolicyInForce {
  if (file === undefined) {
    const standard = computePolicy();
    return { current: () => standard, stop: () => undefined };
  }
  // Before the file is read: a change meanwhile is read again.
  let seen = versionOf(file.path);
  let policy = readPolicy(file, log);
  const timer = setInterval(() => {
    const now = versionOf(file.path);
    if (now === seen) return;
    seen = now;
    try {
      policy = readPolicy(file, log);
    } catch (error) {
      const problem = errorText(error);
      log.error({ file: file.path, problem }, `the rules stay as they were: ${problem}`);
    }
  }, pollMs);
  timer.unref();
  return { current: () => policy, stop: () => clearInterval(timer) };
}

function readPolicy({ path, isNamed }: PolicyFile, log: Log): ComputePolicy {
  if (!isNamed && versionOf(path) === 'absent') return computePolicy();
  const { policy, checks, unused } = readPolicyFile(path);
  log.info({ file: path, rules: checks.size }, 'the rules of the policy file are in force');
  for (const { name, why } of unused) {
    log.warn(
      { file: path, rule: name },
      `the rule ${name} of the policy file has no effect: ${why}`,
    );
  }
  return policy;
}

function versionOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'absent' : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}
