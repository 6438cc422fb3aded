/** The contents of a cloud that has just started, for the greeting. */
import type { Store } from '#contracts/store/store.ts';
import type { CloudServices } from './cloud-services.ts';
import type { HostParts } from '../config/host-parts.ts';

/** All names. */
export interface Contents {
  /** Hosts whose agents run in this process, and whether they are simulated. */
  hosts: string[];
  simulated: boolean;
  /**
   * Why hosts of this process cannot run servers, or not all. Example: `hv1: the hypervisor does
   * not answer`.
   */
  problems: string[];
  /** How many of them can run servers at all. */
  usable: number;
  /** Other notes on them. Example: `hv1: no /dev/kvm: guests are emulated`. */
  notes: string[];
  physicalNetworks: string[];
  /** Of our own image service. */
  images: string[];
  flavors: string[];
  /** From before this start: networks of our own service, and servers on these hosts. */
  kept: { networks: number; servers: number };
}

/** Read once the hosts of this process have reported. */
export async function contentsOf(
  store: Store,
  parts: readonly HostParts[],
  { imageNames, networkCount }: Pick<CloudServices, 'imageNames' | 'networkCount'>,
): Promise<Contents> {
  const inProcess = new Set(parts.map(({ host }) => host));
  const hosts = (await store.hosts.list()).filter(({ name }) => inProcess.has(name));
  const onHosts = await store.servers.onHosts(hosts.map(({ id }) => id));
  const problems = hosts.flatMap(({ name, problems: found }) =>
    found
      .filter(({ blocks }) => blocks !== 'none')
      .map(({ message }) => `${name}: ${message.split('\n', 1)[0] ?? ''}`),
  );
  return {
    hosts: [...inProcess],
    simulated: parts.every(({ simulated }) => simulated !== undefined),
    problems,
    usable: hosts.filter(({ problems: found }) => found.every(({ blocks }) => blocks !== 'all'))
      .length,
    notes: parts.flatMap(({ host, notes = [] }) => notes.map((note) => `${host}: ${note}`)),
    physicalNetworks: [...new Set(hosts.flatMap((host) => host.physicalNetworks))].sort(),
    images: await imageNames(),
    flavors: (await store.flavors.list()).map(({ name }) => name),
    kept: {
      networks: await networkCount(),
      servers: [...onHosts.values()].reduce((sum, ids) => sum + ids.length, 0),
    },
  };
}
