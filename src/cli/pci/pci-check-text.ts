/**
 * The text of `novella pci check`: a dry run as lines for people, at most 100 columns wide where
 * the text is ours.
 */
import {
  type AddressField,
  type AddressPattern,
  statedAddressPart,
} from '#core/pci/devices/address-pattern.ts';
import type { ChangeView, CheckView, EntryView, FunctionView } from '#client/shapes/pci-check.ts';
import { changeLines } from './pci-check-change.ts';
import { shortType } from './pci-devices.ts';
import { bold, type Column, tableLines } from '../terminal/table.ts';
import { wrap } from '../terminal/wrap.ts';

/** A host has hundreds of functions; the first ones are enough. */
const mostOffered = 40;
const mostNear = 10;

export interface CheckStyle {
  /** Of servers, by id. */
  names: ReadonlyMap<string, string>;
  bold?: boolean;
}

/** The entire dry run, the verdict last. */
export function checkLines(view: CheckView, style: CheckStyle): string[] {
  const heading = (text: string) => (style.bold === true ? bold(text) : text);
  return [
    heading(summary(view)),
    ...(view.functions_from.note === null ? [] : wrap(`(${view.functions_from.note})`, '')),
    ...view.unreadable.flatMap(({ address, problem }) =>
      wrap(`${address} cannot be read and is left out: ${problem}`, ''),
    ),
    ...refusedLines(view.refused, heading),
    ...view.entries.flatMap((entry) => ['', ...entryLines(entry, heading)]),
    ...offeredLines(view, style),
    ...notOfferedLines(view, style),
    ...poolLines(view, heading),
    ...quarantineLines(view, heading),
    ...useLines(view, heading),
    ...aliasLines(view, heading),
    ...(view.change === null ? [] : ['', ...changeLines(view.change, { ...style, heading })]),
    '',
    ...verdict(view).map(heading),
  ];
}

function summary({ functions, functions_from: from, entries }: CheckView): string {
  const offered = functions.filter(({ entry }) => entry !== null).length;
  return `${counted(functions.length, 'PCI function')} from ${from.source}, ${counted(entries.length, 'entry')}: ${offered} offered`;
}

function refusedLines(refused: readonly string[], heading: (text: string) => string): string[] {
  if (refused.length === 0) return [];
  return [
    '',
    heading('Refused: Novella does not start with this list'),
    ...refused.flatMap((message) => wrap(message, '  ')),
  ];
}

function entryLines(entry: EntryView, heading: (text: string) => string): string[] {
  return [
    heading(`Entry ${entry.entry}  ${entry.source}`),
    `  ${specText(entry.device_spec)}`,
    ...(entry.matches === 0 ? [] : [`  ${effect(entry)}`]),
    ...entry.findings.flatMap(({ level, message }) => {
      const nothing = entry.matches === 0 && level === 'problem' ? 'matches nothing: ' : '';
      return wrap(`${level}: ${nothing}${message}`, '  ');
    }),
  ];
}

function effect({ matches, takes, taken_before: before }: EntryView): string {
  const others = before.map(({ entry, count }) => `entry ${entry} takes ${count}`).join(', ');
  const matched = `matches ${counted(matches, 'function')}`;
  return before.length === 0 ? matched : `${matched}, takes ${takes} (${others} before it)`;
}

/** As an operator writes it. Example: `{ "devname": "enp1s0", "physical_network": "physnet1" }`. */
function specText(spec: Record<string, unknown>): string {
  return JSON.stringify(spec, null, 1).replaceAll(/\n\s*/g, ' ');
}

function offeredLines(view: CheckView, { bold = false }: CheckStyle): string[] {
  const offered = view.functions.filter(({ entry }) => entry !== null);
  if (offered.length === 0) return [];
  const columns: Column<FunctionView>[] = [
    { title: 'OFFERED', value: ({ address }) => address },
    ...identity,
    { title: 'ENTRY', value: ({ entry }) => String(entry), align: 'right' },
    { title: 'POOL', value: (fn) => poolText(view, fn) },
  ];
  const rows = offered.slice(0, mostOffered);
  return ['', ...tableLines(columns, rows, { bold }), ...rest(offered.length - rows.length)];
}

function notOfferedLines(view: CheckView, { bold = false }: CheckStyle): string[] {
  const others = view.functions.filter(({ entry }) => entry === null);
  const near = others.filter(({ nearest }) => nearest !== null).toSorted(byInterest);
  const far = others.length - near.length;
  const columns: Column<FunctionView>[] = [
    { title: 'NOT OFFERED', value: ({ address }) => address },
    ...identity,
    { title: 'NEAREST ENTRY', value: (fn) => nearMiss(view, fn) },
  ];
  const rows = near.slice(0, mostNear);
  return [
    ...(rows.length === 0 ? [] : ['', ...tableLines(columns, rows, { bold })]),
    ...rest(near.length - rows.length),
    ...(far === 0 ? [] : ['', `No entry nearly matches the other ${counted(far, 'function')}.`]),
  ];
}

const identity: Column<FunctionView>[] = [
  { title: 'TYPE', value: (fn) => shortType(fn.dev_type) },
  { title: 'ID', value: (fn) => `${fn.vendor_id}:${fn.product_id}` },
  { title: 'NETDEV', value: (fn) => fn.ifnames.join(' ') },
];

