/** `novella policy check` and `novella policy show` on the command line. */
import type { Command } from 'commander';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { withExamples } from '#cli/terminal/examples.ts';
import { withJson } from '#cli/terminal/json-option.ts';
import { type Screen, writeJson, writeLines } from '#cli/terminal/screen.ts';

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
    .action(async (file: string | undefined, options: PolicyOptions) => {
      const { path, rules, unused } = await readRules(file ?? 'policy.yaml', options, surroundings);
      const names = [...rules.keys()];
      if (options.json === true) return writeJson(screen, { file: path, rules: names, unused });
      const count = `${names.length} ${names.length === 1 ? 'rule' : 'rules'}`;
      writeLines(screen, [
        `${path}: valid, ${count}`,
        ...unused.map(({ name, why }) => `${name}: has no effect: ${why}`),
      ]);
    });
  const show = withFile(policy.command('show'))
    .description('print all rules as a policy file: the defaults, and what a file overrides')
    .action(async (file: string | undefined, options: PolicyOptions) => {
      const { policyText, shownRules } = await import('./policy-page.ts');
      const { rules } = await readRules(file, options, surroundings);
      const shown = shownRules(rules);
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

interface Rules {
  path: string;
  rules: ReadonlyMap<string, unknown>;
  unused: { name: string; why: string }[];
}

/** Without a file: no rules. Throws `invalid` for what `novella up` refuses. */
async function readRules(
  file: string | undefined,
  { config }: PolicyOptions,
  surroundings: Surroundings,
): Promise<Rules> {
  const { readPolicyFile } = await import('./policy-file.ts');
  if (config === undefined) {
    return file === undefined ? noRules : { path: file, ...pick(readPolicyFile(file)) };
  }
  const { readConfig } = await import('../config/config.ts');
  const { policyFile } = readConfig(config, surroundings);
  const { existsSync } = await import('node:fs');
  if (policyFile === undefined) return noRules;
  const { path, isNamed } = policyFile;
  if (!isNamed && !existsSync(path)) return { ...noRules, path };
  return { path, ...pick(readPolicyFile(path)) };
}

const noRules: Rules = { path: '', rules: new Map(), unused: [] };

function pick({ checks, unused }: { checks: Rules['rules']; unused: Rules['unused'] }) {
  return { rules: checks, unused };
}
