/** The newest refused decisions, counted by reason. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { RefusalsReply } from '#client/shapes/explain.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { DecisionStore } from '#contracts/store/decisions/decision-store.ts';
import type { Rejection } from '#core/scheduling/decision.ts';
import { queryValue } from '#http/routes/query.ts';
import { atSecond } from '../requests/links.ts';
import { nextLinks } from '../requests/paging.ts';
import type { Call, Reply } from '../requests/route.ts';
import { decisionLimit, markerOf } from './decisions.ts';

export const refusalsQuery = ['instance_uuid', 'limit', 'marker'];

/** `hosts` were refused by this filter for this reason; `host` and `message` are of one of them. */
interface RefusedBy {
  filter: string;
  code: string;
  hosts: number;
  host: string;
  message: string;
}

/** A refused decision, without the reasons of each host. */
interface Refused {
  id: number;
  serverId: string;
  decidedAt: number;
  by: RefusedBy[];
}

/** Decisions never change, and each may have megabytes: what was counted is kept. */
const counted = new WeakMap<DecisionStore, Map<number, Refused>>();
const mostKept = 1_000;

/** Of the newest refused decisions, at most 100; the marker is an id. */
export async function countRefusals(call: Call): Promise<Reply> {
  const { decisions } = call.context.store;
  const limit = decisionLimit(call);
  const before = markerOf(call);
  const serverId = queryValue(call.query, 'instance_uuid');
  const ids = await decisions.ids({
    limit,
    isRefused: true,
    ...(before !== undefined && { before }),
    ...(serverId !== undefined && { serverId }),
  });
  const refused: Refused[] = [];
  for (const id of ids) {
    const one = keptOf(decisions).get(id) ?? (await read(decisions, id));
    if (one !== undefined) refused.push(one);
  }
  const links = nextLinks(call, ids, { limit, idOf: String });
  const body = { ...countOf(refused), ...(links.length > 0 && { decisions_links: links }) };
  return { body: body satisfies OperatorReply<'GET /decisions/refusals'> };
}

async function read(decisions: DecisionStore, id: number): Promise<Refused | undefined> {
  const decision = await decisions.get(id);
  await afterEvents();
  if (decision === undefined) return undefined;
  const { serverId, decidedAt, rejections } = decision;
  const refused = { id, serverId, decidedAt, by: refusalsByReason(rejections) };
  const kept = keptOf(decisions);
  kept.set(id, refused);
  if (kept.size > mostKept) kept.delete(Math.min(...kept.keys()));
  return refused;
}

function keptOf(decisions: DecisionStore): Map<number, Refused> {
  const kept = counted.get(decisions) ?? new Map<number, Refused>();
  counted.set(decisions, kept);
  return kept;
}

/**
 * By filter and the code of the first reason, the most frequent first. Example: two hosts without a
 * free VF and one that is down → `pci-exhausted` of 2, `host-down` of 1.
 */
function refusalsByReason(rejections: readonly Rejection[]): RefusedBy[] {
  const groups = new Map<string, RefusedBy>();
  for (const { host, filter, reasons } of rejections) {
    const { code = '', message = '' } = reasons[0] ?? {};
    const key = `${filter} ${code}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { filter, code, hosts: 1, host, message });
    else known.hosts += 1;
  }
  return [...groups.values()].toSorted((one, other) => other.hosts - one.hosts);
}

/** `refused`: newest first. */
function countOf(refused: readonly Refused[]): RefusalsReply {
  const refusals = new Map<string, RefusalsReply['refusals'][number]>();
  for (const { id, serverId, decidedAt, by } of refused) {
    for (const { filter, code, hosts, host, message } of by) {
      const key = JSON.stringify([filter, code]);
      const known = refusals.get(key);
      if (known !== undefined) {
        known.decisions += 1;
        known.hosts += hosts;
        continue;
      }
      const newest = { decision_id: id, instance_uuid: serverId, decided_at: atSecond(decidedAt) };
      refusals.set(key, { filter, code, decisions: 1, hosts, ...newest, host, message });
    }
  }
  const momentOf = (one: Refused | undefined) =>
    one === undefined ? null : atSecond(one.decidedAt);
  return {
    decisions: refused.length,
    first_at: momentOf(refused.at(-1)),
    last_at: momentOf(refused[0]),
    refusals: [...refusals.values()].toSorted(
      (one, other) => other.decisions - one.decisions || other.hosts - one.hosts,
    ),
  };
}
