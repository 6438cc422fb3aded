/**
 * Checks of the machine: user, acceleration, libvirt, QEMU, tools, modules, memory pages, room for
 * disks.
 */
import { hypervisorSilent } from './host-problem.ts';
import { type HostCheck, report } from './host-check.ts';
import type { CheckedModule, HostFacts, LibvirtFacts, StateDirectoryFacts } from './host-facts.ts';

/**
 * Oldest libvirt and QEMU that are accepted: the first with all that the domain XML may contain
 * (virtio's packed ring since 6.3.0, vDPA interfaces since 6.9.0), and what Nova required until
 * 2024 (`MIN_LIBVIRT_VERSION`, `MIN_QEMU_VERSION`).
 */
export const oldestLibvirt = '7.0.0';
export const oldestQemu = '5.2.0';

/** Below the first no server is placed on the host; below the second a warning is reported. */
const fullMib = 1_024;
const tightMib = 10_240;

export function checkMachine(facts: HostFacts): HostCheck[] {
  return [
    user(facts),
    acceleration(facts),
    ...(facts.libvirt === undefined ? [] : [libvirt(facts.libvirt)]),
    ...(facts.qemuVersion === undefined ? [] : [qemu(facts.qemuVersion, facts.architecture)]),
    diskTool(facts),
    isoTool(facts),
    ...(facts.stateDirectory === undefined ? [] : [stateDirectory(facts.stateDirectory)]),
    hugepages(facts),
    kernelModules(facts),
    cgroups(facts),
  ];
}

function user({ isRoot }: HostFacts): HostCheck {
  const row = report('User', 'not-root');
  if (isRoot) return row.ok('root');
  return row.warn(
    'not root: the agent must run as root, and some results here are guesses',
    'run it as root',
  );
}

/** Code of the row that reports whether guests are emulated. */
export const noKvm = 'no-kvm';

function acceleration({ kvmNode, cpuVendor }: HostFacts): HostCheck {
  const row = report('Acceleration', noKvm);
  if (kvmNode.state === 'opens') return row.ok('/dev/kvm opens');
  if (kvmNode.state === 'refused') {
    return row.fail(
      `/dev/kvm does not open: ${kvmNode.why}`,
      'run as root, or add the user to group kvm',
    );
  }
  const [feature, module] =
    cpuVendor === 'AMD'
      ? ['AMD-V', 'kvm_amd']
      : cpuVendor === 'Intel'
        ? ['VT-x', 'kvm_intel']
        : ['virtualization', 'kvm'];
  return row.warn(
    'no /dev/kvm: guests are emulated, some 20 times slower, and cannot have PCI devices',
    `enable ${feature} in the firmware setup, then modprobe ${module}`,
  );
}

function libvirt(found: LibvirtFacts): HostCheck {
  const row = report('libvirt', hypervisorSilent);
  switch (found.state) {
    case 'not installed':
      return row.fail(found.why, 'apt-get install libvirt-daemon-system libvirt-clients', 'all');
    case 'silent':
      return row.fail(
        `${found.uri} does not answer: ${found.why}`,
        'systemctl start libvirtd (or virtqemud.socket); journalctl -u libvirtd shows why it ended',
        'all',
      );
    case 'answers':
      return isAtLeast(found.version, oldestLibvirt)
        ? row.ok(`${found.version} at ${found.uri}`)
        : row.fail(`${found.version} is too old`, `update it to ${oldestLibvirt} or newer`);
  }
}

function qemu(version: string | null, architecture: string): HostCheck {
  const row = report('QEMU', 'qemu');
  const packaged = architecture === 'arm64' ? 'qemu-system-arm' : 'qemu-system-x86';
  if (version === null) return row.fail('not installed', `apt-get install ${packaged}`);
  if (isAtLeast(version, oldestQemu)) return row.ok(version);
  return row.fail(`${version} is too old`, `update it to ${oldestQemu} or newer`);
}

/** Versions of numbers and dots. Example: `isAtLeast('11.3.0', '7.0.0')`. */
export function isAtLeast(version: string, floor: string): boolean {
  const [mine, least] = [version, floor].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (const [at, number] of (least ?? []).entries()) {
    const own = mine?.[at] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}

function diskTool({ tools }: HostFacts): HostCheck {
  const row = report('qemu-img', 'no-qemu-img');
  if (tools.qemuImg !== null) return row.ok(tools.qemuImg);
  return row.fail('not found: no disk can be made', 'apt-get install qemu-utils', 'all');
}

function isoTool({ tools }: HostFacts): HostCheck {
  const row = report('ISO maker', 'no-iso-maker');
  if (tools.isoMaker !== null) return row.ok(tools.isoMaker);
  // Every server with a passed-through device has a config drive: its only source of addresses.
  return row.fail(
    'no genisoimage or xorriso: servers with a config drive do not start',
    'apt-get install genisoimage',
    'passthrough',
  );
}

function stateDirectory({
  path,
  exists,
  refusal,
  freeMib,
  totalMib,
}: StateDirectoryFacts): HostCheck {
  const row = report('State directory', 'state-directory');
  if (refusal !== null) {
    return row.fail(
      `${path} cannot be written to: ${refusal}`,
      'mount it for writing, or give it to the user that runs the agent',
      'all',
    );
  }
  const figures = `${gib(freeMib)} of ${gib(totalMib)} GiB free`;
  const found = exists
    ? `${path}, ${figures}`
    : `${path} does not exist yet; it will be created (${figures})`;
  if (freeMib < fullMib) {
    return row.fail(
      `${path} is full: ${figures}`,
      'delete what is not needed there, or enlarge it',
      'all',
    );
  }
  if (freeMib < tightMib) return row.warn(found, 'free space before more servers are created');
  return row.ok(found);
}

function gib(mib: number): string {
  return (mib / 1_024).toFixed(mib < 10_240 ? 1 : 0);
}

function hugepages({ hugepages: sizes }: HostFacts): HostCheck {
  const reserved = sizes.filter(({ total }) => total > 0);
  const row = report('Hugepages', 'hugepages');
  if (reserved.length === 0) return row.ok('none reserved; only hw:mem_page_size asks for them');
  const texts = reserved.map(
    ({ sizeKib, total, free }) =>
      `${sizeKib >= 1_048_576 ? `${sizeKib / 1_048_576} GiB` : `${sizeKib / 1_024} MiB`}: ${free} of ${total} free`,
  );
  return row.ok(texts.join(', '));
}

/** What does not work without a module. */
const uses: [CheckedModule, string][] = [
  ['macvtap', 'macvtap ports'],
  ['8021q', 'normal ports on VLAN networks'],
  ['vhost_net', 'fast virtio NICs'],
];

function kernelModules({ modules }: HostFacts): HostCheck {
  const row = report('Kernel modules', 'kernel-modules');
  const absent = uses.filter(([name]) => modules[name] === 'absent');
  if (absent.length === 0) return row.ok(uses.map(([name]) => name).join(', '));
  const lost = absent.map(([name, use]) => `no ${name}: no ${use}`);
  return row.warn(lost.join('; '), 'boot a kernel that has them, or accept these limits');
}

function cgroups({ cgroups: version }: HostFacts): HostCheck {
  const row = report('cgroups', 'cgroups');
  if (version !== 'none') return row.ok(version);
  return row.warn('none is mounted: libvirt limits nothing', 'mount cgroup2 at /sys/fs/cgroup');
}
