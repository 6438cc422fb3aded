/** The filters of the scheduler in their order, and what each one checks. */

/** Each host is refused by the first that refuses it. Source: docs/scheduling.md. */
export const filterMeanings: Readonly<Record<string, string>> = {
  'forced host': 'the host that an administrator requested',
  zone: 'availability zone',
  aggregate: 'aggregates that the flavor requires',
  same_host: 'hosts of the servers in the hint same_host',
  different_host: 'hosts of the servers in the hint different_host',
  enabled: 'is the host enabled?',
  alive: 'does its agent report?',
  health: 'problems of the host',
  excluded: 'hosts where this server failed, or that it leaves',
  'guest transfer': 'can it receive the disks of the server?',
  group: 'policy of the server group',
  resources: 'free processors, memory and disk',
  numa: 'NUMA nodes of the guest',
  pci: 'free devices',
  network: 'Neutron agents',
};

const order = Object.keys(filterMeanings);

/** Filters of a newer controller come last. */
export function filterRank(filter: string): number {
  const at = order.indexOf(filter);
  return at < 0 ? order.length : at;
}
