/** What a guest can read about itself: `meta_data.json`. */
import type { Vif } from '../../networking/vif.ts';
import type { KeyType } from '../../key-pairs/key-pair.ts';
import { isTrue } from '../../pci/devices/boolean-text.ts';
import type { Server } from '../../servers/server.ts';

/** A NIC that a guest could not otherwise distinguish from its others. Keys as guests read them. */
export interface NicMetaData {
  type: 'nic';
  bus: 'pci';
  mac: string;
  vf_trusted: boolean;
  tags?: string[];
  vlan?: number;
}

export interface MetaData {
  uuid: string;
  name: string;
  hostname: string;
  launch_index: number;
  availability_zone: string;
  project_id: string;
  meta: Record<string, string>;
  devices: NicMetaData[];
  /** Key by name; absent without one. Guests read either. */
  public_keys?: Record<string, string>;
  keys?: { name: string; type: KeyType; data: string }[];
}

/**
 * Devices are the NICs that have a role tag, a VLAN, or a trusted VF. A NIC's place on the guest's
 * bus is known only to the hypervisor, once it runs; its MAC identifies it. Source: Nova
 * `InstanceMetadata._metadata_as_json`, `_get_device_metadata`.
 */
export function metaData(server: Server, vifs: readonly Vif[], zone: string): MetaData {
  return {
    uuid: server.id,
    name: server.name,
    hostname: server.hostname,
    launch_index: server.launchIndex,
    availability_zone: zone,
    project_id: server.projectId,
    meta: server.metadata,
    devices: vifs.flatMap(nicMetaData),
    ...keysOf(server),
  };
}

function keysOf({ keyName, key }: Server): Pick<MetaData, 'public_keys' | 'keys'> {
  if (keyName === null || key === null) return {};
  const { type, publicKey } = key;
  return {
    public_keys: { [keyName]: publicKey },
    keys: [{ name: keyName, type, data: publicKey }],
  };
}

function nicMetaData(vif: Vif): NicMetaData[] {
  const vlan = Number(vif.details['vlan'] ?? 0);
  const hasVlan = Number.isInteger(vlan) && vlan > 0;
  const { trusted } = vif.profile;
  const isTrusted = trusted === true || (typeof trusted === 'string' && isTrue(trusted));
  if (!hasVlan && !isTrusted && vif.tag === null) return [];
  return [
    {
      type: 'nic',
      bus: 'pci',
      mac: vif.macAddress,
      vf_trusted: isTrusted,
      ...(vif.tag !== null && { tags: [vif.tag] }),
      ...(hasVlan && { vlan }),
    },
  ];
}
