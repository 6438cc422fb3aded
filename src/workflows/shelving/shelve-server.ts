/**
 * Shelving: an image is made of a server's disk, and all that the server holds on its host is
 * released. The server keeps its ports and addresses, and `unshelve` brings it back, on any host.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { Server, VmState } from '#core/servers/server.ts';
import { snapshotProperties } from '#core/images/snapshot-properties.ts';
import {
  beginAction,
  refuseOpenMove,
  refuseSilentHost,
  refuseState,
} from '../engine/begin-action.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { beginWithImage } from '../images/begin-with-image.ts';

const shelvable: VmState[] = ['active', 'stopped', 'paused', 'suspended'];

/**
 * Creates the image, begins the copy and returns at once. Throws `conflict` in a state that does
 * not allow it, `overQuota` when the project may have no more images. Source: Nova `API.shelve`.
 */
export async function shelveServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  requestId: string,
): Promise<void> {
  const action = 'shelve';
  refuseState(server, action, shelvable);
  await refuseOpenMove(context, server, action);
  await refuseSilentHost(context, server, action);
  const isForeign = caller.projectId !== server.projectId;
  const imageId = context.newId();
  const image = {
    id: imageId,
    name: `${server.name}-shelved`,
    diskFormat: 'qcow2',
    minDiskGib: server.flavor.diskGib,
    properties: snapshotProperties(server, caller, { metadata: {}, backupType: null }),
    sharedWith: isForeign ? server.projectId : null,
  } as const;
  const workflow = {
    kind: 'shelve',
    step: 'stop-guest',
    data: { imageId, vmState: server.vmState },
    action,
    requestId,
    change: { taskState: 'shelving' },
  } as const;
  await beginWithImage(context, caller, server, { workflow, image });
}

/**
 * Releases what a shelved server still holds, as when its host did not answer. Throws `conflict`
 * unless it is shelved.
 */
export async function offloadServer(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  requestId: string,
): Promise<void> {
  const action = 'shelveOffload';
  refuseState(server, action, ['shelved']);
  await beginAction(context, caller, server, {
    kind: 'shelve',
    step: 'remove-guest',
    data: { imageId: server.shelvedImageId ?? '', vmState: server.vmState },
    action,
    requestId,
    change: { taskState: 'shelving_offloading' },
    needsHost: false,
  });
}
