/**
 * A server as the API shows it, newest shape first; microversions step down from it. Source: Nova
 * compute API reference, "Servers".
 */
import { hash } from 'node:crypto';
import type { HostSummary } from '#contracts/store/store.ts';
import type { Target } from '#core/access/rules/compute-policy.ts';
import { hasConfigDrive } from '#core/guests/description/config-drive.ts';
import type { SecurityGroup } from '#core/networking/security-group.ts';
import { kernelImages, rootDevice } from '#core/guests/description/guest-kernel.ts';
import { guestName } from '#core/guests/description/guest-name.ts';
import { serverStatus } from '#core/servers/lifecycle.ts';
import { memberText } from '#core/servers/member-text.ts';
import type { ShownServer } from '#contracts/store/server-selection.ts';
import type { Server } from '#core/servers/server.ts';
import { viewFlavorOfServer } from '../../flavors/views.ts';
import { hostStatus } from '../../hosts/host-status.ts';
import { atMicrosecond, atSecond, bookmark, linksTo } from '../../requests/links.ts';
import { type StepDown, steppedDown, type View, without } from '../../requests/microversions.ts';
import { isAllowed } from '../../requests/permission.ts';
import type { Call } from '../../requests/route.ts';
import { splitNames } from '../../requests/split-names.ts';
import { addressesOf, plainAddressesOf } from './addresses.ts';

interface Shown {
  call: Call;
  server: ShownServer;
  visible: VisibleParts;
}

const attributesOf23 = splitNames(
  'hostname reservation_id launch_index kernel_id ramdisk_id root_device_name user_data',
);

const groupsFrom = 71;

/** Does this version show the server groups that one server is in? */
export function showsGroups({ version }: Pick<Call, 'version'>): boolean {
  return version >= groupsFrom;
}

const hostnameKey = 'OS-EXT-SRV-ATTR:hostname';

const steps: StepDown<Shown>[] = [
  without(96, 'pinned_availability_zone'),
  {
    below: 90,
    undo: (view, { visible }) => {
      if (!visible.attributes) view[hostnameKey] = undefined;
    },
  },
  without(73, 'locked_reason'),
  without(groupsFrom, 'server_groups'),
  without(63, 'trusted_image_certificates'),
  {
    below: 47,
    undo: (view, { call, server }) => {
      const { id } = server.flavor;
      view['flavor'] = { id, links: [bookmark(call, 'flavors', id)] };
    },
  },
  without(26, 'tags'),
  without(19, 'description'),
  without(16, 'host_status'),
  without(9, 'locked'),
  without(3, ...attributesOf23.map((key) => `OS-EXT-SRV-ATTR:${key}`)),
];

/** Statuses in which there is progress to show. */
const progressing = splitNames('ACTIVE BUILD REBUILD RESIZE VERIFY_RESIZE MIGRATING');

/** Of `GET /servers/detail`. */
export function viewServer(
  call: Call,
  server: ShownServer,
  around: Omit<Surroundings, 'groupIds'>,
): View {
  const { visible } = around;
  return steppedDown(newestView(call, server, around), call.version, steps, {
    call,
    server,
    visible,
  });
}

/** What the view of one server shows beside its own row: its host, and the groups it is in. */
export interface Surroundings {
  host: HostSummary | undefined;
  groupIds: string[];
  securityGroups: readonly SecurityGroup[];
  visible: VisibleParts;
}

/** What of a server has rules of its own. */
export interface VisibleParts {
  /** `OS-EXT-SRV-ATTR:*`: its host and the like. */
  attributes: boolean;
  hostStatus: 'all' | 'unknown' | 'none';
  flavorExtraSpecs: boolean;
}

/** `target`: the server, or for a list undefined: the caller's own project, as in Nova. */
export function visibleParts(call: Call, target?: Target): VisibleParts {
  const show = 'os_compute_api:servers:show';
  const status = `${show}:host_status` as const;
  const ofUnknown = isAllowed(call, `${status}:unknown-only`, target) ? 'unknown' : 'none';
  return {
    attributes: isAllowed(call, 'os_compute_api:os-extended-server-attributes', target),
    hostStatus: isAllowed(call, status, target) ? 'all' : ofUnknown,
    flavorExtraSpecs: isAllowed(call, `${show}:flavor-extra-specs`, target),
  };
}

/** Of `GET /servers/{id}`: with the server's groups, from 2.71 on. */
export function viewOneServer(call: Call, server: ShownServer, around: Surroundings): View {
  const view = { ...newestView(call, server, around), server_groups: around.groupIds };
  return steppedDown(view, call.version, steps, { call, server, visible: around.visible });
}

/** The reply of PUT: from 2.75 on that of GET, before it without what came by extensions. */
export function viewChangedServer(call: Call, server: ShownServer, around: Surroundings): View {
  const view = viewOneServer(call, server, around);
  if (call.version >= 75) return view;
  const kept = Object.entries(view).filter(([key]) => !addedToGet.test(key));
  return { ...Object.fromEntries(kept), addresses: plainAddressesOf(server) };
}

const addedToGet =
  /^(OS-EXT-|OS-SRV-USG:|os-extended-volumes:|key_name$|config_drive$|host_status$|security_groups$)/;

/** Of `GET /servers`. */
export function viewServerBriefly(call: Call, server: Pick<Server, 'id' | 'name'>): View {
  return { id: server.id, name: server.name, links: linksTo(call, 'servers', server.id) };
}

