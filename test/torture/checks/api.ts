/** What the API of a cloud at rest answers equals its rows. Each violation is one line. */
import { allServers } from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { isOpen } from '../state/holds.ts';
import type { Snapshot } from '../state/snapshot.ts';

interface HypervisorView {
  hypervisor_hostname: string;
  vcpus_used: number;
  memory_mb_used: number;
  local_gb_used: number;
  running_vms: number;
}

interface LimitsView {
  limits: { absolute: Record<'totalInstancesUsed' | 'totalCoresUsed' | 'totalRAMUsed', number> };
}

export async function apiViolations(session: Session, snapshot: Snapshot): Promise<string[]> {
  const shown = await allServers(session);
  const live = snapshot.servers.filter(({ isDeleted }) => !isDeleted);
  const { hypervisors } = await request<{ hypervisors: HypervisorView[] }>(session, {
    service: 'compute',
    path: '/os-hypervisors/detail',
  });
  const { limits } = await request<LimitsView>(session, { service: 'compute', path: '/limits' });
  const sum = (of: (one: (typeof live)[number]) => number) =>
    live.reduce((all, one) => all + of(one), 0);
  const open = snapshot.moves.filter(isOpen);
  /** Of both flavors, while a resize is open. */
  const largest = (of: (one: Pick<Sized, 'flavor'>) => number) => (server: Sized) => {
    const { flavors } = open.find(({ serverId }) => serverId === server.id)?.context ?? {};
    const both = flavors === undefined ? [] : [flavors.before, flavors.after];
    return Math.max(of(server), ...both.map((flavor) => of({ flavor })));
  };
  const [mine] = new Set(live.map(({ projectId }) => projectId));
  return [
    ...differences('servers listed', idsOf(shown), idsOf(live)),
    ...hypervisors.flatMap((view) => hypervisorViolations(snapshot, view)),
    // All servers of the load are of one project.
    ...(mine === undefined
      ? []
      : [
          ...difference('limits: instances', limits.absolute.totalInstancesUsed, live.length),
          ...difference('limits: cores', limits.absolute.totalCoresUsed, sum(largest(vcpusOf))),
          ...difference('limits: ram', limits.absolute.totalRAMUsed, sum(largest(memoryOf))),
        ]),
  ];
}

type Sized = Snapshot['servers'][number];
const vcpusOf = ({ flavor }: Pick<Sized, 'flavor'>) => flavor.vcpus;
const memoryOf = ({ flavor }: Pick<Sized, 'flavor'>) => flavor.memoryMib;

function hypervisorViolations({ hosts, servers }: Snapshot, view: HypervisorView): string[] {
  const { hypervisor_hostname: name } = view;
  const host = hosts.find((one) => one.name === name);
  if (host === undefined) return [`hypervisor ${name}: has no row`];
  const running = servers.filter(
    ({ hostName, powerState, isDeleted }) => !isDeleted && hostName === name && powerState === 1,
  );
  return [
    ...difference(`hypervisor ${name}: vcpus`, view.vcpus_used, host.used.vcpus),
    ...difference(`hypervisor ${name}: memory`, view.memory_mb_used, host.used.memoryMib),
    ...difference(`hypervisor ${name}: disk`, view.local_gb_used, host.used.diskGib),
    ...difference(`hypervisor ${name}: running servers`, view.running_vms, running.length),
  ];
}

function difference(what: string, is: number, must: number): string[] {
  return is === must ? [] : [`${what}: the API shows ${is}, the rows ${must}`];
}

function differences(what: string, is: readonly string[], must: readonly string[]): string[] {
  const missing = must.filter((id) => !is.includes(id));
  const surplus = is.filter((id) => !must.includes(id));
  return [
    ...missing.map((id) => `${what}: ${id} is missing`),
    ...surplus.map((id) => `${what}: ${id} has no row`),
  ];
}

function idsOf(all: readonly { id: string }[]): string[] {
  return all.map(({ id }) => id);
}
