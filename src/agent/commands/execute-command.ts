/**
 * Executes a command of the controller: reads the host, plans the missing steps, executes them,
 * reports the outcome.
 */
import type { GuestCounters } from '#contracts/host/guest-counters.ts';
import {
  type CommandResult,
  type HostCommandBody,
  type HostQuestion,
  questions,
  type StepRecord,
} from '#contracts/host/host-link.ts';
import type { MoveProgress } from '#contracts/host/movable-guest.ts';
import { ComputeError, errorText, isComputeError } from '#core/errors.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { type FoundGuest, isLive, planDestroy, planSpawn } from '#core/guests/plan/plan.ts';
import {
  planAttach,
  planChangeNic,
  planDetach,
  planRescue,
  planRespawn,
  planResume,
  planSnapshot,
  planStop,
  planSuspend,
} from '#core/guests/plan/plan-change.ts';
import {
  planExpect,
  planMoveIn,
  planMoveOut,
  planPaused,
  planPrefetch,
} from '#core/guests/plan/plan-move.ts';
import { printPlan, printStep } from '#core/guests/plan/print-step.ts';
import type { Step } from '#core/guests/plan/step.ts';
import { undoStep } from '#core/guests/plan/undo-step.ts';
import { AbortedMove } from '#core/servers/aborted-move.ts';
import { passedThroughNics } from '../devices/guest-traffic.ts';
import { executeStep } from './execute-step.ts';
import { transferOf } from '../moves/transfer-of.ts';
import type { HostParts } from '../host-parts.ts';

/** A plan, and how it is undone when it fails part-way. */
interface Plan {
  steps: Step[];
  /**
   * Undone in reverse as far as it was done. What is not undone is undone by the same command when
   * it is sent again.
   */
  isUndone: (step: Step) => boolean;
}

/**
 * Never throws: errors are in the result, in the host's text, with the steps that were done. A
 * spawn or attach that fails leaves the host as it was.
 */
export async function executeCommand(
  parts: HostParts,
  body: HostCommandBody,
): Promise<CommandResult> {
  const records: StepRecord[] = [];
  const begun: Step[] = [];
  const arrivedAt = performance.now();
  let isUndone: Plan['isUndone'] = () => false;
  try {
    if (isQuestion(body)) {
      return { ok: true, steps: records, ...(await answer(parts, body)) };
    }
    const plan = await planFor(parts, body);
    isUndone = plan.isUndone;
    parts.log.debug(
      { host: parts.host, guest: guestIdOf(body), do: body.do },
      printPlan(plan.steps),
    );
    for (const step of plan.steps) {
      begun.push(step);
      records.push(await timed(parts, step, arrivedAt));
    }
    const domainXml = await definitionOf(parts, guestIdOf(body));
    const output = await outputOf(parts, body);
    return {
      ok: true,
      steps: records,
      ...(domainXml !== undefined && { domainXml }),
      ...(output !== undefined && { output }),
    };
  } catch (error) {
    const message = errorText(error);
    const detail = error instanceof Error ? (error.stack ?? '') : '';
    const left = await undo(parts, begun.filter(isUndone));
    left.push(...(await bringBack(parts, body, { begun, records, arrivedAt })));
    const sameElsewhere = isComputeError(error, 'invalid');
    const undone = left.length === 0 && (await isAsBefore(parts, body));
    return {
      ok: false,
      message,
      detail: [detail, ...left].join('\n'),
      steps: records,
      ...(sameElsewhere && { sameElsewhere }),
      ...(undone && { undone }),
      ...(error instanceof AbortedMove && { aborted: true }),
    };
  }
}

function isQuestion(body: HostCommandBody): body is HostQuestion {
  return questions.includes(body.do);
}

async function answer(
  parts: HostParts,
  question: HostQuestion,
): Promise<{ output?: string; counters?: GuestCounters; progress?: MoveProgress | null }> {
  const { guestFiles, hypervisor } = parts;
  const { guestId } = question;
  switch (question.do) {
    case 'console':
      return { output: await guestFiles.consoleOutput(guestId, question.lines) };
    case 'counters': {
      const counters = await hypervisor.counters(guestId);
      const nics = [...counters.nics, ...(await passedThroughNics(parts, guestId))];
      return { counters: { ...counters, nics } };
    }
    case 'move-progress':
      return { progress: await transferOf(parts).progress(guestId) };
    case 'abort-move':
      await transferOf(parts).abort(guestId);
      return {};
    case 'force-move':
      await transferOf(parts).force(guestId);
      return {};
    case 'end-transfer':
      if (question.peer === undefined) await transferOf(parts).end(guestId);
      else await transferOf(parts).endWith(question.peer);
      return {};
    case 'set-password': {
      const { user: name, password } = question;
      await hypervisor.setPassword(guestId, { name, password });
      return {};
    }
  }
}

