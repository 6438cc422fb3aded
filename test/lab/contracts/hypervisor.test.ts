/**
 * The hypervisor contract against libvirt on the emulated SR-IOV host: real VFs, real guests, the
 * driver outside and libvirtd inside.
 */
import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  describeHypervisor,
  describeHypervisorDevices,
} from '#contracts/host/hypervisor.contract.ts';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import type { LibvirtHypervisor } from '#integrations/libvirt/domains/hypervisor.ts';
import { startLibvirtHypervisor } from '#integrations/libvirt/domains/start-libvirt-hypervisor.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { guestConsole } from '../guest-console.ts';
import { type LabHost, startLabHost } from '../host.ts';
import { labDevices } from '../machine.ts';

const libvirtPort = 16_509;
/** The same path outside, where the driver reads its size, and inside. */
const guests = temporaryDirectory();
const [pf] = labDevices.pfs;

let host: LabHost;
let open: LibvirtHypervisor[] = [];

beforeAll(async () => {
  ensureDebianPackages(['libvirt0']);
  host = await startLabHost({ forwards: [libvirtPort] });
  await host.mustRun(`
    mkdir -p ${guests.path}
    ip link set ${pf.interface} up
    ip link add brqb2a7e0c4-55 type bridge
    ip link set brqb2a7e0c4-55 up
    echo 2 > /sys/class/net/${pf.interface}/device/sriov_numvfs
    until [ -e /sys/class/net/${pf.interface}v1 ]; do sleep 0.1; done`);
});

afterEach(async () => {
  for (const hypervisor of open.splice(0)) {
    for (const { id } of await hypervisor.listGuests()) {
      await hypervisor.destroy(id);
      await hypervisor.undefine(id);
    }
    await hypervisor.close();
  }
});

afterAll(async () => {
  await host?.stop();
  guests.remove();
});

const suite = {
  async make() {
    const hypervisor = await startLibvirtHypervisor({
      uri: `qemu+tcp://127.0.0.1:${host.portTo(libvirtPort)}/system`,
      guestsDirectory: guests.path,
      virtType: 'kvm',
      cpuMode: 'host-passthrough',
      networkXml: false,
      log: silentLog,
      shutdownMs: 20_000,
    });
    open.push(hypervisor);
    return hypervisor;
  },
  async prepare({ id }: Guest) {
    const { folder, disk, kernel, ramdisk } = guestPaths(guests.path, id);
    await host.mustRun(`
      set -e
      rm -rf ${folder}
      mkdir ${folder}
      qemu-img create -q -f qcow2 ${disk} 1M
      ln -s /lab/vmlinux ${kernel}
      ln -s /lab/micro-guest ${ramdisk}`);
  },
  guest: {
    memoryMib: 160,
    kernel: {
      imageId: 'kernel',
      ramdiskImageId: 'ramdisk',
      commandLine: 'console=ttyS0 panic=-1 loglevel=4 nokaslr mitigations=off',
    },
  },
  macvtapSource: `${pf.interface}v1`,
  async whenUp({ id, name }: Guest) {
    const { consoleLog } = guestPaths(guests.path, id);
    await guestConsole(host, name, consoleLog).waitFor({ what: 'READY' });
  },
  timeoutMs: 240_000,
};

describeHypervisor('libvirt on the emulated host', suite);
describeHypervisorDevices('libvirt on the emulated host, with VFs', suite);
