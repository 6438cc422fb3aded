/** What must hold of VFs once all of Tempest's servers are deleted. */
import { DatabaseSync } from 'node:sqlite';

/** Of a NIC; null: its server was deleted before it was bound. */
interface Nic {
  server: string;
  request: string | null;
  vnicType: string | null;
}

/**
 * Each violation in a line; empty: all is well. No device is held by a deleted server. If scenarios
 * used ports of a vnic type other than `normal`, each NIC was one, with a device. `file`: Novella's
 * database.
 */
export function deviceViolations(file: string, vnicType: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const held = database
      .prepare(
        `SELECT device.address, instance.uuid FROM pci_devices device
         JOIN instances instance ON instance.uuid = device.instance_uuid
         WHERE instance.deleted_at IS NOT NULL`,
      )
      .all()
      .map((row) => `device ${String(row['address'])} is held by ${String(row['uuid'])}, deleted`);
    const nics = database
      .prepare(
        `SELECT instance_uuid server, pci_request_id request, vif ->> '$.vnicType' vnicType
         FROM instance_nics`,
      )
      .all() as unknown as Nic[];
    return [...held, ...(vnicType === 'normal' ? [] : nicViolations(nics, vnicType))];
  } finally {
    database.close();
  }
}

function nicViolations(nics: readonly Nic[], wanted: string): string[] {
  if (nics.length === 0) return [`no server had a NIC of vnic type ${wanted}`];
  return nics
    .filter(({ request, vnicType }) => request === null || (vnicType ?? wanted) !== wanted)
    .map(({ server, vnicType }) => `a NIC of server ${server} is ${vnicType}, not ${wanted}`);
}
