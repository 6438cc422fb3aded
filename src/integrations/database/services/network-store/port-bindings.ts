/** The inactive bindings of ports, in SQL. */
import type { Insertable, Kysely } from 'kysely';
import type { NetworkRows } from '#contracts/store/network-store.ts';
import { prepared, preparedChange } from '../../rows/prepared.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { refuseDuplicate } from '../../engine/unique-violation.ts';
import { type NetworkTables, portBindingShape } from './tables.ts';

type Db = Kysely<NetworkTables>;
type PortBindingPart = Pick<NetworkRows, 'addPortBinding' | 'portBindings' | 'removePortBinding'>;

const addBinding = preparedChange((db: Db, row: Insertable<NetworkTables['portBindings']>) =>
  db.insertInto('portBindings').values(row),
);
const bindingsOf = prepared((db: Db, given: { portId: string }) =>
  db.selectFrom('portBindings').selectAll().where('portId', '=', given.portId).orderBy('host'),
);
const removeBinding = prepared((db: Db, given: { portId: string; host: string }) =>
  db.deleteFrom('portBindings').where('portId', '=', given.portId).where('host', '=', given.host),
);

export function portBindingRows(db: Db): PortBindingPart {
  return {
    async addPortBinding(binding) {
      const { portId, host } = binding;
      await refuseDuplicate(`port ${portId} has a binding on host ${host} already`, () =>
        addBinding(db, portBindingShape.toRow(binding), {}),
      );
    },
    async portBindings(portId) {
      const { rows } = await bindingsOf(db, { portId });
      return readRows('port_bindings', rows, portBindingShape.fromRow);
    },
    async removePortBinding(portId, host) {
      await removeBinding(db, { portId, host });
    },
  };
}
