/**
 * What an operator should know about an accepted device list: entries that admit nothing, and why.
 */
import { closestName } from '../../closest-name.ts';
import { isAnyAddress } from '../devices/address-pattern.ts';
import type { PciFunction } from '../devices/device.ts';
import { compileDeviceSpecs } from './device-matcher.ts';
import {
  admits,
  type DeviceSpec,
  type HostFunction,
  namedFinder,
  placeOfEntry,
} from './device-spec.ts';
import { allAtOnce, type Steps } from '../../steps.ts';
import { type SriovWarning, sriovWarnings } from './sriov-warnings.ts';
import { type NoMatch, whyNoMatch } from './why-no-match.ts';

/**
 * Something odd about one entry. A `problem` is an entry without effect; a `warning` may be
 * intended.
 */
export interface DeviceSpecFinding {
  level: 'problem' | 'warning';
  code:
    | NoMatch['code']
    | 'shadowed'
    | 'not-known'
    | 'old-name'
    | 'admits-everything'
    | SriovWarning['code']
    | 'only-pfs-without-vfs'
    | 'odd-tag';
  entry: number;
  source: string;
  message: string;
}

/** What is known of the host besides its functions. */
export interface AuditOptions {
  /** All functions, to find PFs and devnames; default: the functions themselves. */
  hostFunctions?: readonly HostFunction[];
  /**
   * Set when these are only some of the host's functions: an entry that admits none of them may
   * still be right. Example: `the controller`.
   */
  partialViewOf?: string;
}

/** What one entry does on a host. */
export interface EntryCover {
  spec: DeviceSpec;
  /** The function that it names, if it names one. */
  named: readonly HostFunction[];
  /** What it would admit alone. */
  admitted: PciFunction[];
  /** What it is the first to admit. */
  taken: PciFunction[];
  /** VFs of its PFs that no entry takes. */
  leftOut: PciFunction[];
  /** Which entries take the rest, by number. */
  takenBefore: Map<number, number>;
}

/**
 * Which entry takes which function, pausing after each function and entry. Example: two equal
 * entries → the first takes all that both admit.
 */
export function* coveringOf(
  specs: readonly DeviceSpec[],
  functions: readonly PciFunction[],
  hostFunctions: readonly HostFunction[] = functions,
): Steps<EntryCover[]> {
  const match = compileDeviceSpecs(specs, hostFunctions);
  const takers = new Map<PciFunction, number | undefined>();
  for (const fn of functions) {
    takers.set(fn, match(fn)?.spec.entry);
    yield;
  }
  const namedBy = namedFinder(hostFunctions);
  const covers: EntryCover[] = [];
  for (const spec of specs) {
    const named = namedBy(spec);
    const admitted = functions.filter((fn) => admits(spec, fn, named));
    const takenBefore = new Map<number, number>();
    for (const fn of admitted) {
      const taker = takers.get(fn);
      if (taker === undefined || taker === spec.entry) continue;
      takenBefore.set(taker, (takenBefore.get(taker) ?? 0) + 1);
    }
    const taken = admitted.filter((fn) => takers.get(fn) === spec.entry);
    const pfs = new Set(taken.filter(isPf).map(({ address }) => address));
    const leftOut = functions.filter(
      (fn) =>
        fn.parentAddress !== null && pfs.has(fn.parentAddress) && takers.get(fn) === undefined,
    );
    covers.push({ spec, named, admitted, taken, leftOut, takenBefore });
    yield;
  }
  return covers;
}

/**
 * The findings of a list on a host, in entry order. Example: entry 1 admits only what entry 0 takes
 * first → `{ level: 'problem', code: 'shadowed', entry: 1, message: 'the 4 functions it admits are
 * all taken by entry 0 before it' }`.
 */
export function auditDeviceSpecs(
  specs: readonly DeviceSpec[],
  functions: readonly PciFunction[],
  options: AuditOptions = {},
): DeviceSpecFinding[] {
  return allAtOnce(coveringOf(specs, functions, options.hostFunctions)).flatMap((cover) =>
    auditEntry(cover, functions, options),
  );
}

/** The findings of one entry. */
export function auditEntry(
  cover: EntryCover,
  functions: readonly PciFunction[],
  options: AuditOptions = {},
): DeviceSpecFinding[] {
  const about = { entry: cover.spec.entry, source: cover.spec.source };
  return [...whyUnused(cover, functions, options), ...warnings(cover, functions)].map(
    (finding) => ({ ...finding, ...about }),
  );
}

