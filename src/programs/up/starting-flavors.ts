/** The flavors a new cloud starts with: OpenStack's customary names and sizes. */
import type { Store } from '#contracts/store/store.ts';
import { isComputeError } from '#core/errors.ts';
import type { Flavor } from '#core/servers/flavor.ts';

const sizes: [id: string, name: string, vcpus: number, memoryMib: number, diskGib: number][] = [
  ['1', 'm1.tiny', 1, 512, 1],
  ['2', 'm1.small', 1, 2048, 20],
  ['3', 'm1.medium', 2, 4096, 40],
  ['4', 'm1.large', 4, 8192, 80],
];

/** Creates them in a cloud without any flavor; what an operator deleted stays deleted. */
export async function ensureFlavors(store: Store): Promise<void> {
  if ((await store.flavors.list()).length > 0) return;
  for (const [id, name, vcpus, memoryMib, diskGib] of sizes) {
    const flavor: Flavor = {
      id,
      name,
      vcpus,
      memoryMib,
      diskGib,
      ephemeralGib: 0,
      swapMib: 0,
      rxtxFactor: 1,
      isPublic: true,
      isDisabled: false,
      description: null,
      extraSpecs: {},
    };
    await store.flavors.create(flavor).catch((error: unknown) => {
      // Another controller starts at the same time.
      if (!isComputeError(error, 'conflict')) throw error;
    });
  }
}
