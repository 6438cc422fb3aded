/** The inactive bindings of ports, in SQL. */
import type { Kysely } from 'kysely';
import type { NetworkRows } from '#contracts/store/network-store.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { refuseDuplicate } from '../../sqlite/unique-violation.ts';
import { type NetworkTables, portBindingShape } from './tables.ts';

type PortBindingPart = Pick<NetworkRows, 'addPortBinding' | 'portBindings' | 'removePortBinding'>;

export function portBindingRows(db: Kysely<NetworkTables>): PortBindingPart {
  return {
    async addPortBinding(binding) {
      const { portId, host } = binding;
      await refuseDuplicate(`port ${portId} has a binding on host ${host} already`, () =>
        db.insertInto('portBindings').values(portBindingShape.toRow(binding)).execute(),
      );
    },
    async portBindings(portId) {
      const rows = await db
        .selectFrom('portBindings')
        .selectAll()
        .where('portId', '=', portId)
        .orderBy('host')
        .execute();
      return readRows('port_bindings', rows, portBindingShape.fromRow);
    },
    async removePortBinding(portId, host) {
      await db
        .deleteFrom('portBindings')
        .where('portId', '=', portId)
        .where('host', '=', host)
        .execute();
    },
  };
}
