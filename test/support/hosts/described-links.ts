/**
 * A kernel's network interfaces in memory, which understands the `ip link` commands that Novella
 * runs, and answers as the kernel does.
 */
import type { RunProgram } from '#runtime/run-program.ts';

interface DescribedLink {
  ifname: string;
  ifindex: number;
  kind?: string;
  link?: string;
  master?: string;
  alias?: string;
  vlan?: number;
  isUp?: boolean;
  /** Of a tap. */
  isMultiQueue?: boolean;
  mtu?: number;
}

export class DescribedLinks {
  readonly #links: DescribedLink[] = [];
  readonly addresses = new Map<string, string>();
  #lastIndex = 0;

  constructor(hardware: readonly string[]) {
    for (const ifname of hardware) this.add({ ifname });
  }

  /** Adds an interface, or changes one. */
  add(link: Omit<DescribedLink, 'ifindex'>): void {
    const known = this.#links.find(({ ifname }) => ifname === link.ifname);
    if (known !== undefined) Object.assign(known, link);
    else this.#links.push({ ...link, ifindex: ++this.#lastIndex });
  }

  /** Undefined where it does not exist. */
  named(name: string): Readonly<DescribedLink> | undefined {
    return this.#links.find(({ ifname }) => ifname === name);
  }

  remove(name: string): void {
    const on = this.#links.filter(({ ifname, link }) => ifname === name || link === name);
    for (const link of on) this.#links.splice(this.#links.indexOf(link), 1);
    for (const link of this.#links) if (link.master === name) delete link.master;
  }

  get names(): string[] {
    return this.#links.map(({ ifname }) => ifname);
  }

  namesOfKind(kind: string): string[] {
    return this.#links.filter((link) => link.kind === kind).map(({ ifname }) => ifname);
  }

  readonly run: RunProgram = async (command) => {
    if (command[0] === 'ovs-vsctl') return this.#askSwitch(command);
    if (command[0] === 'bridge') return this.#askFdb(command);
    const expected = command.slice(1).filter((word) => word !== 'dev');
    if (expected[0] === 'tuntap')
      return this.#addTap(expected[2] ?? '', expected.includes('multi_queue'));
    if (expected[0] === '-json') return this.#show(expected);
    const [, verb, ...rest] = expected;
    if (verb === 'add') this.#addBy(rest);
    else if (verb === 'del') this.remove(this.#known(rest[0]).ifname);
    else if (verb === 'set') this.#set(this.#known(rest[0]), rest.slice(1));
    else throw new Error(`Command "${verb}" is unknown, try "ip link help".`);
    return '';
  };

  /** `MAC interface` of the entries of interfaces themselves. */
  readonly fdb = new Set<string>();

  #askFdb(command: readonly string[]): string {
    if (command[1] === '-json') {
      const { ifname } = this.#known(command[5]);
      const macs = [...this.fdb].filter((entry) => entry.endsWith(` ${ifname}`));
      return JSON.stringify(
        macs.map((entry) => ({ mac: entry.split(' ')[0], flags: ['self'], state: 'permanent' })),
      );
    }
    const [, , act, macAddress, , name] = command;
    const entry = `${macAddress} ${this.#known(name).ifname}`;
    if (act === 'replace') this.fdb.add(entry);
    else if (!this.fdb.delete(entry)) {
      throw new Error('RTNETLINK answers: No such file or directory');
    }
    return '';
  }

  /** Ports of the only bridge of Open vSwitch, br-int, with their settings. */
  readonly ovsPorts = new Map<string, string[]>();

  #askSwitch(command: readonly string[]): string {
    const expected = command.slice(3);
    const [act, bridge = '', port = ''] = expected;
    if (act === 'del-port') this.ovsPorts.delete(bridge);
    else if (bridge !== 'br-int') throw new Error(`ovs-vsctl: no bridge named ${bridge}`);
    else this.ovsPorts.set(port, expected.slice(expected.indexOf('Interface') + 2));
    const link = this.#links.find(({ ifname }) => ifname === port);
    if (link !== undefined) link.master = 'ovs-system';
    return '';
  }

  #addTap(ifname: string, isMultiQueue: boolean): string {
    if (this.names.includes(ifname)) throw new Error('ioctl(TUNSETIFF): Device or resource busy');
    this.add({ ifname, kind: 'tun', isMultiQueue });
    return '';
  }

  #show(expected: readonly string[]): string {
    if (expected[1] === 'address') {
      const [local, prefix] = this.addresses.get(expected[3] ?? '')?.split('/') ?? [];
      const addresses =
        local === undefined ? [] : [{ local, prefixlen: Number(prefix), scope: 'global' }];
      return JSON.stringify([{ ifname: expected[3], addr_info: addresses }]);
    }
    return JSON.stringify(
      this.#links.map(({ ifname, ifindex, kind, link, master, alias, vlan, isUp }) => ({
        ifindex,
        ...(link !== undefined && { link }),
        ifname,
        flags: isUp === true ? ['BROADCAST', 'UP'] : ['BROADCAST'],
        ...(master !== undefined && { master }),
        ...(alias !== undefined && { ifalias: alias }),
        ...(kind !== undefined && { linkinfo: { info_kind: kind, info_data: { id: vlan } } }),
      })),
    );
  }

  #addBy(expected: readonly string[]): void {
    const after = (word: string) =>
      expected.includes(word) ? expected[expected.indexOf(word) + 1] : undefined;
    const ifname = after('name') ?? '';
    if (this.names.includes(ifname)) throw new Error('RTNETLINK answers: File exists');
    if (ifname.length > 15) throw new Error(`"name" not a valid ifname`);
    const link = after('link');
    const kind = after('type');
    const id = after('id');
    this.add({
      ifname,
      ...(kind !== undefined && { kind }),
      ...(link !== undefined && { link: this.#known(link).ifname }),
      ...(id !== undefined && { vlan: Number(id) }),
    });
  }

  #set(link: DescribedLink, expected: readonly string[]): void {
    for (let at = 0; at < expected.length; at += 1) {
      const word = expected[at];
      if (word === 'up' || word === 'down') link.isUp = word === 'up';
      else if (word === 'nomaster') delete link.master;
      else if (word === 'master') link.master = this.#known(expected[++at]).ifname;
      else if (word === 'alias') link.alias = expected[++at] ?? '';
      else if (word === 'addrgenmode' || word === 'address') at += 1;
      else if (word === 'mtu') link.mtu = Number(expected[++at]);
      else throw new Error(`Error: either "dev" is duplicate, or "${word}" is garbage.`);
    }
  }

  #known(name: string | undefined): DescribedLink {
    const found = this.#links.find(({ ifname }) => ifname === name);
    if (found !== undefined) return found;
    throw new Error(`Cannot find device "${name}"`);
  }
}
