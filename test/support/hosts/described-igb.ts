/**
 * The captured igb host as a kernel that can be changed: sysfs files below a folder, and the `ip`
 * commands that Novella runs. Its answers and refusals were seen on real igb PFs and VFs (Linux
 * 6.12, iproute2 6.15).
 */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RunProgram } from '#runtime/run-program.ts';
import { igbCapturePath, writeSysfsTree } from '#integrations/simulated/machine/sysfs-tree.ts';

interface IgbVf {
  address: string;
  mac: string;
  /** A MAC that an administrator set. */
  isMacFixed: boolean;
  vlan?: number;
  qos?: number;
  spoofchk: boolean;
  trust: boolean;
  max_tx: number;
}

/** What the kernel reports of a driver that does not count, as igb. */
const noStats = {
  rx: { bytes: 0, packets: 0, multicast: 0, broadcast: 0, dropped: 0 },
  tx: { tx_bytes: 0, tx_packets: 0, dropped: 0 },
};

const noMac = '00:00:00:00:00:00';
const pfs = ['0000:01:00.0', '0000:02:00.0'];

export class DescribedIgb {
  readonly root: string;
  readonly commands: string[] = [];
  readonly #vfs = new Map<string, IgbVf[]>();
  /** Further keys of `ip -json`, by name. */
  readonly answers = new Map<string, unknown>();
  /** What the PF counts of a VF, by its address, as `ip -json -statistics` prints it. */
  readonly stats = new Map<string, typeof noStats>();
  /** The arguments of a command that the kernel refuses, and its message. */
  readonly refusals = new Map<string, string>();
  /**
   * What a driver refuses for a VF in its current state: `ip link set PF vf N` with these
   * arguments. Returns the kernel's message, or undefined.
   */
  rule: (vf: Readonly<IgbVf>, expected: string) => string | undefined = () => undefined;

