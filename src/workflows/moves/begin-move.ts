/** Begins the moves of servers at their users’ requests. What cannot succeed is refused here. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Host, NewMove } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { isMigratable } from '#core/pci/requests/migratable.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import { guestNumaOf } from '#core/servers/guest-numa.ts';
import type { MoveToHost } from '#core/servers/move.ts';
import type { Server, ServerNic, TaskState, VmState } from '#core/servers/server.ts';
import { findFlavor } from '../placement/find-flavor.ts';
import { beginAction, refuseOpenMove, refuseState } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { refuseHost } from './begin/named-host.ts';
import { migratableRequests, requestsAfter } from './begin/requests-after.ts';
import { nicsWithoutPort } from './begin/lost-nics.ts';
import { hostOf } from '../engine/server-of.ts';

/**
 * A requested move. `host`: of the administrator's choice, by name; `flavorId` and `diskConfig`: of
 * a resize. `availabilityZone`: absent: the zone that the server is pinned to; null: any.
 */
export interface MoveRequest {
  type: MoveToHost;
  requestId: string;
  flavorId?: string;
  diskConfig?: Server['diskConfig'];
  host?: string | null;
  availabilityZone?: string | null;
  /** The guest is not started on the new host. */
  arrivesOff?: boolean;
}

/** `action`: its name in Nova. `from`: states in which it is allowed. */
interface MoveKind {
  action: string;
  taskState: TaskState;
  from: VmState[];
}

const kinds: Record<MoveToHost, MoveKind> = {
  resize: { action: 'resize', taskState: 'resize_prep', from: ['active', 'stopped'] },
  migration: { action: 'migrate', taskState: 'resize_prep', from: ['active', 'stopped'] },
  'live-migration': {
    action: 'live-migration',
    taskState: 'migrating',
    from: ['active', 'paused'],
  },
  evacuation: {
    action: 'evacuate',
    taskState: 'rebuilding',
    from: ['active', 'stopped', 'error'],
  },
  unshelve: { action: 'unshelve', taskState: 'unshelving', from: ['shelved_offloaded'] },
};

/**
 * Begins the move and returns at once. Throws `conflict` in a state that does not allow it,
 * `invalid` for a host or flavor that cannot be, `overQuota`.
 */
export async function beginMove(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  request: MoveRequest,
): Promise<void> {
  const { type, requestId, diskConfig, availabilityZone, arrivesOff = false } = request;
  const { action, taskState, from } = kinds[type];
  refuseState(server, action, from);
  await refuseOpenMove(context, server, action);
  const source = await hostOf(context, server);
  if (type !== 'unshelve' && source === undefined) {
    throw new ComputeError(
      'conflict',
      `Cannot '${action}' instance ${server.id}: it is on no host`,
    );
  }
  const flavor = await newFlavor(context, caller, server, request);
  const lost = type === 'unshelve' ? await nicsWithoutPort(context, server) : [];
  const begun = { server, source, flavor, type, arrivesOff, lost };
  const move = await newMove(context, caller, begun);
  const zone = availabilityZone === undefined ? server.pinnedZone : availabilityZone;
  const { host: name = null } = request;
  if (name !== null) {
    const nics = server.nics.filter((nic) => !lost.includes(nic));
    const moving = { ...server, nics };
    await refuseHost(context, caller, { name, server: moving, move, availabilityZone: zone });
  }
  if (source !== undefined) {
    await refuseFromHost(context, caller, { server, source, type, action });
  }
  await beginAction(context, caller, server, {
    kind: 'move',
    step: 'reserve',
    data: {
      moveId: move.id,
      forcedHost: name,
      availabilityZone: zone,
      ...(lost.length > 0 && { lostNics: lost.map(({ id }) => id) }),
    },
    action,
    requestId,
    change: {
      taskState,
      ...(diskConfig !== undefined && { diskConfig }),
      ...(availabilityZone !== undefined && { pinnedZone: availabilityZone }),
    },
    move,
    quotas: context.configuredQuotas(server.projectId),
    needsHost: type !== 'evacuation',
  });
}

interface Leaving {
  server: Server;
  source: Host;
  type: MoveToHost;
  action: string;
}

