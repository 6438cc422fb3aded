/**
 * Accepts new servers: all validation happens here, then server, requests and boot task are stored
 * at once.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { Image } from '#contracts/services/images.ts';
import type { NewServer } from '#contracts/store/store.ts';
import type { ServerQuota } from '#contracts/store/projects/quota-store.ts';
import type { BootData } from '#contracts/store/task-data.ts';
import { requestsForFlavor } from '#core/pci/requests/flavor-request.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import { affinityPolicyOf, type GuestNuma, guestNumaOf } from '#core/servers/guest-numa.ts';
import { hostnameOf } from '#core/servers/hostname.ts';
import type { NewServerRequest } from '#core/servers/new-server.ts';
import type { Server } from '#core/servers/server.ts';
import { idsOfRequest } from '#runtime/messages/current-request.ts';
import { acceptWithPorts } from './accept-with-ports.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { findFlavor } from '../placement/find-flavor.ts';
import { checkImageFits, findImage } from './find-image.ts';
import { refuseUnknownHints } from '../placement/placement-request.ts';
import { groupsForBoot } from '../ports/security-groups.ts';
import {
  type RequestedNics,
  automaticNics,
  type ResolvedNics,
  resolveNics,
} from '../ports/resolve-nics.ts';

/**
 * Stores `maxCount` servers, or as many above `minCount` as the project's quotas allow, and returns
 * them; they boot afterwards. `requestId` is the API request's, for the action list. Throws
 * ComputeError, with nothing stored, when a quota is exceeded, or flavor, image, network or port
 * does not fit; when a port cannot be created, the servers are deleted again: all, or with a full
 * quota of ports those above `minCount`.
 */
export async function createServers(
  context: WorkflowContext,
  caller: Caller,
  request: NewServerRequest,
  requestId: string,
): Promise<Server[]> {
  await refuseUnknownHints(context, caller, request.hints);
  const flavor = await findFlavor(context, caller, request.flavorId);
  const image = await findImage(context, caller, request.imageId);
  checkImageFits(flavor, image);
  const numa = guestNumaOf(flavor, image.properties);
  const affinityPolicy = affinityPolicyOf(flavor, image.properties);
  const requested = await requestedNics(context, caller, request);
  const securityGroupIds = await groupsForBoot(context, caller, request.securityGroups);
  const resolved = await resolveNics(context, caller, { ...requested, affinityPolicy });
  const reservationId = `r-${context.newId().replaceAll('-', '').slice(0, 8)}`;
  const newServers: NewServer<'boot'>[] = [];
  for (let index = 0; index < request.maxCount; index++) {
    const aliases = requestsForFlavor({
      extraSpecs: flavor.extraSpecs,
      aliases: context.settings.aliases,
      affinityPolicy,
      newId: context.newId,
    });
    newServers.push(
      newServer(context, {
        caller,
        request,
        flavor,
        image,
        numa,
        resolved,
        pciRequests: [...aliases, ...resolved.pciRequests],
        reservationId,
        index,
        requestId,
      }),
    );
  }
  const needsPorts = resolved.nics.some(({ portId }) => portId === null);
  const configured = context.configuredQuotas(caller.projectId);
  const quota = { configured, minCount: request.minCount };
  const [only] = newServers;
  if (!needsPorts && only !== undefined && newServers.length === 1) {
    const server = await acceptClaimed(context, { quota, newServer: only, resolved });
    if (server !== undefined) return [server];
  }
  if (!needsPorts) return accept(context, quota, newServers);
  try {
    return await acceptWithPorts(context, caller, { newServers, quota, securityGroupIds });
  } finally {
    context.wakeup.notify('tasks');
  }
}

/**
 * Stores the server with its claim on a host, in one commit, and continues its boot from there.
 * Undefined where that cannot be done at once, as for a member of a group, which is known once it
 * is stored: nothing is stored then.
 */
async function acceptClaimed(
  { store, direct }: WorkflowContext,
  {
    quota,
    newServer,
    resolved: { networks },
  }: { quota: ServerQuota; newServer: NewServer<'boot'>; resolved: ResolvedNics },
): Promise<Server | undefined> {
  if (newServer.groupId !== null) return undefined;
  const { server, pciRequests, task } = newServer;
  let stored: Server | undefined;
  const known = {
    server: { ...server, serial: unnumbered },
    pciRequests,
    networks,
    isInNoGroup: true,
  };
  await direct.join({ task: { ...task, epoch: 1 }, known }, async (outcome, lease) => {
    const { host, decision, events = [], next } = outcome;
    const isClaim = host !== undefined && decision !== undefined && next?.kind === undefined;
    if (!isClaim || next === null) return { ok: false, why: 'superseded' };
    const { step, data, dueAt } = next;
    const claimed = {
      ...newServer,
      server: { ...server, ...outcome.server },
      task: { ...task, step, data, dueAt, lease },
    };
    stored = await store.servers.createClaimed(quota, claimed, { host, decision, events });
    return stored === undefined
      ? { ok: false, why: 'stale-host' }
      : { ok: true, isDue: true, server: stored };
  });
  return stored;
}

