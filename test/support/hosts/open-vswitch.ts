/**
 * An Open vSwitch beside a private libvirtd, which finds it in the place of the machine's own:
 * userspace datapath, so any kernel will do.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDebianPackages } from '../debian/debian-packages.ts';
import type { PrivateLibvirtd } from './private-libvirtd.ts';

const schema = '/usr/share/openvswitch/vswitch.ovsschema';
const socket = 'unix:/run/openvswitch/db.sock';

/** One row, one column: a map. Source: RFC 7047, "Notation". */
interface ExternalIdsTable {
  data: [[['map', [string, string][]]]];
}

export class OpenVswitch {
  readonly #libvirtd: PrivateLibvirtd;

  private constructor(libvirtd: PrivateLibvirtd) {
    this.#libvirtd = libvirtd;
  }

  /** Installs what is missing, and starts it. It ends with the libvirtd. */
  static start(libvirtd: PrivateLibvirtd): OpenVswitch {
    ensureDebianPackages(['openvswitch-switch']);
    const run = '/run/openvswitch';
    libvirtd.inside('ovsdb-tool', 'create', `${run}/conf.db`, schema);
    const daemon = ['--detach', '--pidfile', '--no-chdir'];
    libvirtd.inside('ovsdb-server', `${run}/conf.db`, `--remote=p${socket}`, ...daemon);
    libvirtd.inside('ovs-vsctl', '--no-wait', 'init');
    libvirtd.inside('ovs-vswitchd', socket, '--disable-system', ...daemon);
    return new OpenVswitch(libvirtd);
  }

  /** As Neutron's agent creates its integration bridge. */
  addBridge(name: string): void {
    this.#ask('add-br', name, '--', 'set', 'bridge', name, 'datapath_type=netdev');
  }

  removeBridge(name: string): void {
    this.#ask('del-br', name);
  }

  ports(bridge: string): string[] {
    return this.#ask('list-ports', bridge).split('\n').filter(Boolean);
  }

  /**
   * The owner that a port records, by key. Example: `{ 'iface-id': '6d0f5f54-…', 'attached-mac':
   * 'fa:16:3e:…' }`.
   */
  externalIds(port: string): Record<string, string> {
    const asJson = ['--format=json', '--data=json', '--columns=external_ids'];
    const table = JSON.parse(this.#ask(...asJson, 'list', 'interface', port)) as ExternalIdsTable;
    const [[[, pairs]]] = table.data;
    return Object.fromEntries(pairs);
  }

  #ask(...expected: string[]): string {
    const db = `--db=unix:${join(this.#libvirtd.folder, 'ovs', 'db.sock')}`;
    return execFileSync('ovs-vsctl', [db, '--timeout=10', ...expected], { encoding: 'utf8' });
  }
}
