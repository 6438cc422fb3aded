/** What each route of the operator API answers. */
import { type Static, type TSchema, Type } from 'typebox';
import { DecisionReply, DecisionsReply, ExplainReply, RefusalsReply } from './explain.ts';
import { FleetEvent, FleetReply } from './fleet.ts';
import { HostDeviceReply, HostTreeReply } from './host-tree.ts';
import { EnrolmentsReply, HostsReply, NewEnrolmentReply } from './hosts.ts';
import { MovesReply } from './moves.ts';
import { DevicesReply, PoolsReply, ServerDevicesReply } from './pci.ts';
import { CheckView, ChecksView } from './pci-check.ts';
import { ControllerStatus } from './status.ts';
import { WhatIfReply } from './what-if.ts';

/**
 * By method and path below `/novella/v1`; null: no body. Errors are `FaultReply` on all of them.
 */
export const operatorReplies = {
  'GET /status': ControllerStatus,
  'GET /fleet': FleetReply,
  /** Of each event; the body is a stream of these. */
  'GET /events': FleetEvent,
  'GET /hosts': HostsReply,
  'GET /hosts/enrolments': EnrolmentsReply,
  'GET /hosts/:name': HostTreeReply,
  'GET /hosts/:name/devices/:address': HostDeviceReply,
  'POST /hosts/:name/enrolment': NewEnrolmentReply,
  'DELETE /hosts/:name/enrolment': null,
  'POST /hosts/:name/certificate': null,
  'DELETE /hosts/:name': null,
  'GET /pci/devices': DevicesReply,
  'GET /pci/pools': PoolsReply,
  /** For the host that is named, or for all. */
  'POST /pci/check': Type.Union([CheckView, ChecksView]),
  'GET /moves': MovesReply,
  'GET /servers/:id/explain': ExplainReply,
  'GET /servers/:id/devices': ServerDevicesReply,
  'GET /decisions': DecisionsReply,
  'GET /decisions/refusals': RefusalsReply,
  'GET /decisions/:id': DecisionReply,
  'POST /what-if': WhatIfReply,
} as const satisfies Record<string, TSchema | null>;

/** Routes that answer a stream of server-sent events. */
export const eventStreams: readonly string[] = [
  'GET /events',
] satisfies (keyof typeof operatorReplies)[];

type Replies = typeof operatorReplies;

/** Example: `GET /hosts/:name`. */
export type OperatorRoute = keyof Replies;

/** The body of a route's reply. Example: `OperatorReply<'GET /hosts'>`. */
export type OperatorReply<Route extends OperatorRoute> = Replies[Route] extends TSchema
  ? Static<Replies[Route]>
  : undefined;
