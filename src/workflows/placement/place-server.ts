/**
 * Chooses a host for one server and claims the exact devices and resources there: for a boot and
 * for every move. Choice and claim are one commit of the caller.
 */
import type { Host, HostChange } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import { type Booked, claimServer } from '#core/ledger/host-ledger.ts';
import { takeDevices } from '#core/pci/claims/take-devices.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Decision, Rejection } from '#core/scheduling/decision.ts';
import { fitTogether } from '#core/scheduling/pci-fit.ts';
import type { RequestSpec } from '#core/scheduling/request-spec.ts';
import { selectBest, selectHosts } from '#core/scheduling/select-hosts.ts';
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
  const { booked, spec, attempt } = placing;
  const view = await context.fleet.refresh(context.store.hosts, context.settings, context.links);
  const decision: Decision = {
    serverId: booked.id,
    attempt,
    decidedAt: context.clock.now(),
    chosen: null,
    ...chooseFrom(view, spec, context.settings),
    devices: [],
  };
  for (const candidate of decision.candidates) {
    const host = view.row(candidate.host);
    invariant(host, `the scheduler chose ${candidate.host}, which was not a candidate`);
    const claim = await tryClaim(context, host, placing);
    if ('rejection' in claim) decision.rejections.push(claim.rejection);
    else return placed(host, claim, decision);
  }
  return { host: undefined, view, decision: withReasons(decision, view, spec) };
}

function placed(host: Host, { change, taken }: Claim, decision: Decision): Placed {
  const devices = taken.map((device) => ({
    requestId: device.requestId ?? '',
    address: device.address,
    pool: device.parentAddress ?? device.address,
  }));
  return { host, change, decision: { ...decision, chosen: host.name, devices } };
}

/**
 * Above this number, the reasons of hosts that were not chosen are too expensive; they are computed
 * when no host is left.
 */
const mostHostsExplained = 200;

function chooseFrom(
  { fleet }: FleetView,
  spec: RequestSpec,
  { weights }: Pick<WorkflowContext['settings'], 'weights'>,
): Pick<Decision, 'candidates' | 'rejections'> {
  if (fleet.size <= mostHostsExplained) return selectHosts(spec, fleet, { weights });
  return { candidates: selectBest(spec, fleet, { weights }), rejections: [] };
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
  context: WorkflowContext,
  host: Host,
  { booked, requests, numa: guest, moveId }: Placing,
): Promise<Claim | { rejection: Rejection }> {
  const devices =
    requests.length === 0 ? [] : await context.fleet.devices(context.store.hosts, host);
  const taking = fitTogether(
    { guest, host: host.numa, pools: host.pciStats, requests },
    ({ cells = [], host: hostNuma = [] }) => {
      const preference = context.settings.cardPreference;
      return takeDevices({ devices, requests, numaCells: cells, hostNuma, preference }, booked.id);
    },
  );
  if (!taking.ok) {
    return { rejection: { host: host.name, filter: 'claim', reasons: taking.reasons } };
  }
  const { changed, shares } = taking;
  const claimed = { changed, shares, ...(moveId !== undefined && { moveId }) };
  const change = hostChange(host, claimServer(host, devices, booked, claimed));
  return { change, taken: changed.filter((device) => device.serverId === booked.id) };
}