/**
 * The opaque name of a server's host, different in each project; '' on no host. Source: Nova
 * `Instance.hostId`.
 */
export function opaqueHostId(server: Pick<Server, 'projectId' | 'hostName'>): string {
  if (server.hostName === null) return '';
  const known = opaqueIds.get(server.projectId)?.get(server.hostName);
  if (known !== undefined) return known;
  const id = hash('sha224', `${server.projectId}${server.hostName}`);
  if (opaqueIdCount >= mostOpaqueIds) {
    opaqueIds.clear();
    opaqueIdCount = 0;
  }
  const ofProject = opaqueIds.get(server.projectId) ?? new Map<string, string>();
  opaqueIds.set(server.projectId, ofProject.set(server.hostName, id));
  opaqueIdCount += 1;
  return id;
}

/** By project and host: a list has the same ones again and again. */
const opaqueIds = new Map<string, Map<string, string>>();
const mostOpaqueIds = 10_000;
let opaqueIdCount = 0;

function newestView(
  call: Call,
  server: ShownServer,
  { host, securityGroups, visible }: Omit<Surroundings, 'groupIds'>,
): View {
  const status = serverStatus(server);
  return {
    id: server.id,
    name: server.name,
    status,
    tenant_id: server.projectId,
    user_id: server.userId,
    metadata: server.metadata,
    hostId: opaqueHostId(server),
    image:
      server.imageId === null
        ? ''
        : { id: server.imageId, links: [bookmark(call, 'images', server.imageId)] },
    flavor: viewFlavorOfServer(server.flavor, visible.flavorExtraSpecs),
    created: atSecond(server.createdAt),
    updated: atSecond(server.updatedAt),
    addresses: addressesOf(server),
    accessIPv4: server.accessIpv4 ?? '',
    accessIPv6: server.accessIpv6 ?? '',
    links: linksTo(call, 'servers', server.id),
    'OS-DCF:diskConfig': server.diskConfig,
    ...(progressing.includes(status) && { progress: 0 }),
    ...faultOf(call, server, status),
    'OS-EXT-AZ:availability_zone': host?.availabilityZone ?? server.availabilityZone ?? '',
    config_drive: hasConfigDrive(server) ? 'True' : '',
    key_name: server.keyName,
    'OS-SRV-USG:launched_at': atMicrosecond(server.launchedAt),
    'OS-SRV-USG:terminated_at': atMicrosecond(server.terminatedAt),
    'OS-EXT-STS:task_state': server.taskState,
    'OS-EXT-STS:vm_state': server.vmState,
    'OS-EXT-STS:power_state': server.powerState,
    'os-extended-volumes:volumes_attached': [],
    ...(securityGroups.length > 0 && {
      security_groups: securityGroups.map(({ id, name }) => ({ name: name || id })),
    }),
    [hostnameKey]: server.hostname,
    pinned_availability_zone: server.pinnedZone,
    ...(visible.attributes && attributesOf(server)),
    ...hostStatusOf(call, host, visible),
    locked: server.locked,
    locked_reason: server.lockedReason,
    description: server.description,
    tags: server.tags,
    trusted_image_certificates: null,
  };
}

function attributesOf(server: ShownServer): View {
  const { kernelId, ramdiskId } = kernelImages(server.imageProperties);
  return {
    'OS-EXT-SRV-ATTR:host': server.hostName,
    'OS-EXT-SRV-ATTR:instance_name': guestName(server.serial),
    'OS-EXT-SRV-ATTR:hypervisor_hostname': server.hostName,
    'OS-EXT-SRV-ATTR:reservation_id': server.reservationId,
    'OS-EXT-SRV-ATTR:launch_index': server.launchIndex,
    'OS-EXT-SRV-ATTR:kernel_id': kernelId ?? '',
    'OS-EXT-SRV-ATTR:ramdisk_id': ramdiskId ?? '',
    'OS-EXT-SRV-ATTR:root_device_name':
      server.launchedAt === null ? null : rootDeviceOf(server.imageProperties),
    'OS-EXT-SRV-ATTR:user_data': server.userData,
  };
}

function hostStatusOf(
  call: Call,
  host: HostSummary | undefined,
  { hostStatus: shown }: VisibleParts,
): View {
  if (shown === 'none') return {};
  const status = hostStatus(call.context, host);
  return shown === 'all' || status === 'UNKNOWN' ? { host_status: status } : {};
}

/** By a server's properties, which the servers of a list share. */
const rootDevices = new WeakMap<ShownServer['imageProperties'], string>();

function rootDeviceOf(properties: ShownServer['imageProperties']): string {
  const known = rootDevices.get(properties) ?? rootDevice(properties);
  rootDevices.set(properties, known);
  return known;
}

/**
 * Members see no host names, and details only where they are meant for members (code below 500);
 * administrators see all.
 */
function faultOf(call: Call, server: ShownServer, status: string): View {
  if (server.fault === null || (status !== 'ERROR' && status !== 'DELETED')) return {};
  const { code, message, details, created } = server.fault;
  const isForCaller = call.caller.isAdmin || code !== 500;
  return {
    fault: {
      code,
      created: atSecond(created),
      message: isForCaller ? message : memberText(message),
      ...(isForCaller && { details: details === '' ? message : details }),
    },
  };
}
