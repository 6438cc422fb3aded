/** Does what the controller asked: looks at the host, plans the steps that are missing, executes them, says how it went. */
import type { CommandResult, HostCommandBody, StepRecord } from '#contracts/host-link.ts';
import { planDestroy, planSpawn } from '#core/guests/plan.ts';
import type { Step } from '#core/guests/step.ts';
import { executeStep, type HostParts } from './execute-step.ts';

/** Never throws: what goes wrong is in the result, in the host's words, with the steps that were done. */
export async function executeCommand(
  parts: HostParts,
  body: HostCommandBody,
): Promise<CommandResult> {
  const steps: StepRecord[] = [];
  try {
    for (const step of await planFor(parts, body)) {
      const startedAt = performance.now();
      await executeStep(parts, step);
      steps.push({ step: step.do, milliseconds: performance.now() - startedAt });
    }
    if (body.do !== 'spawn') return { ok: true, steps };
    const domainXml = await parts.hypervisor.domainXml(body.guest.id);
    return { ok: true, steps, ...(domainXml !== undefined && { domainXml }) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const detail = error instanceof Error ? (error.stack ?? '') : '';
    return { ok: false, message, detail, steps };
  }
}

async function planFor({ hypervisor }: HostParts, body: HostCommandBody): Promise<Step[]> {
  const guests = await hypervisor.listGuests();
  switch (body.do) {
    case 'spawn':
      return planSpawn(
        body.guest,
        guests.find((found) => found.id === body.guest.id),
      );
    case 'destroy':
      return planDestroy(guests.find((found) => found.id === body.guestId));
  }
}
