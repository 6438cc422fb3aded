/** Novella's own routes below `/novella/v1`: for administrators, without microversions. */
import type { Route } from '../route.ts';
import { explainServer } from './explain.ts';
import { listDevices, listHosts, listPools } from './handlers.ts';
import { checkPci, pciCheckBody } from './pci-check.ts';

export const operatorRoutes: readonly Route[] = [
  { method: 'GET', path: '/hosts', rule: 'admin', handler: listHosts },
  { method: 'GET', path: '/pci/devices', rule: 'admin', handler: listDevices },
  { method: 'GET', path: '/pci/pools', rule: 'admin', handler: listPools },
  {
    method: 'POST',
    path: '/pci/check',
    rule: 'admin',
    body: () => pciCheckBody,
    handler: checkPci,
  },
  { method: 'GET', path: '/servers/:id/explain', rule: 'admin', handler: explainServer },
];
