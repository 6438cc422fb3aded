/** What Novella takes from a nova.conf, under new and old option names. Sections are told apart without regard to case. */
import { ComputeError } from '#core/errors.ts';
import { parseBooleanText } from '#core/pci/boolean-text.ts';
import { quoted } from '#core/quoted-text.ts';
import { type IniOption, parseIni } from './ini.ts';

/** The text of a repeatable option with where it stands. Example source: `nova.conf:41`. */
export interface NovaConfEntry {
  text: string;
  source: string;
}

/** Factors by which a host's amounts may be promised over; absent where the file does not say. */
interface AllocationRatios {
  vcpus?: number;
  memory?: number;
  disk?: number;
}

export interface NovaConf {
  deviceSpecs: NovaConfEntry[];
  aliases: NovaConfEntry[];
  /** `[pci] report_in_placement`: some tags of a device spec are refused without it. */
  reportInPlacement: boolean;
  allocationRatios: AllocationRatios;
  /** All options of the file, and of these the ones that are in the fields above. */
  options: IniOption[];
  taken: ReadonlySet<IniOption>;
}

type OptionName = readonly [section: string, key: string];

/** Oldest name first: so Nova puts them together when a file has several (oslo.config, values of deprecated names). */
const deviceSpecNames: OptionName[] = [
  ['DEFAULT', 'pci_passthrough_whitelist'],
  ['pci', 'passthrough_whitelist'],
  ['pci', 'device_spec'],
];
const aliasNames: OptionName[] = [
  ['DEFAULT', 'pci_alias'],
  ['pci', 'alias'],
];

/** The ratio of a running Nova is that of the first name, or the second where it has no row of the host yet. */
const ratioKeys = { vcpus: 'cpu', memory: 'ram', disk: 'disk' } as const;

/** Throws `invalid` naming file, line and rule. `file` is the name used in messages and sources. */
export function readNovaConf(text: string, file: string): NovaConf {
  const options = parseIni(text, file);
  const named = ([section, key]: OptionName) =>
    options.filter(
      (option) => option.key === key && option.section.toLowerCase() === section.toLowerCase(),
    );
  const specs = deviceSpecNames.flatMap(named);
  const aliases = aliasNames.flatMap(named);
  const placement = named(['pci', 'report_in_placement']).at(-1);
  const { ratios, from } = readRatios(named, file);
  const entry = ({ value, line }: IniOption) => ({ text: value, source: `${file}:${line}` });
  return {
    deviceSpecs: specs.map(entry),
    aliases: aliases.map(entry),
    reportInPlacement: placement !== undefined && readBoolean(placement, file),
    allocationRatios: ratios,
    options,
    taken: new Set([...specs, ...aliases, ...from]),
  };
}

function readRatios(
  named: (name: OptionName) => IniOption[],
  file: string,
): { ratios: AllocationRatios; from: IniOption[] } {
  const ratios: AllocationRatios = {};
  const from: IniOption[] = [];
  for (const [field, word] of Object.entries(ratioKeys)) {
    for (const prefix of ['initial_', '']) {
      const given = named(['DEFAULT', `${prefix}${word}_allocation_ratio`]);
      const last = given.at(-1);
      const value = last === undefined ? 0 : readRatio(last, file);
      // 0 is Nova's word for "not set".
      if (value === 0) continue;
      ratios[field as keyof AllocationRatios] = value;
      from.push(...given);
    }
  }
  return { ratios, from };
}

function readRatio({ key, value, line }: IniOption, file: string): number {
  const number = Number(value);
  if (value !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new ComputeError(
    'invalid',
    `${file}:${line}: ${key} ${quoted(value)}: must be a number, 0 or more`,
  );
}

function readBoolean({ key, value, line }: IniOption, file: string): boolean {
  const parsed = parseBooleanText(value);
  if (parsed !== undefined) return parsed;
  throw new ComputeError(
    'invalid',
    `${file}:${line}: ${key} ${quoted(value)}: must be a word such as true or false`,
  );
}
