/**
 * What Novella takes from nova.conf files, under new and old option names. Section names are
 * case-insensitive.
 */
import { ComputeError } from '#core/errors.ts';
import { quoted } from '#core/quoted-text.ts';
import { type WeigherName, weigherNames } from '#core/scheduling/weights.ts';
import { type IniOption, parseIni } from './ini.ts';

/** The text of a repeatable option with its position. Example source: `nova.conf:41`. */
export interface NovaConfEntry {
  text: string;
  source: string;
}

/** A file that was read; `file` is its name in messages. */
export interface NovaConfFile {
  text: string;
  file: string;
}

/** Overcommit ratios of a host's resources; absent where no file sets them. */
interface AllocationRatios {
  vcpus?: number;
  memory?: number;
  disk?: number;
}

/** Multipliers of weighers; absent where the file sets none. Example: `{pci: 2}`. */
export type ImportedWeights = Partial<Record<WeigherName, number>>;

export interface NovaConf {
  deviceSpecs: NovaConfEntry[];
  aliases: NovaConfEntry[];
  allocationRatios: AllocationRatios;
  /** `[filter_scheduler] …_weight_multiplier`, of the weighers that Novella has. */
  weights: ImportedWeights;
  /** `[oslo_policy] policy_file`. A relative path is below the folder of the file that names it. */
  policyFile?: { path: string; source: string };
  /** All options of the files, including those in the fields above. */
  options: IniOption[];
  taken: ReadonlySet<IniOption>;
}

type OptionName = readonly [section: string, key: string];

/**
 * Oldest name first: the order in which Nova combines them when a file has several (oslo.config,
 * values of deprecated names).
 */
const deviceSpecNames: OptionName[] = [
  ['DEFAULT', 'pci_passthrough_whitelist'],
  ['pci', 'passthrough_whitelist'],
  ['pci', 'device_spec'],
];
const aliasNames: OptionName[] = [
  ['DEFAULT', 'pci_alias'],
  ['pci', 'alias'],
];

/**
 * A running Nova uses the ratio of the first name, or the second where it has no row of the host
 * yet.
 */
const ratioKeys = { vcpus: 'cpu', memory: 'ram', disk: 'disk' } as const;

/**
 * Merges the files in the order in which Nova reads them: repeatable options accumulate, for all
 * others the last value counts. Throws `invalid` naming file, line and rule. Source: oslo.config,
 * `--config-file`, `MultiOpt`.
 */
export function readNovaConf(files: readonly NovaConfFile[]): NovaConf {
  const perFile = files.map(({ text, file }) => parseIni(text, file));
  const options = perFile.flat();
  const specs = perFile.flatMap((one) => deviceSpecNames.flatMap((name) => named(one, name)));
  const aliases = perFile.flatMap((one) => aliasNames.flatMap((name) => named(one, name)));
  const { ratios, from } = readRatios(options);
  const { weights, from: weightLines } = readWeights(options);
  const policyFiles = named(options, ['oslo_policy', 'policy_file']);
  const policyFile = policyFiles.at(-1);
  return {
    deviceSpecs: specs.map(entryOf),
    aliases: aliases.map(entryOf),
    allocationRatios: ratios,
    weights,
    ...(policyFile !== undefined && {
      policyFile: { path: policyFile.value, source: policyFile.file },
    }),
    options,
    taken: new Set([...specs, ...aliases, ...from, ...weightLines, ...policyFiles]),
  };
}

function named(options: readonly IniOption[], [section, key]: OptionName): IniOption[] {
  return options.filter(
    (option) => option.key === key && option.section.toLowerCase() === section.toLowerCase(),
  );
}

function entryOf({ value, file, line }: IniOption): NovaConfEntry {
  return { text: value, source: `${file}:${line}` };
}

function readRatios(options: readonly IniOption[]): {
  ratios: AllocationRatios;
  from: IniOption[];
} {
  const ratios: AllocationRatios = {};
  const from: IniOption[] = [];
  for (const [field, option] of Object.entries(ratioKeys)) {
    for (const prefix of ['initial_', '']) {
      const given = named(options, ['DEFAULT', `${prefix}${option}_allocation_ratio`]);
      const last = given.at(-1);
      const value = last === undefined ? 0 : readRatio(last);
      // 0 means "not set" in Nova.
      if (value === 0) continue;
      ratios[field as keyof AllocationRatios] = value;
      from.push(...given);
    }
  }
  return { ratios, from };
}

function readWeights(options: readonly IniOption[]): {
  weights: ImportedWeights;
  from: IniOption[];
} {
  const weights: ImportedWeights = {};
  const from: IniOption[] = [];
  for (const name of weigherNames) {
    const given = named(options, ['filter_scheduler', `${name}_weight_multiplier`]);
    const last = given.at(-1);
    if (last !== undefined) weights[name] = readNumber(last);
    from.push(...given);
  }
  return { weights, from };
}

function readNumber({ key, value, file, line }: IniOption): number {
  const number = Number(value);
  if (value !== '' && Number.isFinite(number)) return number;
  throw new ComputeError('invalid', `${file}:${line}: ${key} ${quoted(value)}: must be a number`);
}

function readRatio({ key, value, file, line }: IniOption): number {
  const number = Number(value);
  if (value !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new ComputeError(
    'invalid',
    `${file}:${line}: ${key} ${quoted(value)}: must be a number, 0 or more`,
  );
}