/** What the other host of a move needs. */
async function outputOf(parts: HostParts, body: HostCommandBody): Promise<string | undefined> {
  if (body.do === 'expect') {
    const { from: host, keepsFiles = false } = body;
    return transferOf(parts).expect(body.guest, { host, keepsFiles });
  }
  if (body.do === 'offer') return transferOf(parts).offer(body.guest, body.to);
  if (body.do !== 'move-out') return undefined;
  const offer = transferOf(parts).offer(body.guest, body.to);
  if (body.arrival === undefined) return offer;
  return offer.catch((error: unknown) => {
    // It has left: what can be lost is text of its console.
    const { host, log } = parts;
    log.warn({ host, guest: body.guest.id, err: error }, 'text of a console is not offered');
    return undefined;
  });
}

/** Whether a failed command, whose undo had no failure, has left nothing. */
async function isAsBefore(parts: HostParts, body: HostCommandBody): Promise<boolean> {
  if (body.do === 'rescue') return true;
  if (body.do === 'move-out') return stillRuns(parts, body.guest);
  const makesFiles = body.do === 'spawn' || body.do === 'expect' || body.do === 'prefetch';
  return makesFiles && (await hasNoFiles(parts, body));
}

/** Verified, because the other host is not waited for then. */
async function stillRuns({ hypervisor }: HostParts, { id }: Guest): Promise<boolean> {
  try {
    return (await hypervisor.listGuests()).some((found) => found.id === id && isLive(found));
  } catch {
    return false;
  }
}

/**
 * A spawn creates the files first: without them no earlier attempt, by an agent that was killed,
 * has created anything.
 */
async function hasNoFiles(
  { guestFiles }: HostParts,
  { guest }: { guest: Guest },
): Promise<boolean> {
  try {
    return !(await guestFiles.list()).includes(guest.id);
  } catch {
    return false;
  }
}

async function timed(parts: HostParts, step: Step, arrivedAt: number): Promise<StepRecord> {
  const startedAt = performance.now();
  await executeStep(parts, step);
  const milliseconds = performance.now() - startedAt;
  return { step: step.do, milliseconds, after: startedAt - arrivedAt };
}

/** The guest is as requested, even if its definition cannot be read. */
async function definitionOf({ hypervisor }: HostParts, guestId: string) {
  try {
    return await hypervisor.domainXml(guestId);
  } catch {
    return undefined;
  }
}

interface Progress {
  begun: readonly Step[];
  records: StepRecord[];
  /** Of the command. */
  arrivedAt: number;
}

/**
 * A suspend, resume or rescue that fails half-way leaves the guest without a device, or off: it is
 * returned to its previous state. Their steps are not undone one by one, because the undo depends
 * on what the guest has by now.
 */
async function bringBack(
  parts: HostParts,
  body: HostCommandBody,
  { begun, records, arrivedAt }: Progress,
): Promise<string[]> {
  if (body.do !== 'suspend' && body.do !== 'resume' && body.do !== 'rescue') return [];
  const back = commandBack(body, begun);
  if (back === undefined) return [];
  try {
    const { steps } = await planFor(parts, back);
    for (const step of steps) records.push(await timed(parts, step, arrivedAt));
    return [];
  } catch (error) {
    const message = errorText(error);
    const { id: guest } = body.guest;
    parts.log.warn({ host: parts.host, guest, err: error }, `${body.do} was not undone`);
    return [`not undone: ${message}`];
  }
}

