/** All hosts with their devices, one letter each, and the stream of changes to them. */
import { type Static, Type } from 'typebox';
import { nullable, shape } from './shape.ts';

/**
 * Letters of devices. f: free; c: claimed for a server that is being started; h: held by a
 * server; p: its PF is held; v: a VF of it is held; m: held, but its host no longer reports it; r:
 * held, but another device is at its address; q: quarantined; a dot: no device spec admits it.
 */
const Letters = Type.String({ pattern: '^[fchpvmrq.]*$' });

export const FleetHost = shape({
  name: Type.String(),
  zone: Type.String(),
  state: Type.Enum(['up', 'down', 'forced-down']),
  enabled: Type.Boolean(),
  /** Codes of the problems that its agent reports. */
  problems: Type.Array(Type.String()),
  /** By address. */
  pfs: Type.Array(
    shape({
      address: Type.String(),
      ifname: nullable(Type.String()),
      numa_node: nullable(Type.Integer()),
      /** Physical networks of its devices. */
      networks: Type.Array(Type.String()),
      /** Of the PF itself. */
      pf: Letters,
      /** From VF 0 on. */
      vfs: Letters,
    }),
  ),
  /** Devices without SR-IOV, by address. */
  plain: Letters,
});
export type FleetHost = Static<typeof FleetHost>;

/** `change`: where `GET /events?since=` continues. `hosts`: by name. */
export const FleetReply = shape({
  change: Type.Integer(),
  hosts: Type.Array(FleetHost),
});

/**
 * The `data` of an event, by the event's type. `host`: the host as it is now; `removed`: a host
 * that no longer exists; `start`: nothing was missed, later changes follow; `reset`: changes were
 * missed, so read `GET /fleet` again; `end`: the stream ends.
 */
export const FleetEvent = Type.Union([
  FleetHost,
  shape({ name: Type.String() }),
  shape({ change: Type.Integer() }),
  shape({ reason: Type.String() }),
]);
