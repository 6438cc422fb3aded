/** The policy file of a running cloud: read at the start, and again when it has changed. */
import { statSync } from 'node:fs';
import type { Log } from '#contracts/log.ts';
import { type ComputePolicy, computePolicy } from '#core/access/rules/compute-policy.ts';
import { ComputeError, errorText } from '#core/errors.ts';
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
 * not exist. Later a file that is wrong, cannot be read or has been removed leaves the rules as
 * they are, and each new problem is logged as an error.
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
  const { path, isNamed } = file;
  // Before the file is read: a change meanwhile is read again.
  let seen = versionOf(path);
  let last = seen;
  let wasRead = isNamed || seen !== 'absent';
  let policy = wasRead ? readPolicy(path, log) : computePolicy();
  let problem = '';
  const timer = setInterval(() => {
    const now = versionOf(path);
    // A file that is still being written may be valid, and lack the rules that restrict.
    const isSettled = now === last;
    last = now;
    if (!isSettled) return;
    // After a problem each time: a failing disk recovers without a change of the file.
    if (now === seen && problem === '') return;
    seen = now;
    try {
      if (wasRead) refuseMissing(file, now);
      if (now !== 'absent') {
        policy = readPolicy(path, log);
        wasRead = true;
      }
      problem = '';
    } catch (error) {
      const text = errorText(error);
      if (text === problem) return;
      problem = text;
      log.error({ file: path, problem }, `the rules stay as they were: ${problem}`);
    }
  }, pollMs);
  timer.unref();
  return { current: () => policy, stop: () => clearInterval(timer) };
}

/**
 * An editor may remove or empty a file before it writes the new one: without this, the rules that
 * the file restricts would be open meanwhile.
 */
function refuseMissing({ path, isNamed }: PolicyFile, version: string): void {
  if (version !== 'absent' && version !== 'empty') return;
  const what = version === 'absent' ? 'no such file' : 'the file is empty';
  const how = isNamed
    ? 'remove policy_file from the configuration and restart Novella'
    : 'restart Novella without this file';
  throw new ComputeError('invalid', `${path}: ${what}; to return to the default rules, ${how}`);
}

function readPolicy(path: string, log: Log): ComputePolicy {
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

/**
 * Differs after each change. `absent`, `empty`, or the error code of a file that cannot be
 * inspected, such as `ELOOP`; reading that file reports why.
 */
function versionOf(path: string): string {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return 'absent';
    return stat.size === 0 ? 'empty' : `${stat.ino} ${stat.mtimeMs} ${stat.ctimeMs} ${stat.size}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? errorText(error);
  }
}
