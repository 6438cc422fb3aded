/**
 * The agent's report of its host: facts, guests, problems, and the PCI functions that its device
 * specs admit.
 */
import type { HostReport } from '#contracts/host/host-link.ts';
import type { HypervisorFacts } from '#contracts/host/hypervisor.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { compileDeviceSpecs } from '#core/pci/specs/device-matcher.ts';
import { hostOffer } from '#core/pci/specs/host-offer.ts';
import { hasCardSerial } from '#core/pci/specs/device-spec.ts';
import { withQuarantine } from '#core/pci/specs/unusable-device.ts';
import { reachedNetworks } from '#core/networking/binding/reached-networks.ts';
import { withoutReserved } from '#core/scheduling/reserved.ts';
import type { AgentOptions } from './agent-options.ts';
import type { GuestQueue } from './commands/guest-queue.ts';
import type { HostParts } from './host-parts.ts';
import { healthProblems, silentHypervisor } from './reports/host-health.ts';
import { uptimeOf } from './reports/uptime-of.ts';

/**
 * Reads the host now. A function that cannot be read is logged and left out; it never hides the
 * others. A hypervisor that does not answer is a problem of the host, not of the report.
 */
export async function reportHost(
  options: AgentOptions,
  parts: HostParts,
  turns: GuestQueue,
): Promise<HostReport> {
  const actedOn = turns.observe();
  try {
    const [hypervisor, movesGuests, found, bus, uptime] = await Promise.all([
      readHypervisor(options),
      canMoveGuests(options),
      healthProblems(options),
      options.pciBus.listFunctions(),
      uptimeOf(options),
    ]);
    for (const odd of bus.unreadable) {
      options.log.warn({ host: options.host, ...odd }, 'PCI function left out');
    }
    const { problem, ...seen } = hypervisor;
    const annotated = await parts.devices.annotate(bus.functions);
    const matchDevice = compileDeviceSpecs(options.deviceSpecs, annotated);
    const isWanted = (fn: PciFunction) => matchDevice(withAnySerial(fn)) !== undefined;
    const functions =
      problem === undefined
        ? await parts.nodes.complete(annotated, isWanted)
        : parts.nodes.skip(annotated);
    const devices = functions.flatMap((fn) => {
      const match = matchDevice(fn);
      if (match === undefined) return [];
      return [withQuarantine({ function: fn, tags: match.tags }, functions)];
    });
    const offer = hostOffer(options.deviceSpecs, functions, (fn) => matchDevice(fn)?.spec);
    const problems = [...parts.problems, ...parts.nodes.problems, ...found];
    return {
      ...seen,
      facts: {
        ...seen.facts,
        ...(movesGuests && { movesGuests }),
        ...(options.sharedStorage !== undefined && { sharedStorage: options.sharedStorage }),
      },
      ...uptime,
      hostIp: options.hostIp,
      physicalNetworks: reachedNetworks(options.deviceSpecs, options.bridgedNetworks),
      ...(options.offloadBridge !== undefined && { offloadBridge: options.offloadBridge }),
      devices,
      offer,
      unsettledGuests: actedOn(),
      ...(options.consoles !== undefined &&
        options.dialConsole !== undefined && { hasConsoles: true as const }),
      cachesImages: true,
      problems: problem === undefined ? problems : [...problems, problem],
    };
  } finally {
    actedOn();
  }
}

/** The hypervisor may have a serial that sysfs lacks, for an entry that needs one. */
function withAnySerial(fn: PciFunction): PciFunction {
  if (hasCardSerial(fn)) return fn;
  return { ...fn, capabilities: { ...fn.capabilities, vpd: { cardSerialNumber: 'unknown' } } };
}

async function canMoveGuests({ transfer, canTransfer }: AgentOptions): Promise<boolean> {
  return transfer !== undefined && (canTransfer === undefined || (await canTransfer()));
}

type Seen = Pick<HostReport, 'facts' | 'guests' | 'hypervisorIsSilent'> & { problem?: HostProblem };

async function readHypervisor({ hypervisor, reserved }: AgentOptions): Promise<Seen> {
  try {
    const [whole, guests] = await Promise.all([hypervisor.facts(), hypervisor.listGuests()]);
    return { facts: reserved === undefined ? whole : withoutReserved(whole, reserved), guests };
  } catch (error) {
    const problem = silentHypervisor(error);
    return { facts: unknownFacts, guests: [], hypervisorIsSilent: true, problem };
  }
}

/** For a host whose hypervisor has not answered yet: nothing fits on it. */
const unknownFacts: HypervisorFacts = {
  type: 'unknown',
  version: 0,
  vcpus: 0,
  memoryMib: 0,
  diskGib: 0,
  cpuModel: 'unknown',
  architecture: 'unknown',
};
