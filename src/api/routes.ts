/**
 * The entire compute API as one table: each path, its microversions, its policy and its handler.
 */
import { externalEventsBody, takeExternalEvents } from './external-events.ts';
import { listExtensions, showExtension } from './extensions.ts';
import * as access from './flavors/access.ts';
import * as specs from './flavors/extra-specs.ts';
import * as flavors from './flavors/flavors.ts';
import {
  changeFlavorBody,
  createFlavorBody,
  extraSpecBody,
  extraSpecsBody,
} from './flavors/schemas.ts';
import { aggregateRoutes } from './aggregates/routes.ts';
import { listZones, listZonesInDetail } from './hosts/availability-zones.ts';
import {
  changeNamedService,
  changeService,
  deleteService,
  listServices,
  namedServiceBody,
  serviceBody,
  servicesQuery,
} from './hosts/compute-services.ts';
import * as hypervisors from './hosts/hypervisors.ts';
import { keyPairRoutes } from './key-pairs/routes.ts';
import { quotaRoutes } from './quotas/routes.ts';
import * as moves from './moves/moves.ts';
import { notOffered } from './not-offered.ts';
import { removed } from './removed.ts';
import { type Route, withBody } from './requests/route.ts';
import { createGroupBody } from './server-groups/schemas.ts';
import * as groups from './server-groups/server-groups.ts';
import { attachBody, attachInterface, detachInterface } from './servers/parts/attach.ts';
import { emptyBody } from './servers/actions/guest-acts.ts';
import { serverActions } from './servers/actions/actions.ts';
import { listAddresses, showAddresses } from './servers/read/addresses.ts';
import { changeServerBody, createServerBody } from './servers/create/create-schema.ts';
import { serverQuery } from './servers/read/filters.ts';
import { showDiagnostics } from './servers/read/diagnostics.ts';
import { showTopology } from './servers/read/topology.ts';
import { actionQuery, listActions, showAction } from './servers/read/instance-actions.ts';
import { listInterfaces, showInterface } from './servers/parts/interfaces.ts';
import * as metadata from './servers/parts/metadata.ts';
import { listServers, listServersInDetail, showServer } from './servers/read.ts';
import { clearPassword, showPassword } from './servers/parts/password.ts';
import { listServerGroups } from './servers/parts/security-groups.ts';
import * as tags from './servers/parts/tags.ts';
import * as volumes from './servers/parts/volume-attachments.ts';
import { changeServer, createServer, deleteServer } from './servers/write.ts';

const reads = { method: 'GET', rule: 'reader' } as const;
const asksAdmin = { method: 'GET', rule: 'admin' } as const;
const adds = { method: 'POST', rule: 'member' } as const;
const sets = { method: 'PUT', rule: 'member' } as const;
const removes = { method: 'DELETE', rule: 'member', status: 204 } as const;
const { metadataBody, metaBody } = metadata;

const volumesPath = '/servers/:id/os-volume_attachments';
const serverRoutes: Route[] = [
  { ...adds, path: '/servers', status: 202, ...withBody(createServerBody, createServer) },
  { ...reads, path: '/servers', query: serverQuery, handler: listServers },
  { ...reads, path: '/servers/detail', query: serverQuery, handler: listServersInDetail },
  { ...reads, path: '/servers/:id', handler: showServer },
  { ...sets, path: '/servers/:id', ...withBody(changeServerBody, changeServer) },
  { ...removes, path: '/servers/:id', handler: deleteServer },
  ...serverActions,
  { ...reads, path: '/servers/:id/ips', handler: listAddresses },
  { ...reads, path: '/servers/:id/ips/:label', handler: showAddresses },
  { ...reads, path: '/servers/:id/os-interface', handler: listInterfaces },
  { ...reads, path: '/servers/:id/os-interface/:port', handler: showInterface },
  {
    ...adds,
    path: '/servers/:id/os-interface',
    ...withBody(attachBody, attachInterface),
  },
  {
    ...removes,
    path: '/servers/:id/os-interface/:port',
    status: 202,
    handler: detachInterface,
  },
  {
    ...reads,
    path: '/servers/:id/os-instance-actions',
    query: actionQuery,
    queryFrom: 58,
    handler: listActions,
  },
  { ...reads, path: '/servers/:id/os-instance-actions/:request', handler: showAction },
  {
    ...reads,
    path: volumesPath,
    query: ['limit', 'offset'],
    handler: volumes.listAttachments,
  },
  { ...reads, path: `${volumesPath}/:volume`, handler: volumes.showAttachment },
  {
    ...adds,
    path: volumesPath,
    ...withBody(volumes.newAttachmentBody, volumes.addAttachment),
  },
  {
    ...sets,
    path: `${volumesPath}/:volume`,
    status: 202,
    ...withBody(volumes.changedAttachmentBody, volumes.changeAttachment),
  },
  {
    ...removes,
    path: `${volumesPath}/:volume`,
    status: 202,
    handler: volumes.changeAttachment,
  },
  { ...reads, path: '/servers/:id/os-server-password', handler: showPassword },
  { ...removes, path: '/servers/:id/os-server-password', handler: clearPassword },
  { ...asksAdmin, path: '/servers/:id/diagnostics', handler: showDiagnostics },
  { ...reads, path: '/servers/:id/topology', from: 78, query: [], handler: showTopology },
  {
    ...reads,
    path: '/servers/:id/os-security-groups',
    handler: listServerGroups,
  },
];

