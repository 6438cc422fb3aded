/**
 * `novella config import`: turns the usable parts of a nova.conf into a novella.yaml; the rest is
 * reported line by line.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Document, isSeq, type Node } from 'yaml';
import { type Screen, writeLines } from '#cli/terminal/screen.ts';
import { tableLines } from '#cli/terminal/table.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { parseAliases } from '#core/pci/requests/alias.ts';
import { readDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import {
  type UnsupportedOption,
  unsupportedOptions,
} from '#integrations/nova-conf/unsupported-options.ts';
import type { NovaConf, NovaConfEntry } from '#integrations/nova-conf/nova-conf.ts';
import { readNovaConfFiles } from './nova-conf-files.ts';

/** A configuration made from another, and the parts left out. */
export interface Import {
  yaml: string;
  /** A description. Example: `2 device specs`. */
  carried: string[];
  left: UnsupportedOption[];
}

/**
 * The novella.yaml of this nova.conf; `file` is its name in the text. Throws `invalid` with every
 * entry that Novella would refuse, so that a start with the result works.
 */
export function importNovaConf(conf: NovaConf, file: string): Import {
  refuseWrongEntries(conf);
  const specs = conf.deviceSpecs.flatMap(objectsOf);
  const aliases = conf.aliases.flatMap(objectsOf);
  const ratios = Object.entries(conf.allocationRatios);
  return {
    yaml: toYaml({ specs, aliases, ...sectionsOf(conf) }, file),
    carried: [
      counted(specs.length, 'device spec', 'device specs'),
      counted(aliases.length, 'alias', 'aliases'),
      ...ratios.map(([name, ratio]) => `allocation ratio of ${name} ${ratio}`),
      ...Object.entries(conf.weights).map(([name, weight]) => `weight of ${name} ${weight}`),
      ...(conf.policyFile === undefined ? [] : ['policy file']),
    ],
    left: unsupportedOptions(conf),
  };
}

/**
 * Writes the file, or the text to `screen` when no file is named; the report goes to `screen` or,
 * with the text there, to `progress`.
 */
export function runConfigImport(
  paths: readonly string[],
  { output, force }: { output?: string; force?: boolean },
  { screen, progress }: { screen: Screen; progress: Screen },
): void {
  const from = paths.join(', ');
  const made = importNovaConf(readNovaConfFiles(paths), from);
  if (output === undefined) {
    screen.write(made.yaml);
    return writeLines(progress, reportLines(made, from));
  }
  if (existsSync(output) && force !== true) {
    throw new ComputeError('conflict', `${output}: exists already; --force overwrites it`);
  }
  try {
    writeFileSync(output, made.yaml);
  } catch (cause) {
    const reason = errorText(cause);
    throw new ComputeError('invalid', `${output}: cannot be written: ${reason}`, { cause });
  }
  writeLines(screen, [...reportLines(made, from), '', `Written: ${output}`]);
}

function reportLines({ carried, left }: Import, from: string): string[] {
  const lines = [`Carried over from ${from}: ${carried.join(', ')}`];
  if (left.length === 0) return lines;
  const columns = [
    ...(new Set(left.map(({ file }) => file)).size > 1 ? [fileColumn] : []),
    {
      title: 'LINE',
      value: ({ line }: UnsupportedOption) => String(line),
      align: 'right' as const,
    },
    { title: 'NOT CARRIED OVER', value: ({ option }: UnsupportedOption) => option },
    { title: 'BECAUSE', value: ({ why }: UnsupportedOption) => why },
  ];
  return [...lines, '', ...tableLines(columns, left)];
}

const fileColumn = { title: 'FILE', value: ({ file }: UnsupportedOption) => file };

/** Keys that depend on the host itself (`remote_managed_…`) are checked at its start. */
function refuseWrongEntries({ deviceSpecs, aliases }: NovaConf): void {
  const { refusals } = readDeviceSpecs(deviceSpecs, []);
  const wrong = refusals.filter(({ detail }) => detail?.startsWith('remote_managed_') !== true);
  if (wrong.length > 0) {
    throw new ComputeError('invalid', wrong.map(({ message }) => message).join('\n'));
  }
  parseAliases(aliases);
}

interface Entry {
  object: object;
  source: string;
}

/** A list on one line becomes an entry each. */
function objectsOf({ text, source }: NovaConfEntry): Entry[] {
  const value = JSON.parse(text) as object | object[];
  return [value].flat().map((object) => ({ object, source }));
}

interface Sections {
  ratios: NovaConf['allocationRatios'];
  weights: NovaConf['weights'];
  policyFile?: string;
}

function sectionsOf({ allocationRatios: ratios, weights, policyFile }: NovaConf): Sections {
  if (policyFile === undefined) return { ratios, weights };
  return { ratios, weights, policyFile: resolve(dirname(policyFile.source), policyFile.path) };
}

function toYaml(parts: { specs: Entry[]; aliases: Entry[] } & Sections, file: string): string {
  const lists = { device_spec: parts.specs, alias: parts.aliases };
  const document = new Document();
  const pci = Object.fromEntries(
    Object.entries(lists)
      .filter(([, entries]) => entries.length > 0)
      .map(([key, entries]) => [key, entries.map(({ object }) => object)]),
  );
  const hasRatios = Object.keys(parts.ratios).length > 0;
  document.contents = document.createNode({
    ...(Object.keys(pci).length > 0 && { pci }),
    ...(hasRatios && { allocation_ratio: parts.ratios }),
    ...(Object.keys(parts.weights).length > 0 && { scheduler: { weights: parts.weights } }),
    ...(parts.policyFile !== undefined && { policy_file: parts.policyFile }),
  });
  document.commentBefore = ` Made by "novella config import" from ${file}`;
  for (const [key, entries] of Object.entries(lists)) {
    const list = document.getIn(['pci', key]);
    if (!isSeq(list)) continue;
    for (const [at, item] of list.items.entries()) {
      (item as Node & { flow?: boolean }).flow = true;
      (item as Node).commentBefore = ` ${entries[at]?.source}`;
    }
  }
  return document.toString({
    lineWidth: 0,
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
  });
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
