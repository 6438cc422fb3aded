/**
 * Whether a bound port is wired: which agent is expected to do that, and the message when none
 * does.
 */
import type { Port } from './port.ts';
import { type VnicTraits, type VnicType, vnicTraits } from './vnic-types.ts';

/**
 * Does this bound port still have to be wired? Not if it is ACTIVE, its network service keeps no
 * status, it is a PF (which no agent manages), or its owner disabled it. Source: Neutron's port
 * statuses; Nova `_get_neutron_events` waits for the VIFs that are not active.
 */
export function awaitsWiring(port: Pick<Port, 'status' | 'vnicType' | 'adminStateUp'>): boolean {
  return (
    port.adminStateUp &&
    vnicTraits(port.vnicType).agent !== 'none' &&
    port.status !== 'ACTIVE' &&
    port.status !== 'N/A'
  );
}

/** `hopeless`: waiting longer changes nothing; `sameElsewhere`, nor does another host. */
export type PlugState =
  | { state: 'wired' }
  | { state: 'waiting'; ports: Port[] }
  | { state: 'hopeless'; message: string; sameElsewhere: boolean };

/**
 * The wiring state of the ports with these ids, given all the server's ports in the network
 * service.
 */
export function plugState(
  awaited: readonly string[],
  ports: readonly Port[],
  host: string,
): PlugState {
  const waiting: Port[] = [];
  for (const id of awaited) {
    const port = ports.find((each) => each.id === id);
    if (port === undefined) {
      const message = `port ${id} is no longer this server's in the network service: it will not be wired on host ${host}`;
      return { state: 'hopeless', message, sameElsewhere: true };
    }
    if (port.status === 'ERROR') {
      const message = `port ${id} could not be wired on host ${host}: the network service shows it in status ERROR; ${whatToCheck(port.vnicType, host)}`;
      return { state: 'hopeless', message, sameElsewhere: false };
    }
    if (awaitsWiring(port)) waiting.push(port);
  }
  return waiting.length === 0 ? { state: 'wired' } : { state: 'waiting', ports: waiting };
}

/**
 * Why the wait ended. Example: `port 6d0f… (direct, fa:16:3e:…) is still DOWN on host hv1 after 300
 * s: no agent has wired it; see whether the NIC agent …`.
 */
export function unwiredMessage(ports: readonly Port[], host: string, seconds: number): string {
  return ports
    .map(
      ({ id, vnicType, macAddress, status }) =>
        `port ${id} (${vnicType}, ${macAddress}) is still ${status} on host ${host} after ${seconds} s: no agent has wired it; ${whatToCheck(vnicType, host)}`,
    )
    .join('; ');
}

function whatToCheck(vnicType: VnicType, host: string): string {
  const agent = wirers[vnicTraits(vnicType).agent];
  if (agent === undefined) return `see the log of what wires ${vnicType} ports for it`;
  return `see whether the ${agent} there is alive (openstack network agent list --host ${host}), and its log`;
}

const wirers: Partial<Record<VnicTraits['agent'], string>> = {
  switch: 'layer-2 agent (Open vSwitch or Linux bridge)',
  'offloading-switch': 'layer-2 agent (Open vSwitch or OVN)',
  'nic-switch': 'SR-IOV NIC agent (neutron-sriov-nic-agent)',
};
