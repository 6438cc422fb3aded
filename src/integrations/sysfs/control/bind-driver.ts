/**
 * Changes the driver of a PCI function. Source: Linux `Documentation/ABI/testing/sysfs-bus-pci`,
 * `driver_override`, `drivers_probe`.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ComputeError, errorText } from '#core/errors.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import { linkedName } from '../reading/sysfs-files.ts';
import type { WriteFile } from './vf-count.ts';

const bindsMs = 5_000;
const pollMs = 50;

/**
 * `bus`: sysfs's folder of the PCI bus. Throws `unavailable` when another driver is bound at the
 * end.
 */
export async function bindDriver(
  { bus, write }: { bus: string; write: WriteFile },
  address: PciAddress,
  driver: string | null,
): Promise<void> {
  const folder = join(bus, 'devices', address);
  const bound = () => linkedName(join(folder, 'driver'));
  if ((await bound()) === driver) return;
  try {
    if ((await bound()) !== null) await write(join(folder, 'driver/unbind'), address);
    if (driver !== null) {
      // The override also binds where the PF is configured to leave its VFs without drivers.
      await write(join(folder, 'driver_override'), driver);
      await write(join(bus, 'drivers_probe'), address);
      await write(join(folder, 'driver_override'), '\n');
    }
  } catch (cause) {
    const reason = errorText(cause);
    const message = `PCI device ${address}: driver ${driver ?? 'none'} cannot be bound: ${reason}`;
    throw new ComputeError('unavailable', message, { cause });
  }
  const limit = Date.now() + bindsMs;
  while ((await bound()) !== driver) {
    if (Date.now() > limit) {
      const message = `PCI device ${address}: driver ${driver ?? 'none'} was requested, ${(await bound()) ?? 'none'} is bound`;
      throw new ComputeError('unavailable', message);
    }
    await delay(pollMs);
  }
}
