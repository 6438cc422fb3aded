/**
 * The PCI core alone: matching devices, choosing hosts, claiming, writing XML. With a data file its
 * answers are checked first.
 */
import type { PciFunction } from '#core/pci/devices/device.ts';
import { compileDeviceSpecs } from '#core/pci/specs/device-matcher.ts';
import type { DeviceSpec } from '#core/pci/specs/device-spec.ts';
import { HostDevices } from '#core/pci/claims/host-devices.ts';
import { takeDevices } from '#core/pci/claims/take-devices.ts';
import { Fleet } from '#core/scheduling/fleet.ts';
import { selectBest, selectHosts } from '#core/scheduling/select-hosts.ts';
import { bookDevices } from '#core/ledger/host-ledger.ts';
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
import { freeSpec, makeHost, placement } from './core-placement.ts';
import { type NicOfBench, nicsOf, xmlOf } from './core-xml.ts';
import { printFigure } from './figure.ts';
import type { BenchOptions } from './options.ts';
import { againstNova, measureNova } from './nova-rates.ts';
import { unitsPerSecond } from './rate.ts';
import { median } from './statistics.ts';

const entryCounts = [1, 16, 64];
const deviceCounts = [256, 2_048];

/**
 * Without a file: generated input. With one: checks every answer, ends with 1 when one differs,
 * else times the same bytes. `nova`: a Debian tree with Nova's code, which is measured on them too.
 */
export async function core({ data: file, nova }: BenchOptions): Promise<void> {
  if (file !== undefined) {
    if (nova !== undefined) measureNova(nova, file);
    return timeData(readCoreData(file));
  }
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
      nova: `matches ${list} ${specs}`,
    });
  }
  timeFiltering(data);
  timeClaims(data);
  timeXml(nicsOf(data), { nova: 'xml' });
}

interface Against {
  list?: string;
  /** The key of Nova's rate for the same. */
  nova?: string;
}

/** The list is compiled again for each pass over the devices, as an agent does for each report. */
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
    ...againstNova(value, against),
  });
}

/**
 * Choosing among 1,000 hosts as a boot does: every filter, and the order of those that pass. `by`
 * fleet: the query of a large fleet, the best ten. `by` list: all of them, and the other hosts with
 * reasons that nobody reads. `by` reasons: these are read, as for a refusal.
 */
function timeFiltering(data: CoreData): void {
  const hosts = data.hosts.map((pools, at) => makeHost(at, pools.map(poolOf)));
  const fleet = new Fleet(hosts);
  for (const [name, wire] of Object.entries(data.requests)) {
    const spec = { ...freeSpec, pciRequests: wire.map(requestOf) };
    const { candidates } = selectHosts(spec, hosts);
    const ways = {
      list: () => selectHosts(spec, fleet),
      reasons: () => selectHosts(spec, fleet).rejections,
      fleet: () => selectBest(spec, fleet),
    };
    for (const [by, choose] of Object.entries(ways)) {
      const value = unitsPerSecond(hosts.length, choose);
      printFigure({
        figure: 'core.hosts_filtered_per_s',
        value,
        unit: 'hosts/s',
        by,
        requests: name,
        hosts: hosts.length,
        passing: candidates.length,
        ...againstNova(value, `hosts_filtered ${name}`),
      });
    }
  }
}

/** Each pass takes the same VFs again. */
const claimPasses = 20;

/**
 * One VF after the other until none is left, as a boot's claim and an attach compute it: from the
 * host's kept devices, changed rows and the host's pools out, and the kept devices follow.
 * Committing the rows is not in it: that is `boots` and `claims`. The best half of the passes
 * counts.
 */
function timeClaims({ compute }: CoreData): void {
  const all = computeDevices(compute);
  const requests = compute.request.map(requestOf);
  const host = { problems: [] };
  let claims = 0;
  const passesMs = Array.from({ length: claimPasses }, () => {
    let devices = new HostDevices(all);
    claims = 0;
    const started = performance.now();
    for (;;) {
      const taking = takeDevices({ devices, requests }, `server-${claims}`);
      if (!taking.ok) return performance.now() - started;
      const { devices: changed = [] } = bookDevices(host, devices, taking.changed);
      devices = devices.apply(changed);
      claims += 1;
    }
  });
  const value = (claims * 1000) / median(passesMs);
  printFigure({
    figure: 'core.claims_per_s',
    value,
    unit: 'claims/s',
    devices: all.length,
    claims,
    ...againstNova(value, 'claims'),
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
    ...againstNova(value, against),
  });
}
