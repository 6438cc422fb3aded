/**
 * A libvirtd of a test's own: its configuration, sockets, state and users are files of a temporary
 * folder, bound over the machine's places in a mount namespace; its processes, guests too, run in a
 * process namespace that ends with the test. Needs root.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunProgram } from '#runtime/run-program.ts';
import { ensureDebianPackages, packagesSince } from '../debian/debian-packages.ts';

/** Debian packages of a host that runs guests, without any service of the system. */
const packages = [
  'libvirt-daemon',
  'libvirt-daemon-driver-qemu',
  // Debian 12 has it in `libvirt-daemon`.
  ...packagesSince(13, ['libvirt-daemon-driver-nodedev']),
  'libvirt-clients',
  'qemu-system-x86',
  'qemu-utils',
  'iproute2',
];

/** Our folders, and the places that they cover. */
const places = {
  etc: '/etc/libvirt',
  run: '/run/libvirt',
  lib: '/var/lib/libvirt',
  cache: '/var/cache/libvirt',
  log: '/var/log/libvirt',
  ovs: '/run/openvswitch',
};

/** Guests run as Debian's user for them. */
const qemuConf = `user = "libvirt-qemu"
group = "libvirt-qemu"
security_driver = "none"
namespaces = []
stdio_handler = "file"
cgroup_controllers = []
`;

/** libvirt resolves these when it starts, whichever user runs the guests. */
const users = 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin\n';
const groups = 'libvirt-qemu:x:64055:\nkvm:x:64056:\n';

export class PrivateLibvirtd {
  readonly folder: string;
  readonly uri: string;
  readonly #namespace: ChildProcess;
  /** Process 1 of the namespace, by its number on the machine. */
  readonly #first: string;

  private constructor(folder: string, namespace: ChildProcess, first: string) {
    this.folder = folder;
    this.uri = `qemu:///system?socket=${folder}/run/libvirt-sock`;
    this.#namespace = namespace;
    this.#first = first;
  }

  /** Installs what is missing, and starts it. */
  static async start({ withKvm = false, hostUuid = randomUUID() } = {}): Promise<PrivateLibvirtd> {
    ensureDebianPackages(packages);
    if (process.getuid?.() !== 0) throw new Error('this test needs root: it makes namespaces');
    const folder = mkdtempSync(join(tmpdir(), 'novella-libvirtd-'));
    writePlaces(folder, hostUuid);
    const namespace = spawn(
      'setpriv',
      [
        '--pdeathsig',
        'KILL',
        'unshare',
        '--mount',
        '--pid',
        '--fork',
        '--mount-proc',
        '--kill-child',
      ].concat(['sh', '-c', mountScript(folder, withKvm)]),
      { stdio: 'ignore' },
    );
    await until('the namespace is made', () => existsSync(join(folder, 'ready')));
    const first = childrenOf(namespace.pid ?? 0)[0] ?? '';
    const libvirtd = new PrivateLibvirtd(folder, namespace, first);
    await libvirtd.startDaemon();
    return libvirtd;
  }

  get guestsDirectory(): string {
    return join(this.folder, 'guests');
  }

  /** `withoutDriver`: libvirt's file of that driver is hidden. Example: `nodedev`. */
  async startDaemon({ withoutDriver }: { withoutDriver?: string } = {}): Promise<void> {
    const daemon = ['libvirtd', '-d', '-f', '/etc/libvirt/libvirtd.conf', '-p', pidFile];
    if (withoutDriver === undefined) this.inside(...daemon);
    else this.inside('env', `LIBVIRT_DRIVER_DIR=${this.#driversBut(withoutDriver)}`, ...daemon);
    await until('libvirtd listens', () => existsSync(join(this.folder, 'run', 'libvirt-sock')));
  }

