/** The one place that knows which driver joins the hypervisor of this machine. */
import type { Hypervisor } from '#contracts/hypervisor.ts';
import { ComputeError } from '#core/errors.ts';
import type { HypervisorOptions } from './real-host.ts';

/** Throws `notImplemented`: this version has no driver. */
export function startHypervisor({ uri }: HypervisorOptions): Promise<Hypervisor> {
  return Promise.reject(
    new ComputeError(
      'notImplemented',
      `libvirt at ${uri}: this version of Novella cannot join it; a simulated machine needs the section "simulated"`,
    ),
  );
}
