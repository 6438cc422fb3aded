/** Snapshots and backups: an image is made from the disk of a server. */
import type { Caller } from '#contracts/services/identity.ts';
import { snapshotProperties } from '#core/images/snapshot-properties.ts';
import type { Server } from '#core/servers/server.ts';
import { refuseSilentHost, refuseState } from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { refuseWithoutHost } from './act-on-guest.ts';
import { guestActs } from './guest-acts.ts';
import { beginWithImage } from '../images/begin-with-image.ts';

/** `backup`: of which type, and how many of the type are kept; absent: a snapshot. */
export interface ImageRequest {
  name: string;
  metadata: Record<string, string>;
  backup?: { type: string; rotation: number };
  requestId: string;
}

/**
 * Creates the image, begins the copy and returns the image's id at once. Throws `conflict` in a
 * wrong state, `overQuota` when the project may have no more images. The image of a copy that fails
 * is deleted. Source: Nova `API.snapshot`, `API.backup`.
 */
export async function createImage(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { name, metadata, backup, requestId }: ImageRequest,
): Promise<string> {
  const act = backup === undefined ? 'snapshot' : 'backup';
  const { action, from, taskState } = guestActs[act];
  refuseState(server, action, from);
  refuseWithoutHost(server, action);
  await refuseSilentHost(context, server, action);
  const isForeign = caller.projectId !== server.projectId;
  const id = context.newId();
  const image = {
    id,
    name,
    diskFormat: 'qcow2',
    minDiskGib: server.flavor.diskGib,
    properties: snapshotProperties(server, caller, { metadata, backupType: backup?.type ?? null }),
    sharedWith: isForeign ? server.projectId : null,
  } as const;
  const rotation = backup && { backupType: backup.type, keep: backup.rotation };
  const workflow = {
    kind: 'act',
    step: 'command-host',
    data: { act, image: { id, ...(rotation !== undefined && { rotation }) } },
    action,
    requestId,
    change: { taskState },
  } as const;
  await beginWithImage(context, caller, server, { workflow, image });
  return id;
}
