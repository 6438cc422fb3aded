/** Does what the controller asked: looks at the host, plans the steps that are missing, executes them, says how it went. */
import type {
  CommandResult,
  HostCommandBody,
  HostQuestion,
  StepRecord,
} from '#contracts/host-link.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { planDestroy, planSpawn } from '#core/guests/plan.ts';
import {
  planAttach,
  planDetach,
  planRespawn,
  planResume,
  planStop,
  planSuspend,
} from '#core/guests/plan-change.ts';
import type { Step } from '#core/guests/step.ts';
import { executeStep, type HostParts } from './execute-step.ts';

/** Never throws: what goes wrong is in the result, in the host's words, with the steps that were done. */
export async function executeCommand(
  parts: HostParts,
  body: HostCommandBody,
): Promise<CommandResult> {
  const steps: StepRecord[] = [];
  try {
    if (body.do === 'console') {
      const output = await parts.guestFiles.consoleOutput(body.guestId, body.lines);
      return { ok: true, steps, output };
    }
    for (const step of await planFor(parts, body)) {
      const startedAt = performance.now();
      await executeStep(parts, step);
      steps.push({ step: step.do, milliseconds: performance.now() - startedAt });
    }
    const domainXml = await parts.hypervisor.domainXml(guestIdOf(body));
    return { ok: true, steps, ...(domainXml !== undefined && { domainXml }) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const detail = error instanceof Error ? (error.stack ?? '') : '';
    const sameElsewhere = isComputeError(error, 'invalid');
    return { ok: false, message, detail, steps, ...(sameElsewhere && { sameElsewhere }) };
  }
}

async function planFor(
  { hypervisor }: HostParts,
  body: Exclude<HostCommandBody, HostQuestion>,
): Promise<Step[]> {
  const guestId = guestIdOf(body);
  const found = (await hypervisor.listGuests()).find((guest) => guest.id === guestId);
  switch (body.do) {
    case 'spawn':
      return planSpawn(body.guest, found);
    case 'destroy':
      return planDestroy(guestId, found);
    case 'respawn':
      return planRespawn(body.guest, found, {
        staysOff: body.staysOff === true,
        fresh: body.fresh === true,
      });
    case 'stop':
      return planStop(guestId, found);
    case 'reboot':
    case 'pause':
    case 'unpause':
      return [{ do: body.do, guestId }];
    case 'suspend':
      return planSuspend(body.guest, found);
    case 'resume':
      return planResume(body.guest, found);
    case 'attach':
      return planAttach(body.guest, body.nic);
    case 'detach':
      return planDetach(guestId, body.nic, found);
    default:
      return refuseUnknown(body);
  }
}

/** A controller may be newer than this agent. */
function refuseUnknown(body: never): never {
  const word = String((body as { do?: unknown }).do);
  throw new ComputeError(
    'notImplemented',
    `the agent of this host does not know the command "${word}": it is older than the controller; upgrade it`,
  );
}

function guestIdOf(body: HostCommandBody): string {
  return 'guest' in body ? body.guest.id : body.guestId;
}
