/**
 * Linux bridges for networks without an agent, created with `ip`. Interfaces created here are
 * marked by an alias; only these are ever removed.
 */
import type { HostBridges, Uplink } from '#contracts/host/host-bridges.ts';
import type { RunProgram } from '#runtime/run-program.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import type { BridgeWiring } from '#core/guests/description/guest.ts';
import { addressesOf, type Link, listLinks, listOwnMacs, madeByUs } from './links.ts';

export interface LinuxBridgesOptions {
  /** Name of the host, for messages. */
  host: string;
  /**
   * The interface of each physical network. Example: `{ physnet1: 'enp3s0' }`. Nova's and Neutron's
   * `bridge_mappings`.
   */
  interfaces: Readonly<Record<string, string>>;
  run: RunProgram;
}

/** Longest name that the kernel accepts. Source: Linux `IFNAMSIZ`. */
const nameLength = 15;

export class LinuxBridges implements HostBridges {
  readonly #options: LinuxBridgesOptions;

  constructor(options: LinuxBridgesOptions) {
    this.#options = options;
  }

  async ensureBridge(bridge: string, wiring: BridgeWiring): Promise<void> {
    // Without an interface for it, fail before anything is created.
    const parent = this.#interfaceOf(wiring.physicalNetwork);
    const links = await this.#links();
    if (parent !== null) assertExists(links, parent, wiring.physicalNetwork);
    if (parent !== null && wiring.vlan === null) await this.#mustBeFree(links, parent, bridge);
    await this.#makeBridge(bridge, links);
    if (parent === null) return;
    if (linkIn(links, parent)?.isUp !== true) await this.#ip('link', 'set', 'dev', parent, 'up');
    if (wiring.vlan !== null) return this.#makeVlan(links, { parent, vlan: wiring.vlan, bridge });
    if (linkIn(links, parent)?.master === bridge) return;
    await this.#ip('link', 'set', 'dev', parent, 'master', bridge);
  }

  async interfaceOf(physicalNetwork: string): Promise<string | null> {
    const { interfaces } = this.#options;
    return (Object.hasOwn(interfaces, physicalNetwork) && interfaces[physicalNetwork]) || null;
  }

