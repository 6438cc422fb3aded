/**
 * This host's PCI functions as libvirt reports them. A read lists the names; XML is read only for
 * requested functions, and cached: with product data libvirt reads it slowly from the card each
 * time.
 */
import type { NodeDevices } from '#contracts/host/node-devices.ts';
import { ComputeError } from '#core/errors.ts';
import { nodeDeviceName, type PciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { ifnamesOf } from '#core/pci/devices/interface-names.ts';
import type { NodeCapabilities } from '#core/pci/devices/node-capabilities.ts';
import type { ChildEvent, LibvirtChild } from './connection/child-process.ts';
import { readNodeDevices } from './node-device.ts';
import { listNodeDevices } from './xml/libvirt-numbers.ts';

export interface LibvirtNodeDevicesOptions {
  child: Pick<LibvirtChild, 'call' | 'watch'>;
  /** Milliseconds of a monotonic clock. Default: the process's own. */
  now?: () => number;
}

/**
 * Milliseconds after which XML is read again. libvirt reports devices that are added, removed or
 * renamed, but not changed offloads.
 */
const keptMs = 600_000;
/** Names per call, which must end long before its limit. */
const namesPerCall = 32;

const nothingOfSysfs = { ifnameOf: () => null, macOf: () => null, vfNumOf: () => undefined };

export class LibvirtNodeDevices implements NodeDevices {
  readonly #child: LibvirtNodeDevicesOptions['child'];
  readonly #now: () => number;
  /** `xml` undefined: it is being read. An entry is removed when its device changes. */
  readonly #kept = new Map<string, { xml: string | undefined; readAt: number }>();
  readonly #listeners = new Set<() => void>();
  /** The last result, with the texts it was made from. */
  #last: { texts: readonly string[]; capabilities: ReadonlyMap<PciAddress, NodeCapabilities> } = {
    texts: [],
    capabilities: new Map(),
  };

  constructor({ child, now = () => performance.now() }: LibvirtNodeDevicesOptions) {
    this.#child = child;
    this.#now = now;
    child.watch((event) => this.#hear(event));
  }

  async describe(functions: readonly PciFunction[]): Promise<Map<PciAddress, NodeCapabilities>> {
    if (functions.length === 0) return new Map();
    const names = await this.#list();
    for (const name of this.#kept.keys()) if (!names.has(name)) this.#kept.delete(name);
    const known = functions.filter(({ address }) => names.has(nodeDeviceName(address)));
    const texts = await this.#read(namesFor(known, names));
    const capabilities = this.#parsed(texts);
    return new Map(known.map(({ address }) => [address, capabilities.get(address) ?? {}]));
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #list(): Promise<Set<string>> {
    const flags = listNodeDevices.pci | listNodeDevices.net;
    const act = "list the host's devices";
    const names = await this.#child.call('listNodeDevices', [flags], act);
    if (names.some((name) => name.startsWith('pci_'))) return new Set(names);
    throw new ComputeError('unavailable', `${act}: libvirt lists no PCI function`);
  }

  /** The XML of these names, as far as they still exist. */
  async #read(names: readonly string[]): Promise<string[]> {
    const oldest = this.#now() - keptMs;
    const texts = new Map<string, string>();
    for (const name of names) {
      const { xml, readAt = -Infinity } = this.#kept.get(name) ?? {};
      if (xml !== undefined && readAt > oldest) texts.set(name, xml);
    }
    const wanted = names.filter((name) => !texts.has(name));
    for (let at = 0; at < wanted.length; at += namesPerCall) {
      const some = wanted.slice(at, at + namesPerCall);
      for (const { name, xml } of await this.#readNow(some)) texts.set(name, xml);
    }
    return names.flatMap((name) => texts.get(name) ?? []);
  }

  /** What is read while its device changes is not kept: it may be older than the change. */
  async #readNow(names: readonly string[]): Promise<{ name: string; xml: string }[]> {
    const entry = { xml: undefined, readAt: this.#now() };
    for (const name of names) this.#kept.set(name, entry);
    const act = "read the host's devices";
    const rows = await this.#child.call('nodeDeviceXmls', [names], act);
    for (const { name, xml } of rows) {
      if (this.#kept.get(name) === entry) this.#kept.set(name, { ...entry, xml });
    }
    return rows;
  }

  /** The content of these texts; they are parsed only when they change. */
  #parsed(texts: readonly string[]): ReadonlyMap<PciAddress, NodeCapabilities> {
    const { texts: before, capabilities } = this.#last;
    const isSame = before.length === texts.length && before.every((xml, at) => xml === texts[at]);
    if (isSame) return capabilities;
    const { functions } = readNodeDevices(texts, nothingOfSysfs);
    this.#last = {
      texts,
      capabilities: new Map(functions.map(({ address, capabilities }) => [address, capabilities])),
    };
    return this.#last.capabilities;
  }

  #hear(event: ChildEvent): void {
    if (event.what === 'node-device') this.#kept.delete(event.name);
    // Changes without a listener were missed.
    else if (event.what === 'lost' || event.what === 'back') this.#kept.clear();
    if (event.what === 'node-device') for (const listener of this.#listeners) listener();
  }
}

/** The names to read for these functions: their own, their PFs' and their interfaces'. */
function namesFor(functions: readonly PciFunction[], names: ReadonlySet<string>): string[] {
  const interfaces = new Map<string, string[]>();
  for (const name of names) {
    const ifname = ifnameIn(name);
    if (ifname === undefined) continue;
    interfaces.set(ifname, [...(interfaces.get(ifname) ?? []), name]);
  }
  const wanted = functions.flatMap((fn) => [
    nodeDeviceName(fn.address),
    ...(fn.parentAddress === null ? [] : [nodeDeviceName(fn.parentAddress)]),
    ...ifnamesOf(fn).flatMap((ifname) => interfaces.get(inName(ifname)) ?? []),
  ]);
  return [...new Set(wanted)].filter((name) => names.has(name));
}

/**
 * The interface in a node device's name, as libvirt spells it; undefined for other devices.
 * Example: `net_enp1s0v1_1a_14_6c_27_1b_47` → `enp1s0v1`. IPoIB has addresses of 20 octets.
 */
function ifnameIn(name: string): string | undefined {
  return /^net_(.+?)((_[0-9a-f]{2}){20}|(_[0-9a-f]{2}){6})?$/.exec(name)?.[1];
}

/** Source: libvirt `udevGenerateDeviceName`. */
function inName(ifname: string): string {
  return ifname.replaceAll(/[^0-9A-Za-z]/g, '_');
}
