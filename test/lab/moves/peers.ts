/**
 * Neutral peers: network namespaces of the emulated hosts, each with a VF in VLAN 42 that no server
 * gets. They ping a guest while it moves.
 */
import { labDevices } from '../machine.ts';
import type { LabHost } from '../host.ts';

/**
 * `far` has a VF of the other PF, so that every guest's answers cross the wire. `near` has one of
 * the guests' PF: the card's own switch is between them.
 */
export const peerNames = ['far', 'near'] as const;
export type PeerName = (typeof peerNames)[number];

const [guests, other] = labDevices.pfs;

/** Of VLAN 42, for servers and peers. */
export const subnet = '10.42.0';

/** The VF of the guests' PF that is not for guests. */
export const nearVf = 4;
export const peerVlan = 42;

/** Creates the peers of a host whose PFs have their VFs. `number`: of the host, 1 or 2. */
export async function addPeers(host: LabHost, number: number): Promise<void> {
  await host.mustRun(`
    set -e
    # A new VF may be named only after it is listed.
    add() { # NAMESPACE PF VF ADDRESS
      ip link set $2 vf $3 vlan ${peerVlan}
      until ip link show dev $2v$3 > /dev/null 2>&1; do sleep 0.1; done
      ip netns add $1
      ip link set $2v$3 netns $1
      ip -n $1 addr add $4/24 dev $2v$3
      ip -n $1 link set $2v$3 up
    }
    add far ${other.interface} 0 ${subnet}.${200 + number}
    add near ${guests.interface} ${nearVf} ${subnet}.${210 + number}`);
}

/** How many of four pings of this address a peer got answered. */
export async function answersTo(host: LabHost, peer: PeerName, address: string): Promise<number> {
  const { stdout } = await host.run(
    `ip netns exec ${peer} ping -n -c 4 -i 0.3 -W 3 ${address} | grep -c 'bytes from'`,
  );
  return Number(stdout);
}
