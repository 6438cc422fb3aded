/** Where servers would be placed that do not exist: the operator API's what-if. */
import { type Static, Type } from 'typebox';
import { DecisionView, PciRequestView } from './explain.ts';
import { nullable, shape } from './shape.ts';

/** A host, with how many of the servers it would get, and why it takes no further one. */
export const WhatIfHostView = shape({
  host: Type.String(),
  servers: Type.Integer(),
  /** The first reason; null: it may take one more. */
  refusal: nullable(shape({ filter: Type.String(), code: Type.String(), message: Type.String() })),
});
export type WhatIfHostView = Static<typeof WhatIfHostView>;

export const WhatIfReply = shape({
  /** How many of the servers fit. */
  fits: Type.Integer(),
  /**
   * `count`: all that were requested fit; `capacity`: no host takes another; `most` and `time`: the
   * bound of servers or of processor time of one answer was reached, more may fit.
   */
  ended_by: Type.Enum(['count', 'capacity', 'most', 'time']),
  /** Of the first server: its host, and the devices that it would take there. */
  decision: DecisionView,
  /** Of each server. `requester_id` names the NIC. Example: `nics[0]`. */
  pci_requests: Type.Array(PciRequestView),
  /** All hosts, by name. */
  hosts: Type.Array(WhatIfHostView),
});
export type WhatIfReply = Static<typeof WhatIfReply>;
