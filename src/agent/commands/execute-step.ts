/**
 * One executor for each step kind of `core/guests/step.ts`; a kind without one does not compile.
 */
import type { PciBus } from '#contracts/host/pci-bus.ts';
import { ComputeError } from '#core/errors.ts';
import type { GuestNic, PciGuestNic } from '#core/guests/description/guest.ts';
import { refuseFailed } from '#core/guests/moves/preflight.ts';
import type { Step } from '#core/guests/plan/step.ts';
import { checkDevices } from '../devices/check-devices.ts';
import type { HostParts } from '../host-parts.ts';
import { checkArrival, checkDeparture } from '../moves/check-move.ts';
import { transferOf } from '../moves/transfer-of.ts';

type Executors = {
  [Kind in Step['do']]: (parts: HostParts, step: Extract<Step, { do: Kind }>) => Promise<void>;
};

const executors: Executors = {
  'check-devices': async (parts, { guest }) => checkDevices(parts, guest),
  'check-departure': (parts, step) => checkDeparture(parts, step),
  'check-arrival': (parts, step) => checkArrival(parts, step),
  'record-device': ({ devices }, { device, guestId, macAddress }) =>
    devices.record(device, guestId, macAddress),
  'restore-device': ({ devices }, { device, guestId }) => devices.restore(device, guestId),
  'make-bridge': ({ bridges }, { bridge, guestId, portId, wiring }) =>
    bridges.make(bridge, { guestId, portId }, wiring),
  'release-bridge': ({ bridges }, { guestId, portId }) => bridges.release(guestId, portId),
  'make-tap': ({ taps }, { tap, guestId, portId }) => taps.make(tap, { guestId, portId }),
  'remove-tap': ({ taps }, { guestId, portId }) => taps.remove(guestId, portId),
  'set-vf': ({ pciBus }, step) => pciBus.applyVfStep(step),
  'set-vf-link': ({ pciBus }, step) => pciBus.applyVfStep(step),
  'prepare-files': ({ guestFiles }, { guest, fresh }) => guestFiles.prepare(guest, { fresh }),
  'find-files': findFiles,
  'prepare-rescue': ({ guestFiles }, { guest }) => guestFiles.prepareRescue(guest),
  'fetch-files': (parts, { guest, from, offer, isLive }) =>
    transferOf(parts).fetch(guest, { host: from, offer, isLive }),
  'prefetch-files': (parts, { guest, from, offer }) =>
    transferOf(parts).prefetch(guest, { host: from, offer }),
  'fetch-console': async (parts, { guest, from, offer }) => {
    try {
      await transferOf(parts).fetchConsole(guest, { host: from, offer });
    } catch (error) {
      const { host, log } = parts;
      log.warn({ host, guest: guest.id, err: error }, 'text of a console was not fetched');
    }
  },
  'connect-hosts': (parts, { guest, to, arrival }) =>
    transferOf(parts).connect(guest, { host: to, arrival }),
  'send-guest': (parts, { guest, to, arrival }) =>
    parts.uplinks.during(guest, (onStandby) =>
      transferOf(parts).send(guest, { host: to, arrival, onStandby }),
    ),
  'end-transfer': async ({ transfer }, { guestId }) => transfer?.end(guestId),
  'copy-disk': ({ guestFiles }, { guestId, imageId }) => guestFiles.copyDisk(guestId, imageId),
  'upload-copy': ({ guestFiles }, { guestId, imageId }) => guestFiles.uploadCopy(guestId, imageId),
  'drop-copy': ({ guestFiles }, { guestId, imageId }) => guestFiles.dropCopy(guestId, imageId),
  'remove-files': async ({ guestFiles, transfer }, { guestId }) => {
    await transfer?.end(guestId);
    await guestFiles.remove(guestId);
  },
  define: async (parts, { guest }) =>
    parts.hypervisor.define(guest, await nicSources(parts.pciBus, guest.nics)),
  start: ({ hypervisor }, { guestId }) => hypervisor.start(guestId),
  destroy: ({ hypervisor }, { guestId }) => hypervisor.destroy(guestId),
  undefine: ({ hypervisor }, { guestId }) => hypervisor.undefine(guestId),
  'shut-down': ({ hypervisor }, { guestId }) => hypervisor.shutDown(guestId),
  reboot: ({ hypervisor }, { guestId }) => hypervisor.reboot(guestId),
  pause: ({ hypervisor }, { guestId }) => hypervisor.pause(guestId),
  unpause: ({ hypervisor }, { guestId }) => hypervisor.unpause(guestId),
  'inject-nmi': ({ hypervisor }, { guestId }) => hypervisor.injectNmi(guestId),
  save: ({ hypervisor }, { guestId }) => hypervisor.save(guestId),
  restore: ({ hypervisor }, { guestId }) => hypervisor.restore(guestId),
  'attach-nic': async ({ hypervisor, pciBus }, { guestId, nic }) =>
    hypervisor.attachNic(guestId, nic, await nicSources(pciBus, [nic])),
  'detach-nic': ({ hypervisor }, { guestId, nic, keep = false, isLeaving = false }) =>
    hypervisor.detachNic(guestId, nic, { keep, isLeaving }),
};

/** Executes one step. Throws ComputeError with the host's error text when it fails. */
export async function executeStep(parts: HostParts, step: Step): Promise<void> {
  await (executors[step.do] as (parts: HostParts, step: Step) => Promise<void>)(parts, step);
}

async function findFiles(
  parts: HostParts,
  { guest, offer }: Extract<Step, { do: 'find-files' }>,
): Promise<void> {
  if (offer !== undefined) {
    const failed = await transferOf(parts).checkFolder(guest, { offer, keepsFiles: true });
    refuseFailed(parts.host, failed);
  }
  const missing = await parts.guestFiles.missing(guest);
  if (missing.length === 0) return;
  throw new ComputeError(
    'unavailable',
    `guest ${guest.name} has files that are not on its host: ${missing.join(', ')}: mount their storage or restore them, then start the server again`,
  );
}

/** What each macvtap and vDPA NIC is on top of, by PCI address. */
async function nicSources(
  pciBus: PciBus,
  nics: readonly GuestNic[],
): Promise<Record<string, string>> {
  const sources: Record<string, string> = {};
  for (const nic of nics) {
    if (nic.kind === 'macvtap') sources[nic.address] = await interfaceUnder(pciBus, nic);
    if (nic.kind === 'vdpa') sources[nic.address] = await vdpaDeviceUnder(pciBus, nic);
  }
  return sources;
}

type NicOfFunction = Pick<PciGuestNic, 'address' | 'portId'>;

async function interfaceUnder(pciBus: PciBus, { address, portId }: NicOfFunction): Promise<string> {
  const ifname = await pciBus.ifnameOf(address);
  if (ifname !== null) return ifname;
  throw new ComputeError(
    'unavailable',
    `PCI device ${address} has no network interface, which the macvtap port ${portId} needs`,
  );
}

async function vdpaDeviceUnder(
  pciBus: PciBus,
  { address, portId }: NicOfFunction,
): Promise<string> {
  const device = await pciBus.vdpaDeviceOf(address);
  if (device !== null) return device;
  throw new ComputeError(
    'unavailable',
    `PCI device ${address} has no vhost-vdpa device, which the vdpa port ${portId} needs: create its vDPA device (vdpa dev add) and bind it to the driver vhost_vdpa`,
  );
}
