/** Why a server is where it is: the operator API's explanation. */
import { type Static, Type } from 'typebox';
import { DeviceView } from './pci.ts';
import { Links, mapOf, Moment, nullable, shape } from './shape.ts';

/** Why something was refused. `code` is stable for programs, `data` has the figures. */
export const ReasonView = shape({
  code: Type.String(),
  message: Type.String(),
  data: Type.Optional(mapOf(Type.Unknown())),
});

/** The scheduler's input and answer. `chosen` null: no host. */
export const DecisionView = shape({
  attempt: Type.Integer(),
  decided_at: Moment,
  chosen: nullable(Type.String()),
  candidates: Type.Array(
    shape({ host: Type.String(), weight: Type.Number(), weights: mapOf(Type.Number()) }),
  ),
  rejections: Type.Array(
    shape({ host: Type.String(), filter: Type.String(), reasons: Type.Array(ReasonView) }),
  ),
  devices: Type.Array(
    shape({ request_id: Type.String(), address: Type.String(), pool: Type.String() }),
  ),
});
export type DecisionView = Static<typeof DecisionView>;

const DecisionPlace = {
  /** Numbers decisions in their order. */
  id: Type.Integer(),
  instance_uuid: Type.String(),
};

/** One decision of any server. */
export const DecisionReply = shape({
  decision: shape({ ...DecisionPlace, ...DecisionView.properties }),
});

/** A decision in a list: without weights, and with the refused hosts grouped by reason. */
export const DecisionSummary = shape({
  ...DecisionPlace,
  attempt: Type.Integer(),
  decided_at: Moment,
  chosen: nullable(Type.String()),
  candidates: Type.Integer(),
  devices: DecisionView.properties.devices,
  /** The most frequent first, at most eight. `host`: one of those. */
  refusals: Type.Array(
    shape({
      filter: Type.String(),
      code: Type.String(),
      message: Type.String(),
      hosts: Type.Integer(),
      host: Type.String(),
    }),
  ),
});
export type DecisionSummary = Static<typeof DecisionSummary>;

export const DecisionsReply = shape({
  decisions: Type.Array(DecisionSummary),
  decisions_links: Type.Optional(Links),
});

/**
 * The refused decisions of a page, counted by reason, the most frequent first. A decision counts
 * once for each reason that a host gave.
 */
export const RefusalsReply = shape({
  /** How many decisions are counted. */
  decisions: Type.Integer(),
  /** When the first and the last of them were made; null: there are none. */
  first_at: nullable(Moment),
  last_at: nullable(Moment),
  refusals: Type.Array(
    shape({
      filter: Type.String(),
      code: Type.String(),
      decisions: Type.Integer(),
      /** Refused hosts of all these decisions together. */
      hosts: Type.Integer(),
      /** Of the newest of them: its id, its server, when it was made, and what a host answered. */
      decision_id: Type.Integer(),
      instance_uuid: Type.String(),
      decided_at: Moment,
      host: Type.String(),
      message: Type.String(),
    }),
  ),
  decisions_links: Type.Optional(Links),
});
export type RefusalsReply = Static<typeof RefusalsReply>;

/** A NIC, in boot order; nulls until its port is known and bound. */
export const NicView = shape({
  position: Type.Integer(),
  network_id: nullable(Type.String()),
  port_id: nullable(Type.String()),
  vnic_type: nullable(Type.String()),
  vif_type: nullable(Type.String()),
  mac_address: nullable(Type.String()),
  pci_request_id: nullable(Type.String()),
  pci_slot: nullable(Type.String()),
  physical_network: nullable(Type.String()),
  binding_profile: nullable(mapOf(Type.Unknown())),
});
export type NicView = Static<typeof NicView>;

/** The requested PCI devices, by a port (`requester_id`) or an alias of the flavor. */
export const PciRequestView = shape({
  request_id: Type.String(),
  count: Type.Integer(),
  spec: Type.Array(mapOf(nullable(Type.String()))),
  needs_interface: Type.Boolean(),
  alias_name: nullable(Type.String()),
  numa_policy: nullable(Type.Enum(['required', 'socket', 'preferred', 'legacy'])),
  requester_id: nullable(Type.String()),
});
export type PciRequestView = Static<typeof PciRequestView>;

const FaultView = shape({
  code: Type.Integer(),
  created: Moment,
  message: Type.String(),
  details: Type.String(),
});

/** Everything that explains where a server is. */
export const ExplainReply = shape({
  server: shape({
    id: Type.String(),
    name: Type.String(),
    status: Type.String(),
    host: nullable(Type.String()),
    fault: nullable(FaultView),
  }),
  decisions: Type.Array(DecisionView),
  nics: Type.Array(NicView),
  pci_requests: Type.Array(PciRequestView),
  devices: Type.Array(DeviceView),
  /**
   * What its host did, in order, at the newest start by a boot, a move or a hard reboot. `after`:
   * milliseconds from the arrival of the command there; absent: the agent is older.
   */
  spawn_steps: Type.Array(
    shape({
      step: Type.String(),
      milliseconds: Type.Number(),
      after: Type.Optional(Type.Number()),
    }),
  ),
  /** The plan of the newest live migration, as it was recorded; null: there was none. */
  live_move: nullable(shape({ planned_at: Moment, plan: Type.Array(Type.String()) })),
  domain_xml: nullable(Type.String()),
});
export type ExplainReply = Static<typeof ExplainReply>;
