/**
 * Chooses a host for one server and claims the exact devices and resources there: for a boot and
 * for every move. Choice and claim are one commit of the caller.
 */
import type { Host, HostChange } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import { type Booked, claimServer } from '#core/ledger/host-ledger.ts';
import type { CardPreference } from '#core/pci/claims/card-preference.ts';
import type { HostDevices } from '#core/pci/claims/host-devices.ts';
import { takeDevices } from '#core/pci/claims/take-devices.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Candidate, Decision, Rejection } from '#core/scheduling/decision.ts';
import type { Fleet } from '#core/scheduling/fleet.ts';
import { fitTogether } from '#core/scheduling/pci-fit.ts';
import type { RequestSpec } from '#core/scheduling/request-spec.ts';
import { type HostSelection, selectBest, selectHosts } from '#core/scheduling/select-hosts.ts';
import type { GuestNuma } from '#core/servers/guest-numa.ts';
import type { WorkflowContext } from '../engine/context.ts';
import type { FleetView } from '../hosts/fleet-view.ts';
import { hostChange } from '../hosts/host-change.ts';

/** What is to be placed. `spec`: the same, as the filters read it. */
export interface Placing {
  booked: Booked;
  requests: PciRequest[];
  numa: GuestNuma | null;
  spec: RequestSpec;
  /** 1 for the first host tried. */
  attempt: number;
  /** Of the move that the claim is for; absent for a boot. */
  moveId?: string;
}

/** `change`: the claim on the host. */
export interface Placed {
  host: Host;
  change: HostChange;
  decision: Decision;
}

/** No host is left. The decision has a reason for every host. */
export interface NotPlaced {
  host: undefined;
  view: FleetView;
  decision: Decision;
}

/** Changes nothing. Tries the hosts in the order of their weights until a claim succeeds. */
export async function placeServer(
  context: WorkflowContext,
  placing: Placing,
): Promise<Placed | NotPlaced> {
  const view = await context.fleet.refresh(context.store.hosts, context.settings, context.links);
  const hosts: HostsToChoose = {
    fleet: view.fleet,
    row: (name) => view.row(name),
    devices: (host) => context.fleet.devices(context.store.hosts, host),
  };
  const choice = await chooseHost(hosts, placing, {
    ...context.settings,
    ...amongBest(context.peers),
  });
  const decision = decisionOf(choice, placing, context.clock.now());
  const { claim } = choice;
  if (claim !== undefined) return { host: claim.host, change: claim.change, decision };
  return { host: undefined, view, decision: withReasons(decision, view, placing.spec) };
}

/** Snapshots of the hosts, and what a claim on one of them reads. */
export interface HostsToChoose {
  fleet: Fleet;
  /** By name. */
  row(name: string): Host | undefined;
  devices(host: Host): Promise<HostDevices>;
}

/** What was chosen, and what was refused until then. */
export interface Choice {
  /** undefined: no host is left. `taken`: the devices. */
  claim: { host: Host; change: HostChange; taken: PciDevice[] } | undefined;
  candidates: Candidate[];
  /** The hosts that a filter refused; made when they are first read. None for a large fleet. */
  filtered: () => Rejection[];
  /** The candidates whose claim was refused. */
  unclaimed: Rejection[];
}

interface ChoosingOrder {
  /** So many of the best candidates are tried in a random order; absent: by their weights. */
  among?: number;
}

/** Of the best hosts for each controller that is alive. */
const hostsPerController = 4;

/**
 * With other controllers at work, the best hosts are tried in a random order: all would choose the
 * same one, and only one of them could claim there. As Nova's `host_subset_size`.
 */
function amongBest(peers: WorkflowContext['peers']): ChoosingOrder {
  return peers === undefined || peers.count === 1
    ? {}
    : { among: hostsPerController * peers.count };
}

/** In a small fleet the weights count for more than a claim that is made again. */
const largestShare = 0.25;

/**
 * The first so many, but at most a quarter of all, in a random order, then the others. `random`:
 * from 0, less than 1.
 */
