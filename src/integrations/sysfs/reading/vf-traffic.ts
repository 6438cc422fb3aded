/**
 * What VFs have received and sent: by their own interface where the host has it (macvtap), else by
 * what their PF counts of each.
 */
import { join } from 'node:path';
import type { TrafficCounters, VfTraffic } from '#contracts/host/guest-counters.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { RunProgram } from '#runtime/run-program.ts';
import { pfReader } from './pf-facts.ts';
import { readInterface } from './read-interfaces.ts';
import { linkedName, readText } from './sysfs-files.ts';

/** `devices`: the folder with one link per function. */
interface Host {
  devices: string;
  run: RunProgram;
}

type Traffic = Omit<VfTraffic, 'address'>;

/** In this order; a VF that nothing counts is left out. Each PF is listed once. */
export async function readVfTraffic(
  { devices, run }: Host,
  addresses: readonly PciAddress[],
): Promise<VfTraffic[]> {
  const factsOf = pfReader(devices);
  const listings = new Map<string, Promise<Map<number, Traffic>>>();
  const listingOf = (ifname: string): Promise<Map<number, Traffic>> => {
    const known = listings.get(ifname) ?? listed(run, ifname);
    listings.set(ifname, known);
    return known;
  };
  const counted = addresses.map(async (address): Promise<VfTraffic[]> => {
    const pf = await linkedName(join(devices, address, 'physfn'));
    if (pf === null) return [];
    const own = await ownTraffic(join(devices, address));
    if (own !== undefined) return [{ address, ...own }];
    const { vfNums, interfaces } = await factsOf(pf as PciAddress);
    const ifname = interfaces[0]?.name;
    const vfNum = vfNums.get(address);
    if (ifname === undefined || vfNum === undefined) return [];
    const byPf = (await listingOf(ifname)).get(vfNum);
    return byPf === undefined ? [] : [{ address, ...byPf }];
  });
  return (await Promise.all(counted)).flat();
}

/** Of a VF with an interface on this host; undefined: it has none. */
async function ownTraffic(folder: string): Promise<Traffic | undefined> {
  const own = await readInterface(folder);
  if (own === null) return undefined;
  const read = async (name: string): Promise<number | null> =>
    countOf(await readText(join(own.folder, 'statistics', name)));
  const direction = async (prefix: 'rx' | 'tx'): Promise<TrafficCounters> => ({
    bytes: await read(`${prefix}_bytes`),
    packets: await read(`${prefix}_packets`),
    errors: await read(`${prefix}_errors`),
    drops: await read(`${prefix}_dropped`),
  });
  const [received, sent] = await Promise.all([direction('rx'), direction('tx')]);
  return received.packets === null && sent.packets === null ? undefined : { received, sent };
}

/**
 * `ip` names the counters of the two directions differently. Source: iproute2 `print_vf_stats64`.
 */
interface ListedVf {
  vf?: number;
  stats?: {
    rx?: { bytes?: number; packets?: number; dropped?: number };
    tx?: { tx_bytes?: number; tx_packets?: number; dropped?: number };
  };
}

/** By the numbers of the VFs. Throws an Error with the message of the host. */
async function listed(run: RunProgram, ifname: string): Promise<Map<number, Traffic>> {
  const text = await run(['ip', '-json', '-statistics', 'link', 'show', 'dev', ifname]);
  const [link] = JSON.parse(text) as { vfinfo_list?: ListedVf[] }[];
  const counted = new Map<number, Traffic>();
  for (const { vf, stats: { rx = {}, tx = {} } = {} } of link?.vfinfo_list ?? []) {
    const received = listedCounters(rx.bytes, rx.packets, rx.dropped);
    const sent = listedCounters(tx.tx_bytes, tx.tx_packets, tx.dropped);
    const all = [...Object.values(received), ...Object.values(sent)];
    if (vf !== undefined && all.some((count) => count !== null && count > 0)) {
      counted.set(vf, { received, sent });
    }
  }
  return counted;
}

function listedCounters(bytes: unknown, packets: unknown, dropped: unknown): TrafficCounters {
  return {
    bytes: countOf(bytes),
    packets: countOf(packets),
    errors: null,
    drops: countOf(dropped),
  };
}

function countOf(value: unknown): number | null {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && count >= 0 ? count : null;
}
