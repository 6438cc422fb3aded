import { describeArrivalChecks } from '#contracts/host/arrival-checks.contract.ts';
import {
  describeGuestTransfer,
  type TransferHost,
} from '#contracts/host/guest-transfer.contract.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { type DescribedImages, describedImages } from '#test/images/image-source.ts';
import { SimulatedGuestFiles } from './guest-files.ts';
import { SimulatedTransfer } from './guest-transfer.ts';
import { HostFaults, type SimulatedFault } from './host-faults.ts';
import { SimulatedHypervisor } from './hypervisor.ts';
import { simulatedHost } from './simulated-host.ts';

const faultOf: Record<string, SimulatedFault> = {
  clock: 'wrong-clock',
  machine: 'no-machine',
  cpu: 'other-cpu',
  disk: 'disk-full',
};

/** The transfer of a simulated host, and its faults. */
function aHost(name: string, images = describedImages({})) {
  const faults = new HostFaults();
  const files = new SimulatedGuestFiles({ images });
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

function aTransferHost(name: string, images: DescribedImages): TransferHost {
  return { name, ...aHost(name, images) };
}

describeGuestTransfer('simulated', async (images) => ({
  one: aTransferHost('one', images),
  other: aTransferHost('other', images),
  // Its console is written when it is prepared.
  write: async () => {},
}));