/** The store numbers servers; a choice of host does not depend on the number. */
const unnumbered = 0;

/** Stores the servers, and starts their boots. */
async function accept(
  { store, direct, wakeup }: WorkflowContext,
  quota: ServerQuota,
  newServers: readonly NewServer<'boot'>[],
): Promise<Server[]> {
  const slots = direct.hold(newServers.length);
  try {
    const leased = newServers.map((newServer, at) => {
      const lease = slots.leases[at];
      return lease === undefined ? newServer : { ...newServer, task: { ...newServer.task, lease } };
    });
    const servers = await store.servers.createWithin(quota, leased);
    const byId = new Map(servers.map((server) => [server.id, server]));
    for (const { task, pciRequests, groupId } of leased) {
      const server = byId.get(task.serverId);
      if (server === undefined) continue;
      const { lease, ...begun } = task;
      if (lease === undefined) wakeup.notify('tasks');
      else
        slots.run({ ...begun, epoch: 1 }, { server, pciRequests, isInNoGroup: groupId === null });
    }
    return servers;
  } finally {
    slots.end();
  }
}

async function requestedNics(
  context: WorkflowContext,
  caller: Caller,
  { networks }: NewServerRequest,
): Promise<Pick<RequestedNics, 'requested' | 'read'>> {
  if (networks === 'none') return { requested: [] };
  if (networks === 'auto' || networks === 'unspecified') {
    return automaticNics(context, caller, networks);
  }
  return { requested: networks };
}

interface Making {
  caller: Caller;
  request: NewServerRequest;
  flavor: Flavor;
  image: Image;
  numa: GuestNuma | null;
  resolved: ResolvedNics;
  pciRequests: PciRequest[];
  reservationId: string;
  index: number;
  requestId: string;
}

function newServer(context: WorkflowContext, making: Making): NewServer<'boot'> {
  const { caller, request } = making;
  const server = serverRow(context, making);
  const now = server.createdAt;
  const actionId = context.newId();
  const data: BootData = {
    attempt: 1,
    availabilityZone: request.availabilityZone,
    forcedHost: request.forcedHost,
    numa: making.numa,
    failedHosts: [],
    devicePorts: making.resolved.devicePorts,
    sameHost: request.hints.sameHost,
    differentHost: request.hints.differentHost,
  };
  return {
    server,
    pciRequests: making.pciRequests,
    groupId: request.hints.group,
    task: {
      id: context.newId(),
      serverId: server.id,
      kind: 'boot',
      step: 'schedule',
      data,
      actionId,
      request: idsOfRequest(making.requestId),
      dueAt: now,
    },
    action: {
      id: actionId,
      serverId: server.id,
      action: 'create',
      requestId: making.requestId,
      userId: caller.userId,
      projectId: caller.projectId,
      startedAt: now,
    },
  };
}

function serverRow(context: WorkflowContext, making: Making): Omit<Server, 'serial'> {
  const { caller, request, flavor, resolved, reservationId, index } = making;
  const id = context.newId();
  const now = context.clock.now();
  const name = request.maxCount > 1 ? `${request.name}-${index + 1}` : request.name;
  return {
    id,
    name,
    hostname: request.hostname ?? hostnameOf(name, `server-${id}`),
    description: request.description,
    projectId: caller.projectId,
    userId: caller.userId,
    imageId: request.imageId,
    imageProperties: making.image.properties,
    flavor,
    keyName: request.keyName,
    key: request.key,
    metadata: request.metadata,
    tags: request.tags,
    userData: request.userData,
    configDrive: request.configDrive,
    accessIpv4: request.accessIpv4,
    accessIpv6: request.accessIpv6,
    diskConfig: request.diskConfig,
    shelvedImageId: null,
    availabilityZone: request.availabilityZone,
    pinnedZone: request.availabilityZone,
    reservationId,
    launchIndex: index,
    locked: false,
    lockedReason: null,
    lockedBy: null,
    vmState: 'building',
    taskState: 'scheduling',
    powerState: 0,
    hostId: null,
    hostName: null,
    fault: null,
    createdAt: now,
    updatedAt: now,
    launchedAt: null,
    terminatedAt: null,
    deletedAt: null,
    nics: resolved.nics.map((nic, position) => ({
      ...nic,
      id: context.newId(),
      position,
      ownsPort: false,
      vif: null,
    })),
  };
}
