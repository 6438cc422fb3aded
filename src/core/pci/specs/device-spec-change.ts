/**
 * What a new device list would change on a host that is in use. Never reported as safe when a
 * server would lose its device.
 */
import type { PciAddress } from '../devices/address.ts';
import { isTrue } from '../devices/boolean-text.ts';
import { isHeld } from '../claims/claim.ts';
import type { DeviceTags, PciDevice } from '../devices/device.ts';

/** A device as the controller has it now. */
export type KnownDevice = Pick<PciDevice, 'address' | 'status' | 'tags' | 'serverId'>;

/** A device whose tags would change, key by key; undefined: has no such tag. */
interface RetaggedDevice {
  device: KnownDevice;
  changes: Record<string, { from: string | null | undefined; to: string | null | undefined }>;
  /** false: a server holds it, and its port would no longer get what it was promised. */
  isSafe: boolean;
}

export interface DeviceSpecChange {
  appearing: PciAddress[];
  /** Offered now and not by the new list. */
  lost: KnownDevice[];
  retagged: RetaggedDevice[];
  kept: number;
  /** No device that a server holds would be lost, or change its physical network or trust. */
  isSafe: boolean;
}

/**
 * The difference between a host's devices in the controller and what a list would offer. A device
 * that its host stopped reporting already is not counted as lost: no list restores it. Example: VF
 * 0000:01:10.0 allocated and not offered any more → `lost` has it, `isSafe` false.
 */
export function compareOffer(
  known: readonly KnownDevice[],
  offered: ReadonlyMap<PciAddress, DeviceTags>,
): DeviceSpecChange {
  const present = known.filter(({ status }) => status !== 'removed');
  const knownAddresses = new Set(present.map(({ address }) => address));
  const kept = present.filter(({ address }) => offered.has(address));
  const lost = present.filter(
    ({ address, status }) => !offered.has(address) && status !== 'missing',
  );
  const retagged = kept
    .map((device) => {
      const changes = tagChanges(device.tags, offered.get(device.address));
      return { device, changes, isSafe: !(isHeld(device) && breaksPromise(changes)) };
    })
    .filter(({ changes }) => Object.keys(changes).length > 0);
  return {
    appearing: [...offered.keys()].filter((address) => !knownAddresses.has(address)),
    lost,
    retagged,
    kept: kept.length,
    isSafe: !lost.some(isHeld) && retagged.every(({ isSafe }) => isSafe),
  };
}

function tagChanges(before: DeviceTags, after: DeviceTags = {}): RetaggedDevice['changes'] {
  const tags = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...tags]
      .filter((tag) => before[tag] !== after[tag])
      .map((tag) => [tag, { from: before[tag], to: after[tag] }]),
  );
}

/** An absent physical network is the same as null, and absent trust the same as none. */
function breaksPromise({ physical_network: network, trusted }: RetaggedDevice['changes']): boolean {
  const movesNetwork = network !== undefined && (network.from ?? null) !== (network.to ?? null);
  const changesTrust = trusted !== undefined && isTrue(trusted.from) !== isTrue(trusted.to);
  return movesNetwork || changesTrust;
}
