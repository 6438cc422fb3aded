/** Options that npm keeps instead of passing them on, as in `npm run demo --once`. */
import type { Command } from 'commander';

/** How the scripts of package.json are typed. */
const scripts: Readonly<Record<string, string>> = {
  start: 'npm start',
  demo: 'npm run demo',
  novella: 'npm run novella',
};

/** npm has options of these names: a setting of the user's .npmrc appears the same way. */
const ofNpm = new Set(['--json', '--help', '--version']);

/**
 * What to print where npm kept options of the command that runs: npm sets a variable for each.
 * undefined: none. Example: `npm start --free-ports` → `npm kept --free-ports …: npm start --
 * --free-ports`.
 */
export function optionsKeptByNpm(
  program: Command,
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const event = variables['npm_lifecycle_event'] ?? '';
  if (!Object.hasOwn(scripts, event)) return undefined;
  const command = program.commands.find((each) => each.name() === args[0]);
  const kept = (command?.options ?? [])
    .filter(({ long }) => typeof long === 'string' && !ofNpm.has(long))
    .filter(({ long }) => isSet(variables[variableOf(long ?? '')]))
    .map(({ long, required }) => `${long}${required ? ' …' : ''}`);
  if (kept.length === 0) return undefined;
  const typed = event === 'novella' ? `${scripts[event]} ${args[0]}` : scripts[event];
  return `npm kept ${kept.join(' ')}; options come after two hyphens: ${typed} -- ${kept.join(' ')}`;
}

/** Example: `--free-ports` → `npm_config_free_ports`. */
function variableOf(long: string): string {
  return `npm_config_${long.slice(2).replaceAll('-', '_')}`;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false';
}
