/**
 * All operations on servers, bound to one context: passed to the API. And the workflows behind
 * them, for the dispatcher.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { NetworkEvent } from '#contracts/services/network-events.ts';
import { invariant } from '#core/errors.ts';
import type { NewServerRequest } from '#core/servers/new-server.ts';
import type { Server } from '#core/servers/server.ts';
import { actOnGuest, type ActRequest } from './guests/act-on-guest.ts';
import { actWorkflow } from './guests/act-workflow.ts';
import { attachInterface, type AttachRequest } from './nics/attach-interface.ts';
import { attachWorkflow } from './nics/attach-workflow.ts';
import { bootWorkflow } from './boot/boot-workflow.ts';
import type { WorkflowContext } from './engine/context.ts';
import { createServers } from './boot/create-server.ts';
import { deleteServer } from './removal/delete-server.ts';
import { deleteWorkflow } from './removal/delete-workflow.ts';
import { detachInterface } from './nics/detach-interface.ts';
import { detachWorkflow } from './nics/detach-workflow.ts';
import { beginMove, type MoveRequest } from './moves/begin-move.ts';
import { confirmMove, revertMove } from './moves/settle-move.ts';
import { moveWorkflow } from './moves/move-workflow.ts';
import { offloadServer, shelveServer } from './shelving/shelve-server.ts';
import { shelveWorkflow } from './shelving/shelve-workflow.ts';
import { enrollHost, revokeHost } from './operator/enroll-host.ts';
import { forgetHost } from './operator/forget-host.ts';
import { followWorkflow } from './watch/follow-workflow.ts';
import { followPortsWorkflow } from './watch/follow-ports-workflow.ts';
import { createImage, type ImageRequest } from './guests/create-image.ts';
import { lockServer, unlockServer } from './guests/lock-server.ts';
import { readConsole } from './guests/read-console.ts';
import { rescueServer, type RescueRequest } from './guests/rescue-server.ts';
import { resetState } from './guests/reset-state.ts';
import { rebuildServer, type RebuildRequest } from './guests/rebuild-server.ts';
import { changeGroups, type SecurityGroupChange } from './ports/security-groups.ts';
import { takeNetworkEvent } from './ports/take-network-event.ts';
import { setHostService, type HostServiceChange } from './operator/set-host-service.ts';
import { whatIf } from './what-if/what-if.ts';
import type { WhatIfQuestion } from './what-if/wanted-server.ts';
import type { Workflows } from './engine/workflow.ts';

export const workflows: Workflows = {
  boot: bootWorkflow,
  delete: deleteWorkflow,
  act: actWorkflow,
  attach: attachWorkflow,
  detach: detachWorkflow,
  follow: followWorkflow,
  'follow-ports': followPortsWorkflow,
  move: moveWorkflow,
  shelve: shelveWorkflow,
};

/** The operations. Each one's errors are described in its own file. */
export function serverOperations(context: WorkflowContext) {
  return {
    async createServer(caller: Caller, request: NewServerRequest, requestId: string) {
      const [first] = await createServers(context, caller, request, requestId);
      invariant(first, 'no server was made');
      return first;
    },
    deleteServer: (caller: Caller, server: Server, requestId: string) =>
      deleteServer(context, caller, server, requestId),
    actOnGuest: (caller: Caller, server: Server, request: ActRequest) =>
      actOnGuest(context, caller, server, request),
    lockServer: (
      caller: Caller,
      server: Server,
      request: { reason: string | null; requestId: string },
    ) => lockServer(context, caller, server, request),
    unlockServer: (
      caller: Caller,
      server: Server,
      request: { requestId: string; mayOverride: boolean },
    ) => unlockServer(context, caller, server, request),
    resetState: (
      caller: Caller,
      server: Server,
      request: { state: 'active' | 'error'; requestId: string },
    ) => resetState(context, caller, server, request),
    rebuildServer: (caller: Caller, server: Server, request: RebuildRequest) =>
      rebuildServer(context, caller, server, request),
    rescueServer: (caller: Caller, server: Server, request: RescueRequest) =>
      rescueServer(context, caller, server, request),
    moveServer: (caller: Caller, server: Server, request: MoveRequest) =>
      beginMove(context, caller, server, request),
    shelveServer: (caller: Caller, server: Server, requestId: string) =>
      shelveServer(context, caller, server, requestId),
    offloadServer: (caller: Caller, server: Server, requestId: string) =>
      offloadServer(context, caller, server, requestId),
    confirmMove: (caller: Caller, server: Server, requestId: string) =>
      confirmMove(context, caller, server, requestId),
    revertMove: (caller: Caller, server: Server, requestId: string) =>
      revertMove(context, caller, server, requestId),
    createImage: (caller: Caller, server: Server, request: ImageRequest) =>
      createImage(context, caller, server, request),
    attachInterface: (caller: Caller, server: Server, request: AttachRequest) =>
      attachInterface(context, caller, server, request),
    detachInterface: (
      caller: Caller,
      server: Server,
      request: { portId: string; requestId: string },
    ) => detachInterface(context, caller, server, request),
    changeGroups: (caller: Caller, server: Server, change: SecurityGroupChange) =>
      changeGroups(context, caller, server, change),
    takeNetworkEvent: (event: NetworkEvent) => takeNetworkEvent(context, event),
    readConsole: (server: Server, lines: number | null) => readConsole(context, server, lines),
    enrollHost: (host: string, how: { replaces: boolean }) => enrollHost(context, host, how),
    forgetHost: (host: string) => forgetHost(context, host),
    revokeHost: (host: string) => revokeHost(context, host),
    whatIf: (caller: Caller, question: WhatIfQuestion) => whatIf(context, caller, question),
    setHostService: (hostId: string, request: HostServiceChange) =>
      setHostService(context, hostId, request),
  };
}

/**
 * What the API calls: each operation returns as soon as it is recorded, but an attach, which is
 * waited for.
 */
export type ServerOperations = ReturnType<typeof serverOperations>;