type Finding = Pick<DeviceSpecFinding, 'level' | 'code' | 'message'>;

function whyUnused(
  { spec, admitted, taken, takenBefore }: EntryCover,
  functions: readonly PciFunction[],
  { hostFunctions = functions, partialViewOf }: AuditOptions,
): Finding[] {
  if (taken.length > 0) return [];
  if (admitted.length > 0) {
    const numbers = [...takenBefore.keys()].join(', ');
    const takers = `${takenBefore.size === 1 ? 'entry' : 'entries'} ${numbers}`;
    const all =
      admitted.length === 1
        ? 'the one function it admits is'
        : `the ${admitted.length} functions it admits are all`;
    return [
      {
        level: 'problem',
        code: 'shadowed',
        message: `${all} taken by ${takers} before it`,
      },
    ];
  }
  if (partialViewOf === undefined) {
    return [{ level: 'problem', ...whyNoMatch(spec, functions, hostFunctions) }];
  }
  const message = `admits none of the ${functions.length} functions that ${partialViewOf} knows; the host may have others`;
  return [{ level: 'warning', code: 'not-known', message }];
}

function warnings(cover: EntryCover, functions: readonly PciFunction[]): Finding[] {
  const { spec, taken } = cover;
  const found: Finding[] = spec.warnings.map((message) => ({
    level: 'warning',
    code: 'old-name',
    message,
  }));
  if (admitsEverything(spec)) {
    const message =
      'states no vendor_id, product_id, address or devname, so it admits every function of the host';
    found.push({ level: 'warning', code: 'admits-everything', message });
  }
  for (const [tag, likely] of oddTags(spec)) {
    const message = `"${tag}" is kept as a tag and restricts nothing; did you mean ${likely}?`;
    found.push({ level: 'warning', code: 'odd-tag', message });
  }
  for (const warning of sriovWarnings(cover, functions)) {
    found.push({ level: 'warning', ...warning });
  }
  const pfs = taken.filter(isPf);
  const hasVfs = functions.some((fn) => pfs.some((pf) => pf.address === fn.parentAddress));
  if (pfs.length > 0 && pfs.length === taken.length && spec.productId === '*' && !hasVfs) {
    const names = pfs.map((pf) => pf.ifname ?? pf.address).join(', ');
    const message = `admits only PFs, and they have no VFs yet (${names}: sriov_numvfs is 0); direct ports need VFs`;
    found.push({ level: 'warning', code: 'only-pfs-without-vfs', message });
  }
  return found;
}

function isPf({ deviceType }: PciFunction): boolean {
  return deviceType === 'type-PF';
}

function admitsEverything(spec: DeviceSpec): boolean {
  const { vendorId, productId, devname, address } = spec;
  return vendorId === '*' && productId === '*' && devname === null && isAnyAddress(address);
}

/** Keys that are tags only because they are misspelt. */
const likelyKeys: [RegExp, string][] = [
  [/^vendor/i, 'vendor_id'],
  [/^product/i, 'product_id'],
  [/^addr/i, 'address'],
  [/^(dev_?name|ifname|netdev)$/i, 'devname'],
  [/^phys/i, 'physical_network'],
];

/** Keys and tags with a meaning. Source: Nova, `[pci] device_spec`. */
const knownKeys = [
  'vendor_id',
  'product_id',
  'address',
  'devname',
  'physical_network',
  'trusted',
  'remote_managed',
  'managed',
  'live_migratable',
  'one_time_use',
  'resource_class',
  'traits',
];

function oddTags(spec: DeviceSpec): [tag: string, likely: string][] {
  return Object.keys(spec.tags).flatMap((tag): [string, string][] => {
    if (knownKeys.includes(tag)) return [];
    const form = likelyKeys.find(([form]) => form.test(tag));
    const likely = form?.[1] ?? closestName(tag.toLowerCase(), knownKeys, 2);
    return likely === undefined ? [] : [[tag, likely]];
  });
}

/**
 * A finding in one line for a log. Example: `novella.yaml:4 …: entry 1: the host has no network
 * interface "enp9s0"`.
 */
export function printFinding({ source, entry, message }: DeviceSpecFinding): string {
  return `${placeOfEntry(source, entry)}: ${message}`;
}
