/**
 * Where servers would be placed that nobody has requested: by the engine of every boot, on a copy
 * of the hosts in memory. Nothing is claimed or stored.
 */
import type { Caller } from '#contracts/services/identity.ts';
import { compareText } from '#core/compare-text.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Decision, Rejection } from '#core/scheduling/decision.ts';
import type { RequestSpec } from '#core/scheduling/request-spec.ts';
import { selectHosts } from '#core/scheduling/select-hosts.ts';
import { PausedWork } from './paused-work.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { WorkflowContext } from '../engine/context.ts';
import {
  type Choice,
  chooseHost,
  decisionOf,
  mostHostsExplained,
  type Placing,
} from '../placement/place-server.ts';
import { type ScratchFleet, scratchFleet } from './scratch-fleet.ts';
import { requestedServer, type RequestedServer, type WhatIfQuestion } from './requested-server.ts';

/** Most servers that one question places. */
export const mostServers = 10_000;
/**
 * Milliseconds of processor time after which no further server is placed. `novella what-if` names
 * the limit.
 */
const mostMs = 5_000;

/** `count`: all that were requested; `capacity`: no host takes another; else a bound. */
export type WhatIfEnd = 'count' | 'capacity' | 'most' | 'time';

export interface WhatIfAnswer {
  /** How many fit, and what ended the search for more. */
  fits: number;
  endedBy: WhatIfEnd;
  /** Of the first server, with a reason for every other host of a fleet of up to 200. */
  first: Decision;
  requests: PciRequest[];
  /** Of every host, by name; `refusal` null: it may take one more. */
  hosts: { host: string; servers: number; refusal: Rejection | null }[];
}

/** One after the other: together they would hold up other requests. */
const questions = new SerialQueue();

/**
 * Throws `invalid` for what a boot would refuse at once, naming the field. Quotas do not count.
 * Example: direct NIC on physnet1, `count: 'max'` → `{ fits: 14, endedBy: 'capacity', … }`.
 */
export async function whatIf(
  context: WorkflowContext,
  caller: Caller,
  question: WhatIfQuestion,
): Promise<WhatIfAnswer> {
  const requested = await requestedServer(context, caller, question);
  return questions.run(() => place(context, requested, question.count));
}

async function place(
  context: WorkflowContext,
  requested: RequestedServer,
  count: WhatIfQuestion['count'],
): Promise<WhatIfAnswer> {
  const work = new PausedWork();
  const hosts = await scratchFleet(context, work);
  const { first, servers, fits, endedBy, unclaimed } = await fill(context, hosts, {
    requested,
    count,
    work,
  });
  const refusals = new Map(unclaimed.map((rejection) => [rejection.host, rejection]));
  const { spec } = placingOf(context, requested, servers);
  for (const refusal of await refusedBy(hosts, spec, work)) refusals.set(refusal.host, refusal);
  const names = hosts.fleet.hosts.map(({ name }) => name).sort(compareText);
  return {
    fits,
    endedBy,
    first,
    requests: requested.requests,
    hosts: names.map((host) => ({
      host,
      servers: servers.get(host) ?? 0,
      refusal: refusals.get(host) ?? null,
    })),
  };
}

interface Filled extends Pick<WhatIfAnswer, 'first' | 'fits' | 'endedBy'> {
  /** By host. */
  servers: Map<string, number>;
  /** Hosts whose devices did not suffice for the last one, though no filter refused them. */
  unclaimed: Rejection[];
}

/** Places one server after the other, as boots would be. */
async function fill(
  context: WorkflowContext,
  hosts: ScratchFleet,
  {
    requested,
    count,
    work,
  }: { requested: RequestedServer; count: WhatIfQuestion['count']; work: PausedWork },
): Promise<Filled> {
  const servers = new Map<string, number>();
  let first: Decision | undefined;
  for (let fits = 0; ; ) {
    const placing = placingOf(context, requested, servers);
    const choice = await chooseHost(hosts, placing, context.settings);
    const { claim, unclaimed } = choice;
    first ??= await explained(context, hosts, { choice, placing, work });
    if (claim === undefined) return { first, servers, fits, endedBy: 'capacity', unclaimed };
    hosts.book(claim.host, claim.change);
    servers.set(claim.host.name, (servers.get(claim.host.name) ?? 0) + 1);
    fits += 1;
    const endedBy = boundReached(fits, count, work.spentMs);
    if (endedBy !== undefined) return { first, servers, fits, endedBy, unclaimed: [] };
    await work.pause();
  }
}

function boundReached(
  fits: number,
  count: WhatIfQuestion['count'],
  spentMs: number,
): WhatIfEnd | undefined {
  if (fits === count) return 'count';
  if (fits === mostServers) return 'most';
  return spentMs > mostMs ? 'time' : undefined;
}

/** The next server, beside those that are already on these hosts. */
function placingOf(
  { newId }: WorkflowContext,
  { flavor, spec: requested, ...rest }: RequestedServer,
  servers: ReadonlyMap<string, number>,
): Placing {
  const id = newId();
  const spec: RequestSpec = { ...requested, serverId: id };
  const { group } = requested;
  if (group !== null && group !== undefined) {
    const members = new Map(group.hosts);
    for (const [host, more] of servers) members.set(host, (members.get(host) ?? 0) + more);
    spec.group = { ...group, hosts: members };
  }
  return { ...rest, booked: { id, flavor }, spec, attempt: 1 };
}

/** The choice as a boot records it; its reasons are made in several turns. */
async function explained(
  { clock }: WorkflowContext,
  hosts: ScratchFleet,
  { choice, placing, work }: { choice: Choice; placing: Placing; work: PausedWork },
): Promise<Decision> {
  const isExplained = choice.claim === undefined || hosts.fleet.size <= mostHostsExplained;
  const filtered = isExplained ? await refusedBy(hosts, placing.spec, work) : [];
  return decisionOf({ ...choice, filtered: () => filtered }, placing, clock.now());
}

/** Hosts whose reasons are made between two pauses: those of one take up to some milliseconds. */
const hostsAtOnce = 5;

/** The first filter that refuses each host, and its reasons. */
async function refusedBy(
  { fleet }: ScratchFleet,
  spec: RequestSpec,
  work: PausedWork,
): Promise<Rejection[]> {
  const rejections: Rejection[] = [];
  const all = fleet.hosts;
  for (let start = 0; start < all.length; start += hostsAtOnce) {
    rejections.push(...selectHosts(spec, all.slice(start, start + hostsAtOnce)).rejections);
    await work.pause();
  }
  return rejections.sort((one, other) => compareText(one.host, other.host));
}
