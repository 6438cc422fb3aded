/** The scheduler's decisions, newest first: also those that found no host. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { DecisionSummary } from '#client/shapes/explain.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { StoredDecision } from '#contracts/store/decisions/decision-store.ts';
import { ComputeError } from '#core/errors.ts';
import { queryValue } from '#http/routes/query.ts';
import { atSecond } from '../requests/links.ts';
import { nextLinks, pageLimit, queryFlag } from '../requests/paging.ts';
import type { Call, Reply } from '../requests/route.ts';
import { viewDecision } from './views.ts';

export const decisionsQuery = ['host', 'instance_uuid', 'refused', 'limit', 'marker'];

/** In a fleet of thousands of hosts one refused decision has megabytes of reasons. */
const longestDecisionPage = 100;

/**
 * `?refused=`, `?host=` (the chosen one) and `?instance_uuid=` narrow it. In pages of at most 100;
 * the marker is an id.
 */
export async function listDecisions(call: Call): Promise<Reply> {
  const { query, context } = call;
  const limit = decisionLimit(call);
  const isRefused = queryFlag(query, 'refused');
  const host = queryValue(query, 'host');
  const serverId = queryValue(query, 'instance_uuid');
  const before = markerOf(call);
  const ids = await context.store.decisions.ids({
    limit,
    ...(before !== undefined && { before }),
    ...(isRefused !== undefined && { isRefused }),
    ...(host !== undefined && { host }),
    ...(serverId !== undefined && { serverId }),
  });
  const decisions: DecisionSummary[] = [];
  for (const id of ids) {
    const decision = await context.store.decisions.get(id);
    if (decision !== undefined) decisions.push(summaryOf(decision));
    await afterEvents();
  }
  const links = nextLinks(call, ids, { limit, idOf: String });
  const more = links.length > 0 ? { decisions_links: links } : {};
  return { body: { decisions, ...more } satisfies OperatorReply<'GET /decisions'> };
}

/** One with everything that `novella explain` shows of it. Throws `notFound`. */
export async function showDecision(call: Call): Promise<Reply> {
  const id = call.params['id'] ?? '';
  const found = isNumber(id) ? await call.context.store.decisions.get(Number(id)) : undefined;
  if (found === undefined) {
    throw new ComputeError('notFound', `Decision ${id} could not be found.`);
  }
  const decision = { id: found.id, instance_uuid: found.serverId, ...viewDecision(found) };
  return { body: { decision } satisfies OperatorReply<'GET /decisions/:id'> };
}

/** How many decisions one answer has. */
export function decisionLimit({ query }: Pick<Call, 'query'>): number {
  return Math.min(pageLimit(query), longestDecisionPage);
}

/** The id before which a page begins. Throws `invalid` for a marker that is no id. */
export function markerOf({ query }: Pick<Call, 'query'>): number | undefined {
  const marker = queryValue(query, 'marker');
  if (marker === undefined) return undefined;
  if (isNumber(marker)) return Number(marker);
  throw new ComputeError('invalid', `marker [${marker}] not found`);
}

function isNumber(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}

const refusalsShown = 8;

function summaryOf(decision: StoredDecision): DecisionSummary {
  const { devices } = viewDecision(decision);
  return {
    id: decision.id,
    instance_uuid: decision.serverId,
    attempt: decision.attempt,
    decided_at: atSecond(decision.decidedAt),
    chosen: decision.chosen,
    candidates: decision.candidates.length,
    devices,
    refusals: refusalsOf(decision),
  };
}

/** By filter and first reason. */
function refusalsOf({ rejections }: StoredDecision): DecisionSummary['refusals'] {
  const groups = Map.groupBy(rejections, ({ filter, reasons: [first] }) =>
    JSON.stringify([filter, first?.code, first?.message]),
  );
  return [...groups.values()]
    .toSorted((one, other) => other.length - one.length)
    .slice(0, refusalsShown)
    .flatMap((alike) =>
      alike.slice(0, 1).map(({ host, filter, reasons: [first] }) => ({
        filter,
        code: first?.code ?? '',
        message: first?.message ?? '',
        hosts: alike.length,
        host,
      })),
    );
}