  async releaseBridge(bridge: string): Promise<void> {
    const links = await this.#links();
    const mine = linkIn(links, bridge);
    if (mine === undefined || mine.alias !== madeByUs) return;
    const ports = links.filter(({ master }) => master === bridge);
    const uplinks = new Set(Object.values(this.#options.interfaces));
    const isUplink = ({ ifname, alias }: Link) => alias === madeByUs || uplinks.has(ifname);
    if (!ports.every(isUplink)) return;
    for (const { ifname, alias } of ports) {
      if (alias === madeByUs) await this.#ip('link', 'del', ifname);
      else await this.#ip('link', 'set', 'dev', ifname, 'nomaster');
    }
    await this.#ip('link', 'del', bridge);
  }

  /** On the interface itself, below its VLANs. Source: bridge(8), `self`. */
  async openUplink({ physicalNetwork, macAddress }: Uplink): Promise<void> {
    const ifname = this.#interfaceOf(physicalNetwork);
    if (ifname !== null) await this.#fdb('replace', macAddress, ifname);
  }

  async hasUplink({ physicalNetwork, macAddress }: Uplink): Promise<boolean> {
    const ifname = this.#configured(physicalNetwork);
    if (ifname === undefined || linkIn(await this.#links(), ifname) === undefined) return false;
    const macs = await listOwnMacs(this.#options.run, ifname);
    return macs.includes(macAddress.toLowerCase());
  }

  async closeUplink(uplink: Uplink): Promise<void> {
    const ifname = this.#configured(uplink.physicalNetwork);
    if (ifname === undefined || !(await this.hasUplink(uplink))) return;
    await this.#fdb('del', uplink.macAddress, ifname);
  }

  #configured(physicalNetwork: string): string | undefined {
    const { interfaces } = this.#options;
    return Object.hasOwn(interfaces, physicalNetwork) ? interfaces[physicalNetwork] : undefined;
  }

  #interfaceOf(physicalNetwork: string | null): string | null {
    if (physicalNetwork === null) return null;
    const { host, interfaces } = this.#options;
    const ifname = this.#configured(physicalNetwork);
    if (ifname !== undefined) return ifname;
    const known = Object.keys(interfaces).join(', ');
    throw refused(
      `physical network ${physicalNetwork} has no interface in bridge_mappings of host ${host} (it has ${known === '' ? 'none' : known})`,
    );
  }

  /** A bridge left unmarked by a crash has no port yet: it is taken over. */
  async #makeBridge(bridge: string, links: readonly Link[]): Promise<void> {
    const found = linkIn(links, bridge);
    if (found !== undefined && found.kind !== 'bridge') {
      throw refused(`interface ${bridge} exists and is not a bridge: ip link del ${bridge}`);
    }
    if (found === undefined) {
      const kind = ['type', 'bridge', 'stp_state', '0', 'forward_delay', '0'];
      await this.#ip('link', 'add', 'name', bridge, ...kind);
    }
    const isUsed = links.some(({ master }) => master === bridge);
    const mark = found?.alias === madeByUs || isUsed ? [] : marks;
    if (found?.isUp !== true || mark.length > 0) {
      await this.#ip('link', 'set', 'dev', bridge, ...mark, 'up');
    }
  }

  /** The VLAN interface on the parent, in the bridge. An operator's is used as it is. */
  async #makeVlan(
    links: readonly Link[],
    { parent, vlan, bridge }: { parent: string; vlan: number; bridge: string },
  ): Promise<void> {
    const present = links.find((each) => each.link === parent && each.vlan === vlan);
    if (present === undefined) {
      const name = vlanName(links, parent, vlan);
      if (linkIn(links, name) !== undefined) {
        throw refused(`interface ${name} exists and is not VLAN ${vlan} of ${parent}`);
      }
      const kind = ['type', 'vlan', 'id', String(vlan)];
      await this.#ip('link', 'add', 'link', parent, 'name', name, ...kind);
      return this.#ip('link', 'set', 'dev', name, ...marks, 'master', bridge, 'up');
    }
    const { ifname, master, isUp } = present;
    if (master !== null && master !== bridge) throw joined(ifname, master, bridge);
    if (master === null || !isUp) {
      await this.#ip('link', 'set', 'dev', ifname, 'master', bridge, 'up');
    }
  }

  /** Untagged, the interface itself joins, and the host would lose its own use of it. */
  async #mustBeFree(links: readonly Link[], ifname: string, bridge: string): Promise<void> {
    const master = linkIn(links, ifname)?.master ?? null;
    if (master === bridge) return;
    if (master !== null) throw joined(ifname, master, bridge);
    const [address] = await addressesOf(this.#options.run, ifname);
    if (address === undefined) return;
    throw refused(
      `interface ${ifname} has the address ${address} of this host, which it would lose as a port of ${bridge}: give the untagged network another interface in bridge_mappings`,
    );
  }

  async #links(): Promise<Link[]> {
    try {
      return await listLinks(this.#options.run);
    } catch (cause) {
      throw refused(`network interfaces cannot be listed: ${errorText(cause)}`, cause);
    }
  }

  // oxlint-disable-next-line max-params -- what, of whom and where
  #fdb(act: 'replace' | 'del', macAddress: string, ifname: string): Promise<void> {
    return this.#run('bridge', 'fdb', act, macAddress, 'dev', ifname, 'self');
  }

  #ip(...args: string[]): Promise<void> {
    return this.#run('ip', ...args);
  }

  async #run(...command: string[]): Promise<void> {
    try {
      await this.#options.run(command);
    } catch (cause) {
      throw refused(`"${command.join(' ')}": ${errorText(cause)}`, cause);
    }
  }
}

/** Our mark, and no addresses of the host's own: guest traffic must not configure the host. */
const marks = ['alias', madeByUs, 'addrgenmode', 'none'];

function linkIn(links: readonly Link[], name: string): Link | undefined {
  return links.find(({ ifname }) => ifname === name);
}

function joined(ifname: string, master: string, bridge: string): ComputeError {
  return refused(`interface ${ifname} is a port of ${master} already, it cannot join ${bridge}`);
}

/** Example: `enp3s0.42`; `nv7.1042` where that would be too long. */
function vlanName(links: readonly Link[], parent: string, vlan: number): string {
  const name = `${parent}.${vlan}`;
  if (name.length <= nameLength) return name;
  return `nv${linkIn(links, parent)?.ifindex}.${vlan}`;
}

function assertExists(
  links: readonly Link[],
  ifname: string,
  physicalNetwork: string | null,
): void {
  if (linkIn(links, ifname) !== undefined) return;
  throw refused(
    `bridge_mappings: interface ${ifname} of physical network ${physicalNetwork} is not on this host`,
  );
}

function refused(message: string, cause?: unknown): ComputeError {
  return new ComputeError('unavailable', message, cause === undefined ? {} : { cause });
}