  /** As a crash or the kernel would. Guests keep running. */
  async killDaemon(): Promise<void> {
    const pid = readFileSync(join(this.folder, 'run', 'libvirtd.pid'), 'utf8').trim();
    this.inside('kill', '-9', pid);
    rmSync(join(this.folder, 'run', 'libvirt-sock'), { force: true });
    await until('libvirtd is gone', () => !this.#isInside(pid));
  }

  /** Suspends it, and continues it. */
  signalDaemon(signal: 'STOP' | 'CONT'): void {
    const pid = readFileSync(join(this.folder, 'run', 'libvirtd.pid'), 'utf8').trim();
    this.inside('kill', `-${signal}`, pid);
  }

  /**
   * Runs a program in the namespaces of the libvirtd: with its places and processes. A daemon ends
   * with it.
   */
  inside(...command: string[]): void {
    execFileSync('nsenter', ['-t', this.#first, '-m', '-p', ...command], { stdio: 'ignore' });
  }

  /** The same for parts of a host that run its programs. */
  readonly run: RunProgram = async (command) =>
    execFileSync('nsenter', ['-t', this.#first, '-m', '-p', ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  /** The output of virsh. For tests that inspect the host, or change it as another program. */
  virsh(...args: string[]): string {
    return execFileSync('virsh', ['-q', '-c', this.uri, ...args], { encoding: 'utf8' });
  }

  /** The same with a file of this text. */
  virshInput(act: string, text: string): void {
    const path = join(this.folder, 'virsh-input');
    writeFileSync(path, text);
    this.virsh(act, path);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => {
      this.#namespace.once('exit', resolve);
    });
    this.#namespace.kill('SIGKILL');
    await ended;
    await until('its processes are gone', () => !existsSync(`/proc/${this.#first}`));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A folder with links to all drivers but this one. */
  #driversBut(name: string): string {
    const [drivers] = globSync('/usr/lib/*/libvirt/connection-driver');
    if (drivers === undefined) throw new Error('libvirt has no folder of drivers on this machine');
    const folder = join(this.folder, `without-${name}`);
    mkdirSync(folder);
    for (const file of readdirSync(drivers)) {
      if (file !== `libvirt_driver_${name}.so`)
        symlinkSync(join(drivers, file), join(folder, file));
    }
    return folder;
  }

  #isInside(pid: string): boolean {
    try {
      this.inside('kill', '-0', pid);
      return true;
    } catch {
      return false;
    }
  }
}

/**
 * Hidden from libvirt: most tests emulate. Where it opens and does not work, as in some containers,
 * libvirt would ask QEMU for each guest's capabilities again, a quarter of a minute each.
 */
const kvm = '/dev/kvm';

const pidFile = '/run/libvirt/libvirtd.pid';

function writePlaces(folder: string, hostUuid: string): void {
  chmodSync(folder, 0o711);
  for (const name of [...Object.keys(places), 'guests']) mkdirSync(join(folder, name));
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
  const conf = 'unix_sock_rw_perms = "0700"\nauth_unix_rw = "none"\n';
  // Two on one machine are two hosts.
  const identity = `host_uuid = "${hostUuid}"\n`;
  writeFileSync(join(folder, 'etc', 'libvirtd.conf'), conf + identity);
  writeFileSync(join(folder, 'etc', 'qemu.conf'), qemuConf);
  writeFileSync(join(folder, 'no-kvm'), '', { mode: 0o600 });
  writeFileSync(join(folder, 'passwd'), readFileSync('/etc/passwd', 'utf8') + users);
  writeFileSync(join(folder, 'group'), readFileSync('/etc/group', 'utf8') + groups);
}

/** Process 1 must reap orphans: libvirt counts a process that was not waited for as alive. */
function mountScript(folder: string, withKvm: boolean): string {
  const binds = [
    ...Object.entries(places).map(([name, place]) => [join(folder, name), place]),
    [join(folder, 'passwd'), '/etc/passwd'],
    [join(folder, 'group'), '/etc/group'],
    ...(existsSync(kvm) && !withKvm ? [[join(folder, 'no-kvm'), kvm]] : []),
  ];
  return [
    'set -e',
    ...binds.map(([from, to]) => `mount --bind ${from} ${to}`),
    `touch ${join(folder, 'ready')}`,
    'while :; do sleep 0.2; done',
  ].join('\n');
}

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
}

async function until(what: string, holds: () => boolean, limitMs = 60_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
    await delay(20);
  }
}
