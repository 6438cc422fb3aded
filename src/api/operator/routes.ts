/** Novella's own routes below `/novella/v1`: for administrators, without microversions. */
import { type Route, withBody } from '../requests/route.ts';
import { explainServer } from './explain.ts';
import { enroll, enrolmentBody, forget, listEnrolments, revoke } from './enrolments.ts';
import { listDevices, listHosts, listPools } from './handlers.ts';
import { showStatus } from './status.ts';
import { answerWhatIf, whatIfBody } from './what-if.ts';
import { checkPci, pciCheckBody } from './pci-check.ts';

export const operatorRoutes: readonly Route[] = [
  { method: 'GET', path: '/status', rule: 'novella:status', handler: showStatus },
  { method: 'GET', path: '/hosts', rule: 'novella:hosts:list', handler: listHosts },
  {
    method: 'GET',
    path: '/hosts/enrolments',
    rule: 'novella:hosts:enrolments',
    handler: listEnrolments,
  },
  {
    method: 'POST',
    path: '/hosts/:name/enrolment',
    rule: 'novella:hosts:enrol',
    status: 201,
    ...withBody(() => enrolmentBody, enroll),
  },
  {
    method: 'DELETE',
    path: '/hosts/:name/enrolment',
    rule: 'novella:hosts:revoke',
    status: 204,
    handler: revoke,
  },
  {
    method: 'DELETE',
    path: '/hosts/:name',
    rule: 'novella:hosts:forget',
    status: 204,
    handler: forget,
  },
  { method: 'GET', path: '/pci/devices', rule: 'novella:devices', handler: listDevices },
  { method: 'GET', path: '/pci/pools', rule: 'novella:pools', handler: listPools },
  {
    method: 'POST',
    path: '/pci/check',
    rule: 'novella:pci-check',
    ...withBody(() => pciCheckBody, checkPci),
  },
  { method: 'GET', path: '/servers/:id/explain', rule: 'novella:explain', handler: explainServer },
  {
    method: 'POST',
    path: '/what-if',
    rule: 'novella:what-if',
    ...withBody(() => whatIfBody, answerWhatIf),
  },
];
