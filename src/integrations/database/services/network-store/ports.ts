/** Ports in SQL, each read in one statement with its addresses. */
import { isDeepStrictEqual } from 'node:util';
import type { Insertable, Kysely, Updateable } from 'kysely';
import type { NetworkRows, StoredPort } from '#contracts/store/network-store.ts';
import { writeChanges } from '../../rows/changed-columns.ts';
import { eachTextOnce } from '../../rows/each-text-once.ts';
import { prepared, preparedChange } from '../../rows/prepared.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { isInList } from '../../engine/dialect.ts';
import { refuseDuplicate } from '../../engine/unique-violation.ts';
import { replaceAddresses, writeAddresses } from './addresses.ts';
import { onePort, selectPortPage, selectPorts } from './port-selection.ts';
import { type NetworkTables, portShape } from './tables.ts';

type Db = Kysely<NetworkTables>;
type PortRow = NetworkTables['ports'];
type PortPart = Pick<
  NetworkRows,
  | 'addPort'
  | 'port'
  | 'ports'
  | 'portPage'
  | 'portGroups'
  | 'portIdsOn'
  | 'updatePort'
  | 'replacePort'
  | 'removePort'
  | 'isMacTaken'
>;

const addPort = preparedChange((db: Db, row: Insertable<PortRow>) =>
  db.insertInto('ports').values(row),
);
const groupsOf = prepared((db: Db, given: { ids: string }) =>
  db.selectFrom('ports').select(['id', 'securityGroupIds']).where(isInList('id', given.ids)),
);
const idsOn = prepared((db: Db, given: { networkId: string }) =>
  db
    .selectFrom('ports')
    .select('id')
    .where('networkId', '=', given.networkId)
    .orderBy('createdAt')
    .orderBy('id'),
);
const changePort = preparedChange((db: Db, columns: Updateable<PortRow>, given: { key: string }) =>
  db.updateTable('ports').set(columns).where('id', '=', given.key),
);
const changePortAsRead = preparedChange(
  (db: Db, columns: Updateable<PortRow>, given: { key: string; read: number }) =>
    db
      .updateTable('ports')
      .set(columns)
      .where('id', '=', given.key)
      .where('revision', '=', given.read),
);
const removePort = prepared((db: Db, given: { id: string }) =>
  db.deleteFrom('ports').where('id', '=', given.id),
);
const withMac = prepared((db: Db, given: { networkId: string; macAddress: string }) =>
  db
    .selectFrom('ports')
    .select('id')
    .where('networkId', '=', given.networkId)
    .where('macAddress', '=', given.macAddress),
);

export function portRows(db: Db): PortPart {
  return {
    async addPort(port) {
      await refuseDuplicate(macTaken(port), () => addPort(db, rowOf(port), {}));
      await writeAddresses(db, port);
    },
    port: (id) => onePort(db, id),
    ports: (filter) => selectPorts(db, filter),
    portPage: (filter, page) => selectPortPage(db, filter, page),
    async portGroups(ids) {
      const { rows } = await groupsOf(db, { ids: JSON.stringify(ids) });
      const read = eachTextOnce();
      const found = readRows('ports', rows, ({ id, securityGroupIds }): [string, string[]] => [
        id,
        read(securityGroupIds) as string[],
      ]);
      return new Map(found);
    },
    async portIdsOn(networkId) {
      const { rows } = await idsOn(db, { networkId });
      return rows.map(({ id }) => id);
    },
    async updatePort(port, before) {
      const rows = { before: before && rowOf(before), after: rowOf(port) };
      await refuseDuplicate(macTaken(port), () =>
        writeChanges(rows, (columns) => changePort(db, columns, { key: port.id })),
      );
      if (before !== undefined && isDeepStrictEqual(before.fixedIps, port.fixedIps)) return;
      await replaceAddresses(db, port);
    },
    async replacePort(port, before) {
      const rows = { before: rowOf(before), after: rowOf(port) };
      const given = { key: port.id, read: before.revision };
      let isWritten = false;
      await refuseDuplicate(macTaken(port), () =>
        writeChanges(rows, async (columns) => {
          const { numAffectedRows = 0n } = await changePortAsRead(db, columns, given);
          isWritten = numAffectedRows > 0n;
        }),
      );
      return isWritten;
    },
    async removePort(id) {
      await removePort(db, { id });
    },
    async isMacTaken(networkId, macAddress) {
      return (await withMac(db, { networkId, macAddress })).rows.length > 0;
    },
  };
}

function rowOf(port: StoredPort): PortRow {
  const { fixedIps: _, ...body } = port;
  return portShape.toRow(body);
}

function macTaken(port: StoredPort): string {
  return `mac_address ${port.macAddress} is in use on network ${port.networkId}`;
}