/** undefined: the guest is as it was. */
function commandBack(
  body: Extract<HostCommandBody, { do: 'suspend' | 'resume' | 'rescue' }>,
  begun: readonly Step[],
): Exclude<HostCommandBody, HostQuestion> | undefined {
  if (body.do !== 'rescue') {
    return { do: body.do === 'suspend' ? 'resume' : 'suspend', guest: body.guest };
  }
  if (begun.every((step) => step.do === 'prepare-rescue')) return undefined;
  const { rescue: _, ...guest } = body.guest;
  return {
    do: 'respawn',
    guest,
    keepsFiles: true,
    ...(body.staysOff === true && { staysOff: true }),
  };
}

/**
 * The failed step is undone too, because it may have been done in part. What cannot be undone is
 * reported, and does not prevent other undo steps.
 */
async function undo(parts: HostParts, steps: readonly Step[]): Promise<string[]> {
  const left: string[] = [];
  for (const step of steps.toReversed()) {
    const back = undoStep(step);
    if (back === undefined) continue;
    try {
      await executeStep(parts, back);
    } catch (error) {
      const message = errorText(error);
      left.push(`not undone: ${printStep(step)}: ${message}`);
      parts.log.warn({ host: parts.host, step: step.do, err: error }, 'a step was not undone');
    }
  }
  return left;
}

async function planFor(
  parts: HostParts,
  body: Exclude<HostCommandBody, HostQuestion>,
): Promise<Plan> {
  const guestId = guestIdOf(body);
  const found = (await parts.hypervisor.listGuests()).find((guest) => guest.id === guestId);
  return { steps: stepsFor(body, found), isUndone: (step) => isUndone(body, found, step) };
}

/** Commands that leave nothing of a new guest when they fail. */
const undoing: ReadonlySet<HostCommandBody['do']> = new Set([
  'spawn',
  'prefetch',
  'expect',
  'move-in',
]);

/** A guest that existed before the spawn is kept, with its disk. */
function isUndone(body: HostCommandBody, found: FoundGuest | undefined, step: Step): boolean {
  if (body.do === 'attach' || body.do === 'snapshot') return true;
  if (body.do === 'move-out') return step.do === 'detach-nic' || step.do === 'connect-hosts';
  if (!undoing.has(body.do)) return false;
  if ('keepsFiles' in body && body.keepsFiles && step.do.endsWith('-files')) return false;
  const isOfGuest = step.do === 'define' || step.do.endsWith('-files');
  return found === undefined || !isOfGuest;
}

function stepsFor(
  body: Exclude<HostCommandBody, HostQuestion>,
  found: FoundGuest | undefined,
): Step[] {
  const guestId = guestIdOf(body);
  switch (body.do) {
    case 'spawn':
      return [
        ...planSpawn(body.guest, found, body),
        ...(body.staysPaused === true ? planPaused(guestId, found) : []),
      ];
    case 'destroy':
      return planDestroy(guestId, found, body);
    case 'respawn':
      return planRespawn(body.guest, found, {
        staysOff: body.staysOff === true,
        fresh: body.fresh === true,
        keepsFiles: body.keepsFiles === true,
      });
    case 'rescue':
      return planRescue(body.guest, found);
    case 'offer':
      return [{ do: 'check-departure', guest: body.guest, mayBeOff: body.mayBeOff === true }];
    case 'prefetch':
      return planPrefetch(body.guest, found, body);
    case 'expect':
      return planExpect(body.guest, found, body);
    case 'move-out':
      return planMoveOut(body.guest, found, body);
    case 'move-in':
      return planMoveIn(body.guest, found, body);
    case 'snapshot':
      return planSnapshot(body, found);
    case 'stop':
      return planStop(guestId, found);
    case 'reboot':
    case 'pause':
    case 'unpause':
    case 'inject-nmi':
      return [{ do: body.do, guestId }];
    case 'suspend':
      return planSuspend(body.guest, found);
    case 'resume':
      return planResume(body.guest, found);
    case 'attach':
      return planAttach(body.guest, body.nic, found);
    case 'detach':
      return planDetach(guestId, body.nic, found);
    case 'change-nic':
      return planChangeNic(body.nic, found);
    default:
      return refuseUnknown(body);
  }
}

/** A controller may be newer than this agent. */
function refuseUnknown(body: never): never {
  const name = String((body as { do?: unknown }).do);
  throw new ComputeError(
    'notImplemented',
    `the agent of this host does not know the command "${name}": it is older than the controller; upgrade it`,
  );
}

function guestIdOf(body: HostCommandBody): string {
  return 'guest' in body ? body.guest.id : body.guestId;
}
