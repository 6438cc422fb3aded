/** Cards and requests for tests of the PCI core: a PF with its VFs, a port's request. */
import { parsePciAddress } from '#core/pci/devices/address.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { PciRequest, PciRequestSpec } from '#core/pci/requests/request.ts';

/** A card on a bus of its own; its PF is function 0. */
export interface CardOptions {
  bus?: string;
  vfs: number;
  network?: string | null;
  numaNode?: number | null;
  /** false: only the VFs are offered. */
  hasPf?: boolean;
  tags?: Record<string, string | null>;
}

/**
 * The free devices of a card. Example: `aCard({ vfs: 2 })` → PF 0000:3b:00.0, VFs 0000:3b:00.1 and
 * .2, all on physnet1.
 */
export function aCard(options: CardOptions): PciDevice[] {
  const { bus = '3b', vfs, network = 'physnet1', numaNode = 0, hasPf = true, tags = {} } = options;
  const pfAddress = parsePciAddress(`0000:${bus}:00.0`);
  const device = (change: Partial<PciDevice>): PciDevice => ({
    address: pfAddress,
    vendorId: '15b3',
    productId: '1018',
    deviceType: 'type-VF',
    parentAddress: pfAddress,
    numaNode,
    ifname: null,
    parentIfname: null,
    macAddress: null,
    capabilities: {},
    tags: { physical_network: network, ...tags },
    status: 'available',
    serverId: null,
    requestId: null,
    ...change,
  });
  const pf = device({ productId: '1017', deviceType: 'type-PF', parentAddress: null });
  const virtual = Array.from({ length: vfs }, (_, at) =>
    device({ address: parsePciAddress(`0000:${bus}:${slotOf(at + 1)}`) }),
  );
  return hasPf ? [pf, ...virtual] : virtual;
}

function slotOf(number: number): string {
  return `${Math.floor(number / 8)
    .toString(16)
    .padStart(2, '0')}.${number % 8}`;
}

/** A direct port's request on a physical network, with these changes. */
export function aRequest(
  requestId: string,
  change: Partial<PciRequest> & { network?: string | null; asks?: PciRequestSpec } = {},
): PciRequest {
  const { network = 'physnet1', asks = {}, ...rest } = change;
  return {
    requestId,
    count: 1,
    spec: [{ physical_network: network, remote_managed: 'False', ...asks }],
    needsInterface: false,
    aliasName: null,
    numaPolicy: null,
    requesterId: `port-of-${requestId}`,
    ...rest,
  };
}

/** The devices of a host after some of them changed. */
export function afterChange(
  before: readonly PciDevice[],
  changed: readonly PciDevice[],
): PciDevice[] {
  const now = new Map(before.map((device) => [device.address, device]));
  for (const device of changed) now.set(device.address, device);
  return [...now.values()];
}