const metadataPath = '/servers/:id/metadata';
const metadataRoutes: Route[] = [
  { ...reads, path: metadataPath, handler: metadata.listMetadata },
  { ...adds, path: metadataPath, ...withBody(metadataBody, metadata.addMetadata) },
  { ...sets, path: metadataPath, ...withBody(metadataBody, metadata.replaceMetadata) },
  { ...reads, path: `${metadataPath}/:key`, handler: metadata.showMetadataItem },
  { ...sets, path: `${metadataPath}/:key`, ...withBody(metaBody, metadata.setMetadataItem) },
  { ...removes, path: `${metadataPath}/:key`, handler: metadata.deleteMetadataItem },
];

const tagsPath = '/servers/:id/tags';
const tagRoutes: Route[] = [
  { ...reads, path: tagsPath, from: 26, handler: tags.listTags },
  { ...sets, path: tagsPath, from: 26, ...withBody(tags.tagsBody, tags.replaceTags) },
  { ...removes, path: tagsPath, from: 26, handler: tags.deleteTags },
  { ...reads, path: `${tagsPath}/:tag`, from: 26, status: 204, handler: tags.showTag },
  { ...sets, path: `${tagsPath}/:tag`, from: 26, status: 201, handler: tags.addTag },
  { ...removes, path: `${tagsPath}/:tag`, from: 26, handler: tags.deleteTag },
];

const specsPath = '/flavors/:id/os-extra_specs';
const flavorRoutes: Route[] = [
  { ...reads, path: '/flavors', query: flavors.flavorQuery, handler: flavors.listFlavors },
  {
    ...reads,
    path: '/flavors/detail',
    query: flavors.flavorQuery,
    handler: flavors.listFlavorsInDetail,
  },
  { ...reads, path: '/flavors/:id', handler: flavors.showFlavor },
  {
    method: 'POST',
    path: '/flavors',
    rule: 'admin',
    ...withBody(createFlavorBody, flavors.createFlavor),
  },
  {
    method: 'PUT',
    path: '/flavors/:id',
    rule: 'admin',
    from: 55,
    ...withBody(changeFlavorBody, flavors.changeFlavor),
  },
  {
    method: 'DELETE',
    path: '/flavors/:id',
    rule: 'admin',
    status: 202,
    handler: flavors.deleteFlavor,
  },
  {
    method: 'POST',
    path: '/flavors/:id/action',
    rule: 'admin',
    action: 'addTenantAccess',
    ...withBody(access.addAccessBody, access.addAccess),
  },
  {
    method: 'POST',
    path: '/flavors/:id/action',
    rule: 'admin',
    action: 'removeTenantAccess',
    ...withBody(access.removeAccessBody, access.removeAccess),
  },
  { ...asksAdmin, path: '/flavors/:id/os-flavor-access', handler: access.listAccess },
  { ...reads, path: specsPath, handler: specs.listExtraSpecs },
  {
    method: 'POST',
    path: specsPath,
    rule: 'admin',
    ...withBody(extraSpecsBody, specs.addExtraSpecs),
  },
  { ...reads, path: `${specsPath}/:key`, handler: specs.showExtraSpec },
  {
    method: 'PUT',
    path: `${specsPath}/:key`,
    rule: 'admin',
    ...withBody(extraSpecBody, specs.setExtraSpec),
  },
  { method: 'DELETE', path: `${specsPath}/:key`, rule: 'admin', handler: specs.deleteExtraSpec },
];