  /** `root`: an empty folder, which becomes /sys. */
  constructor(root: string) {
    this.root = root;
    writeSysfsTree(readFileSync(igbCapturePath, 'utf8'), root);
    for (const pf of pfs) {
      writeFileSync(join(this.#netOf(pf), 'flags'), '0x1003\n');
      this.#vfs.set(pf, []);
      for (let number = 0; number < 4; number += 1) this.#describe(pf, number);
    }
  }

  readonly run: RunProgram = async (command) => {
    const text = command.join(' ');
    this.commands.push(text);
    for (const [expected, refusal] of this.refusals)
      if (text.includes(expected)) throw new Error(refusal);
    const shown = /^ip -json -(details|statistics) link show dev (enp[12]s0)$/.exec(text);
    if (shown !== null) return this.#listing(shown[2] ?? '', shown[1] === 'statistics');
    if (command[0] === 'udevadm') return '';
    if (command[1] === '-json')
      return JSON.stringify(this.answers.get(command.slice(2).join(' ')) ?? []);
    const ofVf = /^ip link set (enp[12]s0) vf (\d+) (.*)$/.exec(text);
    if (ofVf !== null)
      this.#setVf(this.#vf(ofVf[1] ?? '', Number(ofVf[2])), (ofVf[3] ?? '').split(' '));
    else this.#setInterface(command[3] ?? '', command.slice(4));
    return '';
  };

  readonly write = async (path: string, text: string): Promise<void> => {
    if (path.endsWith('sriov_numvfs'))
      return this.#setCount(basename(join(path, '..')), Number(text));
    const address = text.trim();
    if (path.endsWith('driver/unbind')) return this.#unbind(address);
    if (path.endsWith('drivers_probe')) return this.#bind(address);
    writeFileSync(path, text);
  };

  /** As after libvirt has taken the VF: vfio-pci, no interface. Or another driver without one. */
  giveAway(address: string, driver = 'vfio-pci'): void {
    this.#unbind(address);
    symlinkSync(`../../../bus/pci/drivers/${driver}`, join(this.#folder(address), 'driver'));
  }

  /** As libvirt returns it: the MAC that it found is now an administrative one. */
  giveBack(address: string, mac: string): void {
    const vf = this.#byAddress(address);
    Object.assign(vf, { mac, isMacFixed: true });
    this.#unbind(address);
    this.#bind(address);
  }

  /** The PF's entry for a VF. */
  listed(address: string): IgbVf {
    return this.#byAddress(address);
  }

  #listing(ifname: string, hasStats: boolean): string {
    const vfs = this.#vfs.get(`0000:0${ifname[3]}:00.0`) ?? [];
    const list = vfs.map((vf, number) => ({
      vf: number,
      link_type: 'ether',
      address: vf.mac,
      vlan_list: [{ ...(vf.vlan && { vlan: vf.vlan }), ...(vf.qos && { qos: vf.qos }) }],
      rate: { max_tx: vf.max_tx, min_tx: 0 },
      spoofchk: vf.spoofchk,
      link_state: 'auto',
      trust: vf.trust,
      ...(hasStats && { stats: this.stats.get(vf.address) ?? noStats }),
    }));
    return JSON.stringify([{ ifname, vfinfo_list: list }]);
  }

  #setVf(vf: IgbVf, expected: readonly string[]): void {
    const refusal = this.rule(vf, expected.join(' '));
    if (refusal !== undefined) throw new Error(refusal);
    for (let at = 0; at < expected.length; at += 2) {
      const value = expected[at + 1] ?? '';
      switch (expected[at] ?? '') {
        case 'mac':
          Object.assign(vf, { mac: value, isMacFixed: value !== noMac });
          break;
        case 'vlan':
          vf.vlan = Number(value);
          vf.qos = expected.includes('qos') ? Number(expected[expected.indexOf('qos') + 1]) : 0;
          break;
        case 'qos':
          break;
        case 'spoofchk':
        case 'trust':
          vf[expected[at] as 'spoofchk' | 'trust'] = value === 'on';
          break;
        case 'max_tx_rate':
          vf.max_tx = Number(value);
          break;
        case 'min_tx_rate':
          if (value !== '0') throw new Error('RTNETLINK answers: Invalid argument');
          break;
        default:
          throw new Error('RTNETLINK answers: Operation not supported');
      }
    }
  }

  #setInterface(ifname: string, expected: readonly string[]): void {
    const [pf, number] = ifname.split('v');
    const address =
      number === undefined ? `0000:0${ifname[3]}:00.0` : this.#vf(pf ?? '', Number(number)).address;
    const folder = join(this.#folder(address), 'net', ifname);
    if (!existsSync(folder)) throw new Error(`Cannot find device "${ifname}"`);
    if (expected[0] !== 'address') {
      writeFileSync(join(folder, 'flags'), expected[0] === 'up' ? '0x1003\n' : '0x1002\n');
      return;
    }
    const vf = this.#byAddress(address);
    const mac = expected[1] ?? '';
    // The kernel does not ask the driver for a MAC that is already set.
    if (readFileSync(join(folder, 'address'), 'utf8').trim() === mac) return;
    if (vf.isMacFixed) throw new Error('RTNETLINK answers: Cannot assign requested address');
    vf.mac = mac;
    writeFileSync(join(folder, 'address'), `${mac}\n`);
    writeFileSync(join(folder, 'addr_assign_type'), '3\n');
  }

  #setCount(pf: string, count: number): void {
    const vfs = this.#vfs.get(pf) ?? [];
    if (count > 0 && vfs.length > 0) throw new Error('EBUSY: resource busy or locked, write');
    for (const { address } of vfs.splice(0)) {
      rmSync(this.#folder(address), { recursive: true });
      rmSync(join(this.root, 'bus/pci/devices', address));
    }
    for (let number = 0; number < 7; number += 1) {
      rmSync(join(this.#folder(pf), `virtfn${number}`), { force: true });
    }
    writeFileSync(join(this.#folder(pf), 'sriov_numvfs'), `${count}\n`);
    for (let number = 0; number < count; number += 1) this.#appear(pf, number);
  }

  #appear(pf: string, number: number): void {
    const address = vfAddress(pf, number);
    const folder = this.#folder(address);
    mkdirSync(folder, { recursive: true });
    const files = { class: '0x020000', vendor: '0x8086', device: '0x10ca', numa_node: '-1' };
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(folder, name), `${text}\n`);
    symlinkSync(`../${pf}`, join(folder, 'physfn'));
    symlinkSync(`../${address}`, join(this.#folder(pf), `virtfn${number}`));
    symlinkSync(`../../../../kernel/iommu_groups/${20 + number}`, join(folder, 'iommu_group'));
    const link = join(this.root, 'bus/pci/devices', address);
    symlinkSync(join('../../..', folder.slice(this.root.length + 1)), link);
    this.#describe(pf, number);
    this.#bind(address);
  }

  /** A VF in the tree, as its driver starts it. */
  #describe(pf: string, number: number): void {
    const address = vfAddress(pf, number);
    const file = join(this.#netOf(address), 'address');
    const mac = existsSync(file) ? readFileSync(file, 'utf8').trim() : noMac;
    const fresh = { isMacFixed: false, spoofchk: true, trust: false, max_tx: 0 };
    this.#vfs.get(pf)?.push({ address, mac, ...fresh });
    if (!existsSync(file)) return;
    writeFileSync(join(this.#netOf(address), 'addr_assign_type'), '1\n');
    writeFileSync(join(this.#netOf(address), 'flags'), '0x1002\n');
    this.#count(address);
  }

  /** Statistics of the VF's own interface: its driver has just begun to count. */
  #count(address: string): void {
    const folder = join(this.#netOf(address), 'statistics');
    mkdirSync(folder, { recursive: true });
    for (const name of ['bytes', 'packets', 'errors', 'dropped']) {
      writeFileSync(join(folder, `rx_${name}`), '0\n');
      writeFileSync(join(folder, `tx_${name}`), '0\n');
    }
  }

  #unbind(address: string): void {
    rmSync(join(this.#folder(address), 'driver'), { force: true });
    rmSync(join(this.#folder(address), 'net'), { recursive: true, force: true });
    const vf = this.#byAddress(address);
    if (!vf.isMacFixed) vf.mac = noMac;
  }

  #bind(address: string): void {
    const vf = this.#byAddress(address);
    symlinkSync('../../../../bus/pci/drivers/igbvf', join(this.#folder(address), 'driver'));
    const net = this.#netOf(address);
    mkdirSync(net, { recursive: true });
    if (!vf.isMacFixed) vf.mac = `4a:00:00:00:${address.slice(5, 7)}:${address.slice(-1)}0`;
    writeFileSync(join(net, 'address'), `${vf.mac}\n`);
    writeFileSync(join(net, 'addr_assign_type'), vf.isMacFixed ? '0\n' : '1\n');
    writeFileSync(join(net, 'flags'), '0x1002\n');
    this.#count(address);
  }

  #vf(pfIfname: string, number: number): IgbVf {
    const vf = this.#vfs.get(`0000:0${pfIfname[3]}:00.0`)?.[number];
    if (vf === undefined) throw new Error('RTNETLINK answers: Invalid argument');
    return vf;
  }

  #byAddress(address: string): IgbVf {
    const vf = [...this.#vfs.values()].flat().find((each) => each.address === address);
    if (vf === undefined) throw new Error(`no VF ${address}`);
    return vf;
  }

  #folder(address: string): string {
    const port = address.startsWith('0000:01') ? '04' : '05';
    return join(this.root, `devices/pci0000:00/0000:00:${port}.0`, address);
  }

  #netOf(address: string): string {
    const pf = pfs.find((each) => each.slice(0, 7) === address.slice(0, 7)) ?? '';
    const ifname = `enp${address[6]}s0`;
    if (address === pf) return join(this.#folder(pf), 'net', ifname);
    return join(this.#folder(address), 'net', `${ifname}v${vfNumber(address)}`);
  }
}

/** Every second function from slot 10 on. */
function vfAddress(pf: string, number: number): string {
  const slot = (0x10 + Math.floor(number / 4)).toString(16);
  return `${pf.slice(0, 8)}${slot}.${(number % 4) * 2}`;
}

function vfNumber(address: string): number {
  return (Number.parseInt(address.slice(8, 10), 16) - 0x10) * 4 + Number(address.slice(-1)) / 2;
}
