import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { describeArrivalChecks } from '#contracts/host/arrival-checks.contract.ts';
import { describeGuestTransfer } from '#contracts/host/guest-transfer.contract.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { describedImages } from '#test/images/image-source.ts';
import { SimulatedGuestFiles } from './guest-files.ts';
import { SimulatedTransfer } from './guest-transfer.ts';
import { HostFaults, type SimulatedFault } from './host-faults.ts';
import { SimulatedHypervisor } from './hypervisor.ts';
import { simulatedHost } from './simulated-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'novella-simulated-'));
afterAll(() => rmSync(folder, { recursive: true }));

const faultOf: Record<string, SimulatedFault> = {
  clock: 'wrong-clock',
  machine: 'no-machine',
  cpu: 'other-cpu',
  disk: 'disk-full',
};

/** The transfer of a simulated host, and its faults. */
function aHost(
  name: string,
  images = describedImages({}),
  { stateDirectory, owner = `host ${name}` }: { stateDirectory?: string; owner?: string } = {},
) {
  const faults = new HostFaults();
  const files = new SimulatedGuestFiles({
    ...{ images, owner },
    ...(stateDirectory !== undefined && { stateDirectory }),
  });
  const host = simulatedHost(name, []);
  const hypervisor = new SimulatedHypervisor({ host, domainXml: () => '<domain/>' });
  return { faults, files, transfer: new SimulatedTransfer(files, hypervisor, faults) };
}

describeArrivalChecks('simulated', async () => {
  const [one, other] = [aHost('host-1'), aHost('host-2')];
  const guest = aGuest({ imageId: null, kernel: null });
  await one.files.prepare(guest, { fresh: true });
  const offer = await one.transfer.offer(guest);
  return {
    ...{ transfer: other.transfer, guest, from: { host: 'host-1', offer, isLive: true } },
    async spoil(check) {
      other.faults.set(faultOf[check] ?? 'libvirt-absent', true);
      return offer;
    },
    stop: async () => undefined,
  };
}, ['clock', 'machine', 'cpu', 'disk']);

describeGuestTransfer('simulated', async (images) => {
  const stateDirectory = mkdtempSync(join(folder, 'one-'));
  return {
    one: { name: 'one', ...aHost('one', images, { stateDirectory }) },
    other: { name: 'other', ...aHost('other', images) },
    // It reads what is stored there.
    mount: (name, owner) => ({ name, ...aHost(name, images, { stateDirectory, owner }) }),
    // Its console is written when it is prepared.
    write: async () => {},
  };
});
