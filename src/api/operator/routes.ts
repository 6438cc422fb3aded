/** Novella's own routes below `/novella/v1`: for administrators, without microversions. */
import { type Route, withBody } from '../requests/route.ts';
import { explainServer } from './explain.ts';
import { enroll, enrolmentBody, forget, listEnrolments, revoke } from './enrolments.ts';
import { listDevices, listHosts, listPools } from './handlers.ts';
import { showStatus } from './status.ts';
import { answerWhatIf, whatIfBody } from './what-if.ts';
import { checkPci, pciCheckBody } from './pci-check.ts';

export const operatorRoutes: readonly Route[] = [
  { method: 'GET', path: '/status', rule: 'admin', handler: showStatus },
  { method: 'GET', path: '/hosts', rule: 'admin', handler: listHosts },
  { method: 'GET', path: '/hosts/enrolments', rule: 'admin', handler: listEnrolments },
  {
    method: 'POST',
    path: '/hosts/:name/enrolment',
    rule: 'admin',
    status: 201,
    ...withBody(() => enrolmentBody, enroll),
  },
  {
    method: 'DELETE',
    path: '/hosts/:name/enrolment',
    rule: 'admin',
    status: 204,
    handler: revoke,
  },
  { method: 'DELETE', path: '/hosts/:name', rule: 'admin', status: 204, handler: forget },
  { method: 'GET', path: '/pci/devices', rule: 'admin', handler: listDevices },
  { method: 'GET', path: '/pci/pools', rule: 'admin', handler: listPools },
  {
    method: 'POST',
    path: '/pci/check',
    rule: 'admin',
    ...withBody(() => pciCheckBody, checkPci),
  },
  { method: 'GET', path: '/servers/:id/explain', rule: 'admin', handler: explainServer },
  {
    method: 'POST',
    path: '/what-if',
    rule: 'admin',
    ...withBody(() => whatIfBody, answerWhatIf),
  },
];
