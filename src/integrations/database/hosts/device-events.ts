/** The history of devices: rows that are added with the change that they describe. */
import type { Kysely, Selectable } from 'kysely';
import type { DeviceHistoryPage, RecordedDeviceEvent } from '#contracts/store/host-store.ts';
import type { DeviceEvent, DeviceEventName } from '#core/pci/claims/device-events.ts';
import type { Vif } from '#core/networking/vif.ts';
import { prepared } from '../rows/prepared.ts';
import { readReported } from '../rows/readable-rows.ts';
import type { ComputeTables, DeviceEventRow } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

interface Written {
  hostId: string;
  address: string;
  at: number;
  event: string;
  serverId: string | null;
  requestId: string | null;
  detail: string | null;
}

/** With the port for which the server has it, as it is bound. */
const insertEvent = prepared((db: Db, given: Written) =>
  db.insertInto('device_events').values((eb) => {
    const nic = eb
      .selectFrom('instance_nics')
      .where('instance_uuid', '=', given.serverId)
      .where('pci_request_id', '=', given.requestId)
      .limit(1);
    return {
      compute_node_id: given.hostId,
      address: given.address,
      at: given.at,
      event: given.event,
      instance_uuid: given.serverId,
      request_id: given.requestId,
      port_id: nic.select('port_id'),
      vif: nic.select('vif'),
      detail: given.detail,
    };
  }),
);

export async function recordDeviceEvents(
  trx: Db,
  { hostId, at }: { hostId: string; at: number },
  events: readonly DeviceEvent[],
): Promise<void> {
  for (const event of events) await insertEvent(trx, { hostId, at, ...event });
}

/** As `HostStore.deviceHistory`. */
export async function deviceHistory(
  db: Db,
  { hostId, address, before, limit }: DeviceHistoryPage,
): Promise<RecordedDeviceEvent[]> {
  const newest = db
    .selectFrom('device_events')
    .selectAll()
    .where('compute_node_id', '=', hostId)
    .where('address', '=', address)
    .orderBy('id', 'desc')
    .limit(limit);
  const page = before === undefined ? newest : newest.where('id', '<', before);
  return (await page.execute()).map(toEvent);
}

function toEvent(row: Selectable<DeviceEventRow>): RecordedDeviceEvent {
  return {
    id: row.id,
    address: row.address as DeviceEvent['address'],
    at: row.at,
    event: row.event as DeviceEventName,
    serverId: row.instance_uuid,
    requestId: row.request_id,
    portId: row.port_id,
    vif: readReported<Vif | null>('device_events.vif', row.vif, null),
    detail: row.detail,
  };
}