/** What must hold of the host that the server leaves. Only administrators see which it is. */
async function refuseFromHost(
  context: WorkflowContext,
  caller: Caller,
  { server, source, type, action }: Leaving,
): Promise<void> {
  if (type === 'evacuation') {
    if (source.forcedDown) return;
    const name = caller.isAdmin ? source.name : 'its host';
    throw new ComputeError(
      'invalid',
      `Compute service of ${name} is still in use: make sure that the host is off, and force its service down (openstack compute service set --down) before its servers are evacuated.`,
    );
  }
  if (type === 'live-migration') await refuseFixedDevices(context, caller, { server, source });
  if (type === 'resize' || source.facts.movesGuests === true) return;
  throw new ComputeError(
    'conflict',
    `Cannot '${action}' instance ${server.id}: its host cannot send the disk of a guest to another host`,
  );
}

/**
 * Devices of ports can be replaced while the guest runs: a macvtap's under it, others by unplugging
 * them. Other devices must be live-migratable. Source: Nova
 * `LiveMigrationTask._check_can_migrate_pci`.
 */
async function refuseFixedDevices(
  { fleet, store }: WorkflowContext,
  { isAdmin }: Caller,
  { server, source }: Pick<Leaving, 'server' | 'source'>,
): Promise<void> {
  const ofPorts = new Set(server.nics.map(({ pciRequestId }) => pciRequestId));
  const held = (await fleet.devices(store.hosts, source)).heldBy(server.id);
  const fixed = held.filter((device) => !ofPorts.has(device.requestId) && !isMigratable(device));
  if (fixed.length === 0) return;
  const named = isAdmin ? `: ${fixed.map(({ address }) => address).join(', ')}` : '';
  throw new ComputeError(
    'invalid',
    `Instance ${server.id} cannot be migrated live: its PCI devices are not live-migratable${named}`,
  );
}

/** The flavor after the move. Throws what a resize refuses. */
async function newFlavor(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { type, flavorId }: MoveRequest,
): Promise<Flavor> {
  if (type !== 'resize') return server.flavor;
  const flavor = await findFlavor(context, caller, flavorId ?? '');
  if (flavor.id === server.flavor.id) {
    throw new ComputeError('invalid', 'When resizing, instances must change flavor!');
  }
  if (flavor.isDisabled) {
    throw new ComputeError('invalid', `flavorRef: Flavor ${flavor.id} could not be found.`);
  }
  if (flavor.diskGib === 0 && server.flavor.diskGib > 0) {
    throw new ComputeError('invalid', 'Resize to zero disk flavor is not allowed.');
  }
  if (flavor.diskGib < server.flavor.diskGib) {
    throw new ComputeError(
      'invalid',
      `flavorRef: flavor ${flavor.name} has ${flavor.diskGib} GiB of disk, the server has ${server.flavor.diskGib}; a disk cannot be made smaller`,
    );
  }
  return flavor;
}

interface Beginning {
  server: Server;
  source: Host | undefined;
  flavor: Flavor;
  type: MoveToHost;
  arrivesOff: boolean;
  /** NICs that it moves without. */
  lost: readonly ServerNic[];
}

async function newMove(
  context: WorkflowContext,
  { userId, projectId }: Caller,
  { server, source, flavor, type, arrivesOff, lost }: Beginning,
): Promise<NewMove> {
  const isLost = ({ requestId }: PciRequest) =>
    lost.some(({ pciRequestId }) => pciRequestId === requestId);
  const before = (await context.store.servers.pciRequests(server.id)).filter(
    (request) => !isLost(request),
  );
  const migratable =
    type === 'live-migration' && source !== undefined
      ? await migratableRequests(context, server, source)
      : new Set<string>();
  return {
    id: context.newId(),
    serverId: server.id,
    projectId,
    userId,
    type,
    source: source === undefined ? null : { id: source.id, name: source.name },
    context: {
      vmState: type === 'unshelve' ? 'shelved_offloaded' : stateToKeep(server),
      arrivesOff: arrivesOff || server.vmState === 'stopped',
      flavors: { before: server.flavor, after: flavor },
      requests: { before, after: requestsAfter(context, server, { flavor, before, migratable }) },
      numa: guestNumaOf(flavor, server.imageProperties),
      nics: {},
    },
    createdAt: context.clock.now(),
  };
}

/** A server in ERROR is evacuated as one that runs. */
function stateToKeep({ vmState }: Server): VmState {
  return vmState === 'error' ? 'active' : vmState;
}
