/**
 * The hypervisor contract against a real libvirtd and QEMU. The guests have no system: the firmware
 * finds nothing to boot and waits.
 */
import { describeHypervisor } from '#contracts/host/hypervisor.contract.ts';
import { LibvirtHost } from '#test/hosts/libvirt-host.ts';
import { afterAll, afterEach, beforeAll } from 'vitest';

let host: LibvirtHost;

beforeAll(async () => {
  host = await LibvirtHost.start();
});
afterEach(() => host.clear());
afterAll(() => host.stop());

describeHypervisor('libvirt', {
  make: () => host.hypervisor(),
  prepare: (guest) => host.prepare(guest),
  guest: { memoryMib: 128 },
  timeoutMs: 60_000,
});
