/** docs/configuration.md: the keys of both configuration files, as their schemas describe them. */
import type { TSchema } from 'typebox';
import { AgentFile } from '#programs/config/agent-config.ts';
import { FleetFile, HostsFile } from '#programs/config/config.ts';

/** What the page reads of a schema. */
interface Described {
  type?: string;
  description?: string;
  default?: unknown;
  unit?: string;
  unset?: string;
  const?: string;
  enum?: unknown[];
  anyOf?: Described[];
  items?: Described;
  properties?: Record<string, Described>;
  required?: string[];
  patternProperties?: Record<string, Described>;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
}

interface Row {
  key: string;
  schema: Described;
  isRequired: boolean;
}

/** The rows of all keys below a section, in the order of the schema. */
function rowsOf(section: Described, prefix = ''): Row[] {
  return Object.entries(section.properties ?? {}).flatMap(([name, schema]) => {
    const key = `${prefix}${name}`;
    const isRequired = section.required?.includes(name) === true;
    if (schema.properties !== undefined) return rowsOf(schema, `${key}.`);
    if (schema.items?.properties !== undefined) return rowsOf(schema.items, `${key}[].`);
    return [{ key, schema, isRequired }];
  });
}

/** Example: `{type: 'integer', minimum: 1, maximum: 600}` → `integer, 1 to 600`. */
function typeOf(schema: Described): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${String(word)}\``).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.type === 'array') return 'list';
  if (schema.type === 'object') return 'map';
  const { minimum, exclusiveMinimum, maximum } = schema;
  const least = exclusiveMinimum === undefined ? minimum : `more than ${exclusiveMinimum}`;
  const range =
    maximum !== undefined
      ? `, ${least} to ${maximum}`
      : least === undefined
        ? ''
        : `, ${typeof least === 'number' ? `${least} or more` : least}`;
  return `${schema.type === 'string' ? 'text' : schema.type}${range}`;
}

function defaultOf({ schema, isRequired }: Row): string {
  if (isRequired) return 'required';
  if (schema.unset !== undefined) return schema.unset;
  return `\`${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}\``;
}

function table(schema: TSchema, of: (key: string) => boolean = () => true): string {
  const lines = rowsOf(schema as unknown as Described)
    .filter(({ key }) => of(key))
    .map((row) => {
      const { unit = '', description = '' } = row.schema;
      return `| \`${row.key}\` | ${typeOf(row.schema)} | ${defaultOf(row)} | ${unit} | ${description} |`;
    });
  return ['| key | type | default | unit | meaning |', '|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

/** Keys that no description or no default says anything of. */
export function undescribedKeys(): string[] {
  return [HostsFile, FleetFile, AgentFile].flatMap((schema) =>
    rowsOf(schema as unknown as Described)
      .filter(({ schema: { description, default: value, unset }, isRequired }) => {
        const hasDefault = isRequired || value !== undefined || unset !== undefined;
        return description === undefined || !hasDefault;
      })
      .map(({ key }) => key),
  );
}

/** Every key of novella.yaml that has a default, with that value. */
export function statedDefaults(): Record<string, unknown> {
  const file: Record<string, unknown> = {};
  for (const { key, schema } of rowsOf(HostsFile as unknown as Described)) {
    if (schema.default === undefined || key.includes('[]')) continue;
    const names = key.split('.');
    let at = file;
    for (const name of names.slice(0, -1)) {
      at[name] ??= {};
      at = at[name] as Record<string, unknown>;
    }
    at[names.at(-1) ?? ''] = schema.default;
  }
  return file;
}

export function configurationPage(): string {
  const isFleet = (key: string): boolean => key.startsWith('simulated.');
  return `# Keys of the configuration files

Generated from the schemas that check the files. In a checkout, \`npx vitest -u\` rewrites this page.
For use and examples, see [running.md](running.md) for \`novella.yaml\`,
[agents.md](agents.md) for \`agent.yaml\`, [quotas.md](quotas.md), and
[openstack-behaviour.md](openstack-behaviour.md) for the section \`openstack\`.

An omitted key has its default. An unknown key, a wrong type or a malformed device spec stops the
start; the message names file, line, key and rule.

## novella.yaml

The file of \`novella up --config FILE\`.

${table(HostsFile)}

In place of a list of hosts, \`simulated\` may describe a fleet of identical hosts:

${table(FleetFile, isFleet)}

## agent.yaml

The file of \`novella agent --config FILE\`.

${table(AgentFile)}
`;
}
