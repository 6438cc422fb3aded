/** A flavor as the API shows it, newest shape first. */
import type { Flavor } from '#core/servers/flavor.ts';
import { linksTo } from '../requests/links.ts';
import {
  rewritten,
  type StepDown,
  steppedDown,
  type View,
  without,
} from '../requests/microversions.ts';
import { isAllowed } from '../requests/permission.ts';
import type { Call } from '../requests/route.ts';

const steps: StepDown<unknown>[] = [
  rewritten(75, 'swap', (swap) => (swap === 0 ? '' : swap)),
  without(61, 'extra_specs'),
  without(55, 'description'),
];

/** Of `GET /flavors/detail` and `GET /flavors/{id}`. */
export function viewFlavor(call: Call, flavor: Flavor): View {
  return steppedDown(
    {
      id: flavor.id,
      name: flavor.name,
      ram: flavor.memoryMib,
      disk: flavor.diskGib,
      swap: flavor.swapMib,
      'OS-FLV-EXT-DATA:ephemeral': flavor.ephemeralGib,
      'OS-FLV-DISABLED:disabled': flavor.isDisabled,
      vcpus: flavor.vcpus,
      'os-flavor-access:is_public': flavor.isPublic,
      rxtx_factor: flavor.rxtxFactor,
      links: linksTo(call, 'flavors', flavor.id),
      description: flavor.description,
      ...(isAllowed(call, 'os_compute_api:os-flavor-extra-specs:index') && {
        extra_specs: flavor.extraSpecs,
      }),
    },
    call.version,
    steps,
    undefined,
  );
}

/** Of `GET /flavors`. */
export function viewFlavorBriefly(call: Call, flavor: Flavor): View {
  return steppedDown(
    {
      id: flavor.id,
      name: flavor.name,
      links: linksTo(call, 'flavors', flavor.id),
      description: flavor.description,
    },
    call.version,
    steps,
    undefined,
  );
}

/** A server's own copy of its flavor, from 2.47 on. */
export function viewFlavorOfServer(flavor: Flavor, showsExtraSpecs: boolean): View {
  return {
    original_name: flavor.name,
    vcpus: flavor.vcpus,
    ram: flavor.memoryMib,
    disk: flavor.diskGib,
    ephemeral: flavor.ephemeralGib,
    swap: flavor.swapMib,
    ...(showsExtraSpecs && { extra_specs: flavor.extraSpecs }),
  };
}