/** Network cards before bridges and disks, then those that fail in fewer keys. */
function byInterest(one: FunctionView, other: FunctionView): number {
  const isPlain = ({ dev_type: type, ifname }: FunctionView) =>
    type === 'type-PCI' && ifname === null ? 1 : 0;
  const failed = ({ nearest }: FunctionView) => nearest?.failed.length ?? 0;
  return isPlain(one) - isPlain(other) || failed(one) - failed(other);
}

/**
 * Examples: `2: product_id is not 10ca, address is not *:02:10.*`; `0: address function is not 0`.
 */
function nearMiss(view: CheckView, { nearest }: FunctionView): string {
  if (nearest === null) return '';
  const spec = view.entries.find(({ entry }) => entry === nearest.entry)?.device_spec ?? {};
  const failures = nearest.failed.map((key) => {
    if (key === 'remote_managed') return 'its card reports no serial number';
    const [name, part] = key.split('.');
    const required = part === undefined ? spec[key] : requiredPart(spec['address'], part);
    return `${part === undefined ? key : `${name} ${part}`} is not ${typeof required === 'string' ? required : JSON.stringify(required)}`;
  });
  return `${nearest.entry}: ${failures.join(', ')}`;
}

function requiredPart(address: unknown, part: string): string {
  return statedAddressPart(address as AddressPattern['written'], part as AddressField);
}

/** The key of the roll-up that counts it. Example: `physnet1, 10ca, 8086`. */
function poolText({ pools }: CheckView, fn: FunctionView): string {
  const pool = fn.pool === null ? undefined : pools[fn.pool];
  if (pool === undefined) return '';
  return `${pool.tags['physical_network'] ?? '-'}, ${pool.product_id}, ${pool.vendor_id}`;
}

function poolLines({ stats }: CheckView, heading: (text: string) => string): string[] {
  if (stats.length === 0) return [];
  return [
    '',
    heading('Pools, with nothing held (physical network, product, vendor : count)'),
    ...stats.map((line) => `  ${line}`),
  ];
}

function quarantineLines({ functions }: CheckView, heading: (text: string) => string): string[] {
  const lines = functions.flatMap(({ address, quarantine }) =>
    quarantine === null ? [] : [`${address}: ${quarantine}`],
  );
  if (lines.length === 0) return [];
  const shown = lines.slice(0, mostOffered);
  return [
    '',
    heading('No server gets these, though an entry admits them'),
    ...shown.flatMap((line) => wrap(line, '  ')),
    ...rest(lines.length - shown.length),
  ];
}

function useLines({ functions }: CheckView, heading: (text: string) => string): string[] {
  const used = functions.flatMap(({ address, host_uses: uses }) =>
    (uses ?? []).map((use) => `${address}: ${use}`),
  );
  if (used.length === 0) return [];
  const shown = used.slice(0, mostOffered);
  return [
    '',
    heading('Used by this host: no server gets these until the use has ended'),
    ...shown.flatMap((line) => wrap(line, '  ')),
    ...rest(used.length - shown.length),
  ];
}

function aliasLines({ aliases }: CheckView, heading: (text: string) => string): string[] {
  if (aliases.length === 0) return [];
  return [
    '',
    heading('Aliases, and how many of the offered functions each can take'),
    ...aliases.flatMap(({ name, takes, dev_types: types, findings }) => [
      `  ${name}: ${takes}${types.length === 0 ? '' : ` (${types.join(', ')})`}`,
      ...findings.flatMap(({ level, message }) => wrap(`${level}: ${message}`, '    ')),
    ]),
  ];
}

function verdict({ result, refused, entries, change }: CheckView): string[] {
  switch (result) {
    case 'fine':
      return [change === null ? 'Fine.' : 'Fine: no server would lose a device.'];
    case 'unsafe':
      return [`NOT SAFE: ${unsafeParts(change).join('; ')}.`];
    case 'problems': {
      const idle = entries.filter(({ findings }) =>
        findings.some(({ level }) => level === 'problem'),
      );
      const parts = [
        ...(refused.length === 0 ? [] : [`${counted(refused.length, 'entry')} refused`]),
        ...(idle.length === 0 ? [] : [`${counted(idle.length, 'entry')} without effect`]),
      ];
      return [`Problems: ${parts.join(', ')}.`];
    }
  }
}

function unsafeParts(change: ChangeView | null): string[] {
  const lost = change?.lost.filter(({ instance_uuid: id }) => id !== null).length ?? 0;
  const moved = change?.retagged.filter(({ safe }) => !safe).length ?? 0;
  return [
    ...(lost === 0 ? [] : [`${heldText(lost)} would be lost`]),
    ...(moved === 0 ? [] : [`${heldText(moved)} would change physical network or trust`]),
  ];
}

function heldText(count: number): string {
  return count === 1 ? '1 device that a server holds' : `${count} devices that servers hold`;
}

function rest(count: number): string[] {
  return count > 0 ? [`and ${count} more; --json has them all`] : [];
}

function counted(count: number, noun: string): string {
  const many = noun === 'entry' ? 'entries' : `${noun}s`;
  return `${count} ${count === 1 ? noun : many}`;
}
