/** What a server requests of the host that it moves to. */
import { isMigratable, withMigratableNeed } from '#core/pci/requests/migratable.ts';
import { requestsForFlavor } from '#core/pci/requests/flavor-request.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { vnicTraits } from '#core/networking/vnic-types.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import { affinityPolicyOf } from '#core/servers/guest-numa.ts';
import type { Server } from '#core/servers/server.ts';
import type { Host } from '#contracts/store/store.ts';
import type { WorkflowContext } from '../../engine/context.ts';

/**
 * Of the same ports and of the new flavor, each with an id of its own. `migratable`: ids of those
 * whose devices the hypervisor sends with the guest; they need such devices on the new host.
 */
export function requestsAfter(
  { newId, settings }: WorkflowContext,
  { flavor: known, imageProperties }: Server,
  {
    flavor,
    before,
    migratable,
  }: { flavor: Flavor; before: readonly PciRequest[]; migratable: ReadonlySet<string> },
): PciRequest[] {
  const ofPorts = before
    .filter(({ aliasName }) => aliasName === null)
    .map((request) => withMigratableNeed(request, migratable.has(request.requestId)));
  const ofAliases =
    flavor.id === known.id
      ? before.filter(({ aliasName }) => aliasName !== null)
      : requestsForFlavor({
          extraSpecs: flavor.extraSpecs,
          aliases: settings.aliases,
          affinityPolicy: affinityPolicyOf(flavor, imageProperties),
          newId,
        });
  const needed = ofAliases.map((request) =>
    migratable.has(request.requestId) ? withMigratableNeed(request, true) : request,
  );
  return [...needed, ...ofPorts].map((request) => ({ ...request, requestId: newId() }));
}

/** The requests whose devices the hypervisor can send with the running guest, by their ids. */
export async function migratableRequests(
  { fleet, store }: Pick<WorkflowContext, 'fleet' | 'store'>,
  { id, nics }: Server,
  source: Host,
): Promise<Set<string>> {
  const held = (await fleet.devices(store.hosts, source)).heldBy(id);
  // Under any other NIC it stays with the host, which replaces it.
  const isInGuest = (requestId: string | null) => {
    const nic = nics.find(({ pciRequestId }) => pciRequestId === requestId);
    return (
      nic === undefined || (nic.vif !== null && vnicTraits(nic.vif.vnicType).guestGets === 'vf')
    );
  };
  return new Set(
    held.flatMap((device) =>
      isMigratable(device) && isInGuest(device.requestId) ? (device.requestId ?? []) : [],
    ),
  );
}