const hypervisorsPath = '/os-hypervisors';
const { hypervisorsQuery } = hypervisors;
const hostRoutes: Route[] = [
  {
    ...asksAdmin,
    path: hypervisorsPath,
    query: hypervisorsQuery,
    queryFrom: 53,
    handler: hypervisors.listHypervisors,
  },
  {
    ...asksAdmin,
    path: `${hypervisorsPath}/detail`,
    query: hypervisorsQuery,
    queryFrom: 53,
    handler: hypervisors.listHypervisorsInDetail,
  },
  {
    ...asksAdmin,
    path: `${hypervisorsPath}/statistics`,
    to: 87,
    handler: hypervisors.showStatistics,
  },
  { ...asksAdmin, path: `${hypervisorsPath}/:id/uptime`, to: 87, handler: hypervisors.showUptime },
  {
    ...asksAdmin,
    path: `${hypervisorsPath}/:id/search`,
    to: 52,
    handler: hypervisors.searchHypervisors,
  },
  {
    ...asksAdmin,
    path: `${hypervisorsPath}/:id/servers`,
    to: 52,
    handler: hypervisors.searchHypervisorsWithServers,
  },
  {
    ...asksAdmin,
    path: `${hypervisorsPath}/:id`,
    query: ['with_servers'],
    queryFrom: 53,
    handler: hypervisors.showHypervisor,
  },
  { ...asksAdmin, path: '/os-services', query: servicesQuery, handler: listServices },
  {
    method: 'PUT',
    path: '/os-services/:id',
    rule: 'admin',
    to: 52,
    ...withBody(namedServiceBody, changeNamedService),
  },
  {
    method: 'PUT',
    path: '/os-services/:id',
    rule: 'admin',
    from: 53,
    ...withBody(serviceBody, changeService),
  },
  {
    method: 'DELETE',
    path: '/os-services/:id',
    rule: 'admin',
    status: 204,
    handler: deleteService,
  },
  { ...reads, path: '/os-availability-zone', handler: listZones },
  { ...asksAdmin, path: '/os-availability-zone/detail', handler: listZonesInDetail },
  ...aggregateRoutes,
];

const serverMoves = '/servers/:id/migrations';
const moveRoutes: Route[] = [
  {
    ...asksAdmin,
    path: '/os-migrations',
    query: moves.movesQuery,
    queryFrom: 59,
    handler: moves.listMoves,
  },
  { ...asksAdmin, path: serverMoves, from: 23, handler: moves.listServerMoves },
  { ...asksAdmin, path: `${serverMoves}/:migration`, from: 23, handler: moves.showServerMove },
  {
    method: 'DELETE',
    path: `${serverMoves}/:migration`,
    rule: 'admin',
    from: 24,
    status: 202,
    handler: moves.abortServerMove,
  },
  {
    method: 'POST',
    path: `${serverMoves}/:migration/action`,
    rule: 'admin',
    from: 22,
    status: 202,
    action: 'force_complete',
    ...withBody(emptyBody('force_complete'), moves.completeServerMove),
  },
];

const groupsPath = '/os-server-groups';
const otherRoutes: Route[] = [
  { ...reads, path: '/extensions', handler: listExtensions },
  { ...reads, path: '/extensions/:id', handler: showExtension },
  ...keyPairRoutes,
  ...quotaRoutes,
  { ...reads, path: groupsPath, query: groups.groupsQuery, handler: groups.listGroups },
  { ...adds, path: groupsPath, ...withBody(createGroupBody, groups.createGroup) },
  { ...reads, path: `${groupsPath}/:id`, handler: groups.showGroup },
  { ...removes, path: `${groupsPath}/:id`, handler: groups.deleteGroup },
  {
    method: 'POST',
    path: '/os-server-external-events',
    rule: 'service',
    ...withBody(externalEventsBody, takeExternalEvents),
  },
];

/**
 * Rows of one path and method, where there are several, differ in their versions or in their
 * action.
 */
export const routes: readonly Route[] = [
  ...serverRoutes,
  ...metadataRoutes,
  ...tagRoutes,
  ...flavorRoutes,
  ...hostRoutes,
  ...moveRoutes,
  ...otherRoutes,
  ...removed,
  ...notOffered,
];
