/**
 * A user's request for a new server, once the body is checked. Whether flavor, image and ports
 * exist is not checked here.
 */
import type { ServerKey } from '../key-pairs/key-pair.ts';
import type { NetworkRequest } from '../networking/network-request.ts';

/** One requested NIC: a network (perhaps with an address on it) or a port; at least one is set. */
export type RequestedNic = Omit<NetworkRequest, 'pciRequestId'>;

/**
 * A requested server. Flavor, image, networks and ports are ids that are not yet resolved.
 * `networks`: 'none' = no NIC; 'auto' = the project's only network (several: conflict; none:
 * invalid); 'unspecified' = left out before microversion 2.37, the same but no network gives a
 * server without NIC. Source: Nova `POST /servers`; the seed, "requested_networks".
 */
export interface NewServerRequest {
  name: string;
  /** null: made from the name. Example of one made: `My Server_1` → `my-server-1`. */
  hostname: string | null;
  description: string | null;
  flavorId: string;
  imageId: string;
  networks: 'auto' | 'none' | 'unspecified' | RequestedNic[];
  minCount: number;
  maxCount: number;
  availabilityZone: string | null;
  /** Administrators only, checked before: the host to use (`az:host`, or `host` of 2.74). */
  forcedHost: string | null;
  keyName: string | null;
  /** The key of that name. */
  key: ServerKey | null;
  metadata: Record<string, string>;
  tags: string[];
  /** Base64, as sent. */
  userData: string | null;
  configDrive: boolean;
  accessIpv4: string | null;
  accessIpv6: string | null;
  diskConfig: 'AUTO' | 'MANUAL';
  hints: PlacementHints;
  /** Names or ids of security groups for the ports that the boot makes. */
  securityGroups: string[];
}

/**
 * Ids of a server group, and of servers to share a host with one of, or with none. Source: Nova
 * `os:scheduler_hints`.
 */
export interface PlacementHints {
  group: string | null;
  sameHost: string[];
  differentHost: string[];
}
