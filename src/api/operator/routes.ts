/** Novella's own routes below `/novella/v1`: for administrators, without microversions. */
import type { Route } from '../route.ts';
import { explainServer } from './explain.ts';
import { listDevices, listHosts, listPools } from './handlers.ts';

export const operatorRoutes: readonly Route[] = [
  { method: 'GET', path: '/hosts', rule: 'admin', handler: listHosts },
  { method: 'GET', path: '/pci/devices', rule: 'admin', handler: listDevices },
  { method: 'GET', path: '/pci/pools', rule: 'admin', handler: listPools },
  { method: 'GET', path: '/servers/:id/explain', rule: 'admin', handler: explainServer },
];
