/** `novella policy check` and `novella policy show` on the command line. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { withExamples } from '#cli/terminal/examples.ts';
import { withJson } from '#cli/terminal/json-option.ts';
import { type Screen, writeJson, writeLines } from '#cli/terminal/screen.ts';
import { ComputeError } from '#core/errors.ts';

interface PolicyOptions {
  config?: string;
  json?: boolean;
}

/** Adds both commands. They work on files, without any service. */
export function addPolicyCommands(
  novella: Command,
  { screen, ...surroundings }: Surroundings & { screen: Screen },
): void {
  const policy = novella.command('policy').description('rules of the compute API: who may do what');
  const check = withFile(policy.command('check'))
    .description('check a policy file, as "novella up" does at its start')
    .action(async (file: string | undefined, options: PolicyOptions, command: Command) => {
      refuseBoth(file, options, command);
      const { path, isAbsent } = await fileOf(file ?? 'policy.yaml', options, surroundings);
      if (isAbsent) {
        throw new ComputeError(
          'notFound',
          `no policy file: ${options.config} has no policy_file, and there is no ${path}; the default rules apply`,
        );
      }
      const { readPolicyFile } = await import('./policy-file.ts');
      const { checks, unused } = readPolicyFile(path);
      const names = [...checks.keys()];
      if (options.json === true) return writeJson(screen, { file: path, rules: names, unused });
      const count =
        names.length === 0
          ? 'but it has no rules: the default rules apply'
          : `${names.length} ${names.length === 1 ? 'rule' : 'rules'}`;
      writeLines(screen, [
        `${path}: valid, ${count}`,
        ...unused.map(({ name, why }) => `${name}: has no effect: ${why}`),
      ]);
    });
  const show = withFile(policy.command('show'))
    .description('print all rules as a policy file: the defaults, and what a file overrides')
    .action(async (file: string | undefined, options: PolicyOptions, command: Command) => {
      refuseBoth(file, options, command);
      const { readPolicyFile } = await import('./policy-file.ts');
      const { policyText, shownRules } = await import('./policy-page.ts');
      const { path, isAbsent } = await fileOf(file, options, surroundings);
      const shown = shownRules(isAbsent ? new Map() : readPolicyFile(path).checks);
      if (options.json === true) writeJson(screen, { rules: shown });
      else screen.write(policyText(shown));
    });
  withExamples(
    check,
    'novella policy check /etc/novella/policy.yaml',
    'novella policy check --config /etc/novella/novella.yaml',
  );
  withExamples(show, 'novella policy show', 'novella policy show /etc/novella/policy.yaml --json');
}

function withFile(command: Command): Command {
  return withJson(command)
    .argument('[file]', 'the policy file')
    .option('--config <file>', 'that of this novella.yaml instead');
}

function refuseBoth(file: string | undefined, { config }: PolicyOptions, command: Command): void {
  if (file === undefined || config === undefined) return;
  command.error(`error: policy file '${file}' cannot be used with option '--config <file>'`);
}

/**
 * The policy file of the configuration, or else the given one. `isAbsent`: there is none, and none
 * has to be there. Throws `invalid` for a wrong configuration.
 */
async function fileOf(
  file: string | undefined,
  { config }: PolicyOptions,
  surroundings: Surroundings,
): Promise<{ path: string; isAbsent: boolean }> {
  if (config === undefined) return { path: file ?? '', isAbsent: file === undefined };
  const { readConfig } = await import('../config/config.ts');
  const { path, isNamed } = readConfig(config, surroundings).policyFile ?? noFile;
  return { path, isAbsent: !isNamed && !existsSync(path) };
}

const noFile = { path: '', isNamed: false };
