/** The rows of servers and of what is below one: metadata, tags, NICs, actions, volumes. */
import { metaBody, metadataBody } from '../requests/metadata.ts';
import { type Route, withBody } from '../requests/route.ts';
import { serverActions } from './actions/actions.ts';
import { createRemoteConsole, remoteConsoleBody } from './actions/remote-consoles.ts';
import { changeServerBody, createServerBody } from './create/create-schema.ts';
import { attachBody, attachInterface, detachInterface } from './parts/attach.ts';
import { listInterfaces, showInterface } from './parts/interfaces.ts';
import * as metadata from './parts/metadata.ts';
import { clearPassword, showPassword } from './parts/password.ts';
import { listServerGroups } from './parts/security-groups.ts';
import * as tags from './parts/tags.ts';
import * as volumes from './parts/volume-attachments.ts';
import { listServers, listServersInDetail, showServer } from './read.ts';
import { listAddresses, showAddresses } from './read/addresses.ts';
import { showDiagnostics } from './read/diagnostics.ts';
import { serverQuery } from './read/filters.ts';
import { actionQuery, listActions, showAction } from './read/instance-actions.ts';
import { showTopology } from './read/topology.ts';
import { changeServer, createServer, deleteServer } from './write.ts';

const reads = { method: 'GET' } as const;
const adds = { method: 'POST' } as const;
const sets = { method: 'PUT' } as const;
const removes = { method: 'DELETE', status: 204 } as const;

const volumesPath = '/servers/:id/os-volume_attachments';
const ofServers: readonly Route[] = [
  {
    ...adds,
    path: '/servers',
    rule: 'os_compute_api:servers:create',
    status: 202,
    ...withBody(createServerBody, createServer),
  },
  {
    ...reads,
    path: '/servers',
    rule: 'os_compute_api:servers:index',
    query: serverQuery,
    handler: listServers,
  },
  {
    ...reads,
    path: '/servers/detail',
    rule: 'os_compute_api:servers:detail',
    query: serverQuery,
    handler: listServersInDetail,
  },
  { ...reads, path: '/servers/:id', rule: 'os_compute_api:servers:show', handler: showServer },
  {
    ...sets,
    path: '/servers/:id',
    rule: 'os_compute_api:servers:update',
    ...withBody(changeServerBody, changeServer),
  },
  {
    ...removes,
    path: '/servers/:id',
    rule: 'os_compute_api:servers:delete',
    handler: deleteServer,
  },
  ...serverActions,
  { ...reads, path: '/servers/:id/ips', rule: 'os_compute_api:ips:index', handler: listAddresses },
  {
    ...reads,
    path: '/servers/:id/ips/:label',
    rule: 'os_compute_api:ips:show',
    handler: showAddresses,
  },
  {
    ...reads,
    path: '/servers/:id/os-interface',
    rule: 'os_compute_api:os-attach-interfaces:list',
    handler: listInterfaces,
  },
  {
    ...reads,
    path: '/servers/:id/os-interface/:port',
    rule: 'os_compute_api:os-attach-interfaces:show',
    handler: showInterface,
  },
  {
    ...adds,
    path: '/servers/:id/os-interface',
    rule: 'os_compute_api:os-attach-interfaces:create',
    ...withBody(attachBody, attachInterface),
  },
  {
    ...removes,
    path: '/servers/:id/os-interface/:port',
    rule: 'os_compute_api:os-attach-interfaces:delete',
    status: 202,
    handler: detachInterface,
  },
  {
    ...adds,
    path: '/servers/:id/remote-consoles',
    rule: 'os_compute_api:os-remote-consoles',
    from: 6,
    ...withBody(remoteConsoleBody, createRemoteConsole),
  },
  {
    ...reads,
    path: '/servers/:id/os-instance-actions',
    rule: 'os_compute_api:os-instance-actions:list',
    query: actionQuery,
    queryFrom: 58,
    handler: listActions,
  },
  {
    ...reads,
    path: '/servers/:id/os-instance-actions/:request',
    rule: 'os_compute_api:os-instance-actions:show',
    handler: showAction,
  },
  {
    ...reads,
    path: volumesPath,
    rule: 'os_compute_api:os-volumes-attachments:index',
    query: ['limit', 'offset'],
    handler: volumes.listAttachments,
  },
  {
    ...reads,
    path: `${volumesPath}/:volume`,
    rule: 'os_compute_api:os-volumes-attachments:show',
    handler: volumes.showAttachment,
  },
  {
    ...adds,
    path: volumesPath,
    rule: 'os_compute_api:os-volumes-attachments:create',
    ...withBody(volumes.newAttachmentBody, volumes.addAttachment),
  },
  {
    ...sets,
    path: `${volumesPath}/:volume`,
    rule: 'os_compute_api:os-volumes-attachments:swap',
    to: 84,
    status: 202,
    ...withBody(volumes.changedAttachmentBody, volumes.changeAttachment),
  },
  {
    ...sets,
    path: `${volumesPath}/:volume`,
    rule: 'os_compute_api:os-volumes-attachments:update',
    from: 85,
    status: 202,
    ...withBody(volumes.changedAttachmentBody, volumes.changeAttachment),
  },
  {
    ...removes,
    path: `${volumesPath}/:volume`,
    rule: 'os_compute_api:os-volumes-attachments:delete',
    status: 202,
    handler: volumes.removeAttachment,
  },
  {
    ...reads,
    path: '/servers/:id/os-server-password',
    rule: 'os_compute_api:os-server-password:show',
    handler: showPassword,
  },
  {
    ...removes,
    path: '/servers/:id/os-server-password',
    rule: 'os_compute_api:os-server-password:clear',
    handler: clearPassword,
  },
  {
    ...reads,
    path: '/servers/:id/diagnostics',
    rule: 'os_compute_api:os-server-diagnostics',
    handler: showDiagnostics,
  },
  {
    ...reads,
    path: '/servers/:id/topology',
    rule: 'compute:server:topology:index',
    from: 78,
    query: [],
    handler: showTopology,
  },
  {
    ...reads,
    path: '/servers/:id/os-security-groups',
    rule: 'os_compute_api:os-security-groups:list',
    handler: listServerGroups,
  },
];

