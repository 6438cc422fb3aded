/** Novella's own routes below `/novella/v1`: for administrators, without microversions. */
import { type Route, withBody } from '../requests/route.ts';
import { explainServer } from './explain.ts';
import {
  enroll,
  enrolmentBody,
  enrolmentsQuery,
  forget,
  listEnrolments,
  revoke,
  rotate,
} from './enrolments.ts';
import { decisionsQuery, listDecisions, showDecision } from './decisions.ts';
import { eventsQuery, streamEvents } from './fabric/events.ts';
import { showFleet } from './fabric/fleet.ts';
import { showHost, showHostDevice } from './fabric/host-tree.ts';
import { countRefusals, refusalsQuery } from './refusals.ts';
import { devicesQuery, hostsQuery, listDevices, listHosts, listPools } from './handlers.ts';
import { listMoves, movesQuery } from './moves.ts';
import { listServerDevices } from './server-devices.ts';
import { showStatus } from './status.ts';
import { answerWhatIf, whatIfBody } from './what-if.ts';
import { checkPci, pciCheckBody, pciCheckQuery } from './pci-check.ts';

/** Every key of a query that a row does not have is refused. */
const strict = { query: [] as readonly string[], queryFrom: 1 } as const;
const reads = { method: 'GET', ...strict } as const;
const writes = { method: 'POST', ...strict } as const;
const removes = { method: 'DELETE', status: 204, ...strict } as const;

export const operatorRoutes: readonly Route[] = [
  { ...reads, path: '/status', rule: 'novella:status', handler: showStatus },
  { ...reads, path: '/fleet', rule: 'novella:fleet', handler: showFleet },
  {
    ...reads,
    path: '/events',
    rule: 'novella:fleet',
    query: eventsQuery,
    handler: streamEvents,
  },
  {
    ...reads,
    path: '/hosts',
    rule: 'novella:hosts:list',
    query: hostsQuery,
    handler: listHosts,
  },
  {
    ...reads,
    path: '/hosts/enrolments',
    rule: 'novella:hosts:enrolments',
    query: enrolmentsQuery,
    handler: listEnrolments,
  },
  { ...reads, path: '/hosts/:name', rule: 'novella:hosts:show', handler: showHost },
  {
    ...reads,
    path: '/hosts/:name/devices/:address',
    rule: 'novella:hosts:show',
    handler: showHostDevice,
  },
  {
    ...writes,
    path: '/hosts/:name/enrolment',
    rule: 'novella:hosts:enrol',
    status: 201,
    ...withBody(() => enrolmentBody, enroll),
  },
  { ...removes, path: '/hosts/:name/enrolment', rule: 'novella:hosts:revoke', handler: revoke },
  {
    ...writes,
    path: '/hosts/:name/certificate',
    rule: 'novella:hosts:rotate',
    status: 204,
    handler: rotate,
  },
  { ...removes, path: '/hosts/:name', rule: 'novella:hosts:forget', handler: forget },
  {
    ...reads,
    path: '/pci/devices',
    rule: 'novella:devices',
    query: devicesQuery,
    handler: listDevices,
  },
  { ...reads, path: '/pci/pools', rule: 'novella:pools', query: hostsQuery, handler: listPools },
  {
    ...writes,
    path: '/pci/check',
    rule: 'novella:pci-check',
    query: pciCheckQuery,
    ...withBody(() => pciCheckBody, checkPci),
  },
  { ...reads, path: '/moves', rule: 'novella:moves', query: movesQuery, handler: listMoves },
  {
    ...reads,
    path: '/servers/:id/explain',
    rule: 'novella:explain',
    handler: explainServer,
  },
  {
    ...reads,
    path: '/servers/:id/devices',
    rule: 'novella:devices',
    handler: listServerDevices,
  },
  {
    ...reads,
    path: '/decisions',
    rule: 'novella:decisions',
    query: decisionsQuery,
    handler: listDecisions,
  },
  {
    ...reads,
    path: '/decisions/refusals',
    rule: 'novella:decisions',
    query: refusalsQuery,
    handler: countRefusals,
  },
  { ...reads, path: '/decisions/:id', rule: 'novella:decisions', handler: showDecision },
  {
    ...writes,
    path: '/what-if',
    rule: 'novella:what-if',
    ...withBody(() => whatIfBody, answerWhatIf),
  },
];
