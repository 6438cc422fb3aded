/**
 * What Novella takes from nova.conf files, under new and old option names. Names of sections are
 * compared without regard to case.
 */
import { ComputeError } from '#core/errors.ts';
import { quoted } from '#core/quoted-text.ts';
import { type WeigherName, weigherNames } from '#core/scheduling/weights.ts';
import { type IniOption, parseIni } from './ini.ts';

/** The text of a repeatable option with where it stands. Example source: `nova.conf:41`. */
export interface NovaConfEntry {
  text: string;
  source: string;
}

/** A file that was read; `file` is its name in messages. */
export interface NovaConfFile {
  text: string;
  file: string;
}

/** Factors by which a host's amounts may be promised over; absent where no file says. */
interface AllocationRatios {
  vcpus?: number;
  memory?: number;
  disk?: number;
}

/** Factors of weighers; absent where the file does not say. Example: `{pci: 2}`. */
export type ImportedWeights = Partial<Record<WeigherName, number>>;

export interface NovaConf {
  deviceSpecs: NovaConfEntry[];
  aliases: NovaConfEntry[];
  allocationRatios: AllocationRatios;
  /** `[filter_scheduler] …_weight_multiplier`, of the weighers that Novella has. */
  weights: ImportedWeights;
  /** All options of the files, and of these the ones that are in the fields above. */
  options: IniOption[];
  taken: ReadonlySet<IniOption>;
}

type OptionName = readonly [section: string, key: string];

/**
 * Oldest name first: so Nova puts them together when a file has several (oslo.config, values of
 * deprecated names).
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
 * The ratio of a running Nova is that of the first name, or the second where it has no row of the
 * host yet.
 */
const ratioKeys = { vcpus: 'cpu', memory: 'ram', disk: 'disk' } as const;

/**
 * The files together, in the order in which Nova would read them: repeatable options add up file
 * after file, of all others the last counts. Throws `invalid` naming file, line and rule. Source:
 * oslo.config, `--config-file`, `MultiOpt`.
 */
export function readNovaConf(files: readonly NovaConfFile[]): NovaConf {
  const perFile = files.map(({ text, file }) => parseIni(text, file));
  const options = perFile.flat();
  const specs = perFile.flatMap((one) => deviceSpecNames.flatMap((name) => named(one, name)));
  const aliases = perFile.flatMap((one) => aliasNames.flatMap((name) => named(one, name)));
  const { ratios, from } = readRatios(options);
  const { weights, from: weightLines } = readWeights(options);
  return {
    deviceSpecs: specs.map(entryOf),
    aliases: aliases.map(entryOf),
    allocationRatios: ratios,
    weights,
    options,
    taken: new Set([...specs, ...aliases, ...from, ...weightLines]),
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
  for (const [field, word] of Object.entries(ratioKeys)) {
    for (const prefix of ['initial_', '']) {
      const given = named(options, ['DEFAULT', `${prefix}${word}_allocation_ratio`]);
      const last = given.at(-1);
      const value = last === undefined ? 0 : readRatio(last);
      // 0 is Nova's word for "not set".
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