const metadataPath = '/servers/:id/metadata';
const ofMetadata: readonly Route[] = [
  {
    ...reads,
    path: metadataPath,
    rule: 'os_compute_api:server-metadata:index',
    handler: metadata.listMetadata,
  },
  {
    ...adds,
    path: metadataPath,
    rule: 'os_compute_api:server-metadata:create',
    ...withBody(metadataBody, metadata.addMetadata),
  },
  {
    ...sets,
    path: metadataPath,
    rule: 'os_compute_api:server-metadata:update_all',
    ...withBody(metadataBody, metadata.replaceMetadata),
  },
  {
    ...reads,
    path: `${metadataPath}/:key`,
    rule: 'os_compute_api:server-metadata:show',
    handler: metadata.showMetadataItem,
  },
  {
    ...sets,
    path: `${metadataPath}/:key`,
    rule: 'os_compute_api:server-metadata:update',
    ...withBody(metaBody, metadata.setMetadataItem),
  },
  {
    ...removes,
    path: `${metadataPath}/:key`,
    rule: 'os_compute_api:server-metadata:delete',
    handler: metadata.deleteMetadataItem,
  },
];

const tagsPath = '/servers/:id/tags';
const ofTags: readonly Route[] = [
  {
    ...reads,
    path: tagsPath,
    rule: 'os_compute_api:os-server-tags:index',
    from: 26,
    handler: tags.listTags,
  },
  {
    ...sets,
    path: tagsPath,
    rule: 'os_compute_api:os-server-tags:update_all',
    from: 26,
    ...withBody(tags.tagsBody, tags.replaceTags),
  },
  {
    ...removes,
    path: tagsPath,
    rule: 'os_compute_api:os-server-tags:delete_all',
    from: 26,
    handler: tags.deleteTags,
  },
  {
    ...reads,
    path: `${tagsPath}/:tag`,
    rule: 'os_compute_api:os-server-tags:show',
    from: 26,
    status: 204,
    handler: tags.showTag,
  },
  {
    ...sets,
    path: `${tagsPath}/:tag`,
    rule: 'os_compute_api:os-server-tags:update',
    from: 26,
    status: 201,
    handler: tags.addTag,
  },
  {
    ...removes,
    path: `${tagsPath}/:tag`,
    rule: 'os_compute_api:os-server-tags:delete',
    from: 26,
    handler: tags.deleteTag,
  },
];

export const serverRoutes: readonly Route[] = [...ofServers, ...ofMetadata, ...ofTags];
