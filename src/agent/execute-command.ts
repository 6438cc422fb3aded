/** Does what the controller asked: looks at the host, plans the steps that are missing, executes them, says how it went. */
import type {
  CommandResult,
  HostCommandBody,
  HostQuestion,
  StepRecord,
} from '#contracts/host-link.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { Guest } from '#core/guests/guest.ts';
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
    await executeSteps(parts, await planFor(parts, body), steps);
    const domainXml = await definitionOf(parts, guestIdOf(body));
    return { ok: true, steps, ...(domainXml !== undefined && { domainXml }) };
  } catch (error) {
    const undo = undoOf(body);
    const undone = undo === undefined ? '' : await tryToUndo(parts, undo, steps);
    const message = `${wordsOf(error)}${undone}`;
    const detail = error instanceof Error ? (error.stack ?? '') : '';
    const sameElsewhere = isComputeError(error, 'invalid');
    return { ok: false, message, detail, steps, ...(sameElsewhere && { sameElsewhere }) };
  }
}

async function executeSteps(parts: HostParts, plan: Step[], steps: StepRecord[]): Promise<void> {
  for (const step of plan) {
    const startedAt = performance.now();
    await executeStep(parts, step);
    steps.push({ step: step.do, milliseconds: performance.now() - startedAt });
  }
}

/**
 * What brings a guest back that would be left running short of a device. Nothing for all others: their workflow undoes them, or what they
 * leave is whole.
 */
function undoOf(body: HostCommandBody): Extract<HostCommandBody, { guest: Guest }> | undefined {
  if (body.do === 'suspend') return { do: 'resume', guest: body.guest };
  if (body.do === 'resume') return { do: 'suspend', guest: body.guest };
  return undefined;
}

/** When that fails too, says so in words that follow the first failure. */
async function tryToUndo(
  parts: HostParts,
  undo: Exclude<HostCommandBody, HostQuestion>,
  steps: StepRecord[],
): Promise<string> {
  try {
    await executeSteps(parts, await planFor(parts, undo), steps);
    return '';
  } catch (error) {
    return `; then it could not be undone: ${wordsOf(error)}`;
  }
}

/** The guest is as it was asked for; that its definition cannot be shown changes nothing of that. */
async function definitionOf({ hypervisor }: HostParts, guestId: string) {
  try {
    return await hypervisor.domainXml(guestId);
  } catch {
    return undefined;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
