/** The PCI core by itself: matching devices, choosing hosts, claiming, writing XML. With a data file its answers are checked first. */
import type { PciFunction } from '#core/pci/device.ts';
import { compileDeviceSpecs } from '#core/pci/device-matcher.ts';
import type { DeviceSpec } from '#core/pci/device-spec.ts';
import { HostDevices } from '#core/pci/host-devices.ts';
import { supports } from '#core/pci/support.ts';
import { Fleet } from '#core/scheduling/fleet.ts';
import { checkCoreData, computeDevices } from './core-check.ts';
import {
  type CoreData,
  functionOf,
  poolOf,
  readCoreData,
  requestOf,
  specsOf,
} from './core-data.ts';
import { madeDevices, madeNics, madeSpecs } from './core-made.ts';
import { makeHost, placement } from './core-placement.ts';
import { type NicOfBench, nicsOf, xmlOf } from './core-xml.ts';
import { printFigure } from './figure.ts';
import { unitsPerSecond } from './rate.ts';

const entryCounts = [1, 16, 64];
const deviceCounts = [256, 2_048];

/** The real Nova on the bytes of the data file, per second: figures of the file's README. */
const nova = {
  matches: new Map([
    [1, 216_000],
    [16, 15_200],
    [64, 4_600],
  ]),
  hostsFiltered: 16_000,
  claims: 1_614,
  documents: 10_900,
};

/** Without a file: made-up input. With one: checks every answer, ends with 1 when one differs, else times the same bytes. */
export async function core({ data: file }: { data?: string | undefined }): Promise<void> {
  if (file !== undefined) return timeData(readCoreData(file));
  for (const count of deviceCounts) {
    for (const entries of entryCounts) {
      timeMatching(madeSpecs(entries), madeDevices(count), { list: 'made' });
    }
  }
  placement();
  timeXml(madeNics(), {});
}

function timeData(data: CoreData): void {
  const { compared, better, differences } = checkCoreData(data);
  for (const difference of differences) process.stderr.write(`bench core: ${difference}\n`);
  const details = { better, differences: differences.length };
  printFigure({ figure: 'core.data_answers', value: compared, unit: 'answers', ...details });
  if (differences.length > 0) {
    process.exitCode = 1;
    return;
  }
  for (const { list, specs } of data.expected.match_first) {
    const functions = data.match.devices.map((one) => functionOf(one, data.match.sysfs.ifnames));
    timeMatching(specsOf(data.match[list].slice(0, specs)), functions, {
      list,
      nova: nova.matches.get(specs),
    });
  }
  timeFiltering(data);
  timeClaims(data);
  timeXml(nicsOf(data), { nova: nova.documents });
}

interface Against {
  list?: string;
  /** What Nova does in a second of the same. */
  nova?: number | undefined;
}

function ratio(value: number, against: number | undefined): { times_nova?: number } {
  return against === undefined ? {} : { times_nova: Math.round((value / against) * 10) / 10 };
}

/** The list is compiled anew for each pass over the devices, as an agent does for each report. */
function timeMatching(
  specs: readonly DeviceSpec[],
  functions: readonly PciFunction[],
  { list = '', nova: against }: Against,
): void {
  let admitted = 0;
  const value = unitsPerSecond(functions.length, () => {
    const match = compileDeviceSpecs(specs, functions);
    admitted = 0;
    for (const fn of functions) if (match(fn) !== undefined) admitted += 1;
  });
  printFigure({
    figure: 'core.matches_per_s',
    value,
    unit: 'devices/s',
    devices: functions.length,
    entries: specs.length,
    list,
    admitted,
    ...ratio(value, against),
  });
}

/** `by` list: every host is asked. `by` fleet: hosts that the index of the fleet leaves over are asked; all count as decided. */
function timeFiltering(data: CoreData): void {
  const hosts = data.hosts.map((pools, at) => makeHost(at, pools.map(poolOf)));
  const fleet = new Fleet(hosts);
  for (const [name, wire] of Object.entries(data.requests)) {
    const requests = wire.map(requestOf);
    const ways = {
      list: () => hosts.filter(({ pools }) => supports(pools, requests)),
      fleet: () => fleet.hostsFor(requests).filter(({ pools }) => supports(pools, requests)),
    };
    for (const [by, filter] of Object.entries(ways)) {
      const value = unitsPerSecond(hosts.length, filter);
      printFigure({
        figure: 'core.hosts_filtered_per_s',
        value,
        unit: 'hosts/s',
        by,
        requests: name,
        hosts: hosts.length,
        passing: filter().length,
        ...ratio(value, nova.hostsFiltered),
      });
    }
  }
}

const claimPasses = 200;

/** One VF after the other until none is left; only the claims are timed. The best half of the passes counts. */
function timeClaims({ compute }: CoreData): void {
  const devices = computeDevices(compute);
  const requests = compute.request.map(requestOf);
  let claims = 0;
  const passesMs = Array.from({ length: claimPasses }, () => {
    const host = new HostDevices(devices);
    const started = performance.now();
    for (claims = 0; host.claim(requests, 'server-1').ok; ) claims += 1;
    return performance.now() - started;
  }).toSorted((one, other) => one - other);
  const best = passesMs.slice(0, claimPasses / 2);
  const tookMs = best.reduce((sum, ms) => sum + ms, 0);
  const value = (claims * best.length * 1000) / tookMs;
  printFigure({
    figure: 'core.claims_per_s',
    value,
    unit: 'claims/s',
    devices: devices.length,
    claims,
    ...ratio(value, nova.claims),
  });
}

function timeXml(nics: readonly NicOfBench[], { nova: against }: Against): void {
  const value = unitsPerSecond(nics.length, () => {
    for (const nic of nics) xmlOf(nic);
  });
  printFigure({
    figure: 'core.xml_per_s',
    value,
    unit: 'documents/s',
    nics: nics.length,
    ...ratio(value, against),
  });
}
