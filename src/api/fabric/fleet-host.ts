/** A host in the fleet, as text of the reply and of events. */
import type { FleetHost } from '#client/shapes/fleet.ts';
import type { FabricHost } from '#workflows/hosts/fabric-view.ts';

const texts = new WeakMap<FabricHost, string>();

/** As `FleetHost`, made once for each state of a host. */
export function fleetHostText(host: FabricHost): string {
  const known = texts.get(host);
  if (known !== undefined) return known;
  const text = JSON.stringify(viewFleetHost(host));
  texts.set(host, text);
  return text;
}

function viewFleetHost({ pfs, plain, ...host }: FabricHost): FleetHost {
  return {
    ...host,
    pfs: pfs.map(({ address, ifname, numaNode, ...pf }) => ({
      address,
      ifname,
      numa_node: numaNode,
      ...pf,
    })),
    plain,
  };
}
