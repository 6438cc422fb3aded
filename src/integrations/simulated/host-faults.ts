/**
 * The possible faults of a simulated host, and the messages with which its hypervisor then refuses:
 * those of libvirt and QEMU.
 */
import { ComputeError } from '#core/errors.ts';
import { notReleased, usualUnplugS } from '#core/guests/moves/unplug-limit.ts';
import type { FoundGuest } from '#core/guests/plan/plan.ts';

/**
 * `pf-down`: every PF is down. `foreign-driver`: every VF belongs to a program of the host.
 * `foreign-macvtap`: a macvtap of a program of the host is on every VF. `no-bridges`: none exists.
 * `low-mtu`: that of every interface is 1280. `wrong-clock`: it is a minute ahead of the others.
 * `other-cpu`, `no-machine`: it cannot run guests of other hosts. `busy-guests`: another job runs
 * for each guest. `slow-moves`: a guest that is sent live arrives only when it is forced to, or the
 * fault ends. `stuck-vfs`: no guest releases a VF. All others are self-explanatory.
 */
export type SimulatedFault =
  | 'libvirt-absent'
  | 'permission-denied'
  | 'pf-down'
  | 'foreign-driver'
  | 'iommu-off'
  | 'disk-full'
  | 'foreign-macvtap'
  | 'no-bridges'
  | 'low-mtu'
  | 'wrong-clock'
  | 'other-cpu'
  | 'no-machine'
  | 'busy-guests'
  | 'slow-moves'
  | 'stuck-vfs';

/** The current faults of one host. They outlive its agent, as those of a real host do. */
export class HostFaults {
  readonly #faults = new Set<SimulatedFault>();
  readonly #listeners = new Set<(fault: SimulatedFault, isOn: boolean) => void>();

  has(fault: SimulatedFault): boolean {
    return this.#faults.has(fault);
  }

  /** Whether there is a fault now. */
  get any(): boolean {
    return this.#faults.size > 0;
  }

  set(fault: SimulatedFault, isOn: boolean): void {
    if (this.#faults.has(fault) === isOn) return;
    if (isOn) this.#faults.add(fault);
    else this.#faults.delete(fault);
    for (const listener of this.#listeners) listener(fault, isOn);
  }

  /** Reports changes until the returned function is called. */
  onChange(listener: (fault: SimulatedFault, isOn: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Throws `unavailable` while libvirt is absent. */
  refuseCall(): void {
    if (!this.has('libvirt-absent')) return;
    throw refusal(
      "Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
    );
  }

  /** Throws `unavailable` where a guest's files cannot be created. */
  refuseFiles(guestId: string): void {
    if (!this.has('disk-full')) return;
    throw refusal(`cannot write the disk of guest ${guestId}: No space left on device`);
  }

  /** Throws `unavailable` where a guest does not release a device. No time passes here. */
  refuseRelease(guest: string, what: string): void {
    if (this.has('stuck-vfs')) throw notReleased(guest, what, usualUnplugS);
  }

  /** Throws `unavailable` where this guest cannot start. */
  refuseStart(guest: FoundGuest | undefined): void {
    const disk = `/var/lib/novella/guests/${guest?.id ?? ''}/disk.qcow2`;
    if (this.has('permission-denied')) {
      throw refusal(`Could not open '${disk}': Permission denied`);
    }
  }
}

function refusal(message: string): ComputeError {
  return new ComputeError('unavailable', message);
}