export function inTurn<Item>(
  candidates: readonly Item[],
  among: number,
  random: () => number = Math.random,
): readonly Item[] {
  const best = Math.min(among, Math.floor(candidates.length * largestShare));
  if (best <= 1) return candidates;
  return [...shuffled(candidates.slice(0, best), random), ...candidates.slice(best)];
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const keyed = items.map((item) => ({ item, key: random() }));
  return keyed.toSorted((one, other) => one.key - other.key).map(({ item }) => item);
}

/** The choice alone; the caller records it and commits the claim, or drops both. */
export async function chooseHost(
  hosts: HostsToChoose,
  placing: Placing,
  settings: Pick<WorkflowContext['settings'], 'weights' | 'cardPreference'> & ChoosingOrder,
): Promise<Choice> {
  const selection = chooseFrom(hosts.fleet, placing.spec, settings);
  const { candidates } = selection;
  const unclaimed: Rejection[] = [];
  const filtered = () => selection.rejections;
  for (const candidate of inTurn(candidates, settings.among ?? 1)) {
    const host = hosts.row(candidate.host);
    invariant(host, `the scheduler chose ${candidate.host}, which was not a candidate`);
    const claim = await tryClaim(hosts, host, placing, settings.cardPreference);
    if ('rejection' in claim) unclaimed.push(claim.rejection);
    else return { claim: { host, ...claim }, candidates, filtered, unclaimed };
  }
  return { claim: undefined, candidates, filtered, unclaimed };
}

/** The choice as it is stored and explained. `decidedAt`: epoch milliseconds. */
export function decisionOf(
  { claim, candidates, filtered, unclaimed }: Choice,
  { booked, attempt }: Pick<Placing, 'booked' | 'attempt'>,
  decidedAt: number,
): Decision {
  const devices = (claim?.taken ?? []).map((device) => ({
    requestId: device.requestId ?? '',
    address: device.address,
    pool: device.parentAddress ?? device.address,
  }));
  return {
    serverId: booked.id,
    attempt,
    decidedAt,
    chosen: claim?.host.name ?? null,
    candidates,
    rejections: [...filtered(), ...unclaimed],
    devices,
  };
}

/**
 * Above this number, the reasons of hosts that were not chosen are too expensive; they are computed
 * when no host is left.
 */
export const mostHostsExplained = 200;

function chooseFrom(
  fleet: Fleet,
  spec: RequestSpec,
  { weights, among }: Pick<WorkflowContext['settings'], 'weights'> & ChoosingOrder,
): HostSelection {
  if (fleet.size <= mostHostsExplained) return selectHosts(spec, fleet, { weights });
  const limit = among === undefined ? {} : { limit: among / largestShare };
  return { candidates: selectBest(spec, fleet, { weights, ...limit }), rejections: [] };
}

/** The decision with a reason for every host that lacks one. */
function withReasons(decision: Decision, { fleet }: FleetView, spec: RequestSpec): Decision {
  const explained = new Set(decision.rejections.map(({ host }) => host));
  const unexplained = fleet.hosts.filter(({ name }) => !explained.has(name));
  const { rejections } = selectHosts(spec, unexplained);
  return { ...decision, rejections: [...decision.rejections, ...rejections] };
}

interface Claim {
  change: HostChange;
  /** The devices. */
  taken: PciDevice[];
}

/**
 * The changes of the claim, computed from the host row that the filters read: if the row has
 * changed since, the commit is refused and the choice is made again.
 */
async function tryClaim(
  hosts: HostsToChoose,
  host: Host,
  { booked, requests, numa: guest, moveId }: Placing,
  preference: CardPreference | undefined,
): Promise<Claim | { rejection: Rejection }> {
  const devices = requests.length === 0 ? [] : await hosts.devices(host);
  const taking = fitTogether(
    { guest, host: host.numa, pools: host.pciStats, requests },
    ({ cells = [], host: hostNuma = [] }) =>
      takeDevices({ devices, requests, numaCells: cells, hostNuma, preference }, booked.id),
  );
  if (!taking.ok) {
    return { rejection: { host: host.name, filter: 'claim', reasons: taking.reasons } };
  }
  const { changed, shares } = taking;
  const claimed = { changed, shares, ...(moveId !== undefined && { moveId }) };
  const change = hostChange(host, claimServer(host, devices, booked, claimed));
  return { change, taken: changed.filter((device) => device.serverId === booked.id) };
}
