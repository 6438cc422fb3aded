/**
 * All operations on servers, bound to one context: passed to the API. And the workflows behind
 * them, for the dispatcher.
 */
import type { Caller } from '#contracts/services/identity.ts';
import { invariant } from '#core/errors.ts';
import type { NewServerRequest } from '#core/servers/new-server.ts';
import { actOnGuest } from './guests/act-on-guest.ts';
import { actWorkflow } from './guests/act-workflow.ts';
import { attachInterface } from './nics/attach-interface.ts';
import { attachWorkflow } from './nics/attach-workflow.ts';
import { bootWorkflow } from './boot/boot-workflow.ts';
import type { WorkflowContext } from './engine/context.ts';
import { createServers } from './boot/create-server.ts';
import { createConsole } from './consoles/create-console.ts';
import { deleteServer } from './removal/delete-server.ts';
import { deleteWorkflow } from './removal/delete-workflow.ts';
import { detachInterface } from './nics/detach-interface.ts';
import { detachWorkflow } from './nics/detach-workflow.ts';
import { beginMove } from './moves/begin-move.ts';
import { confirmMove, revertMove } from './moves/settle-move.ts';
import { moveWorkflow } from './moves/move-workflow.ts';
import { offloadServer, shelveServer } from './shelving/shelve-server.ts';
import { shelveWorkflow } from './shelving/shelve-workflow.ts';
import { enrollHost, revokeHost } from './enrolment/enroll-host.ts';
import { admitHost } from './enrolment/admit-host.ts';
import { certifyHost } from './enrolment/certify-host.ts';
import { forgetHost } from './operator/forget-host.ts';
import { followWorkflow } from './watch/follow-workflow.ts';
import { followPortsWorkflow } from './watch/follow-ports-workflow.ts';
import { createImage } from './guests/create-image.ts';
import { lockServer, unlockServer } from './guests/lock-server.ts';
import { readConsole } from './guests/read-console.ts';
import { cacheImage, mayCache } from './queries/cache-image.ts';
import { abortMove, forceMove, readCopyProgress, readMoveProgress } from './moves/steer-move.ts';
import { readCounters } from './guests/read-counters.ts';
import { rescueServer } from './guests/rescue-server.ts';
import { resetState } from './guests/reset-state.ts';
import { setPassword } from './guests/set-password.ts';
import { rebuildServer } from './guests/rebuild-server.ts';
import { addAddress, removeAddress } from './ports/fixed-addresses.ts';
import { changeGroups } from './ports/security-groups.ts';
import { takeNetworkEvent } from './ports/take-network-event.ts';
import { setHostService } from './operator/set-host-service.ts';
import { whatIf } from './what-if/what-if.ts';
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
  const bound =
    <Rest extends unknown[], Result>(
      operation: (context: WorkflowContext, ...rest: Rest) => Result,
    ) =>
    (...rest: Rest): Result =>
      operation(context, ...rest);
  return {
    async createServer(caller: Caller, request: NewServerRequest, requestId: string) {
      const [first] = await createServers(context, caller, request, requestId);
      invariant(first, 'no server was made');
      return first;
    },
    deleteServer: bound(deleteServer),
    actOnGuest: bound(actOnGuest),
    lockServer: bound(lockServer),
    unlockServer: bound(unlockServer),
    resetState: bound(resetState),
    rebuildServer: bound(rebuildServer),
    rescueServer: bound(rescueServer),
    setPassword: bound(setPassword),
    moveServer: bound(beginMove),
    shelveServer: bound(shelveServer),
    offloadServer: bound(offloadServer),
    createConsole: bound(createConsole),
    confirmMove: bound(confirmMove),
    revertMove: bound(revertMove),
    createImage: bound(createImage),
    attachInterface: bound(attachInterface),
    detachInterface: bound(detachInterface),
    changeGroups: bound(changeGroups),
    addAddress: bound(addAddress),
    removeAddress: bound(removeAddress),
    takeNetworkEvent: bound(takeNetworkEvent),
    readConsole: bound(readConsole),
    readCounters: bound(readCounters),
    readMoveProgress: bound(readMoveProgress),
    readCopyProgress: bound(readCopyProgress),
    cacheImage: bound(cacheImage),
    mayCache: bound(mayCache),
    abortMove: bound(abortMove),
    forceMove: bound(forceMove),
    enrollHost: bound(enrollHost),
    admitHost: bound(admitHost),
    certifyHost: bound(certifyHost),
    forgetHost: bound(forgetHost),
    revokeHost: bound(revokeHost),
    whatIf: bound(whatIf),
    setHostService: bound(setHostService),
  };
}

/**
 * What the API calls: each operation returns as soon as it is recorded, but an attach, which is
 * waited for.
 */
export type ServerOperations = ReturnType<typeof serverOperations>;
