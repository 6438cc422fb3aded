/** The rows of hypervisors, services, availability zones and `os-hosts`. */
import { type Route, withBody } from '../requests/route.ts';
import { listZones, listZonesInDetail } from './availability-zones.ts';
import {
  changeNamedService,
  changeService,
  deleteService,
  listServices,
  namedServiceBody,
  serviceBody,
  servicesQuery,
} from './compute-services.ts';
import * as hypervisors from './hypervisors.ts';
import { oldHostRoutes } from './os-hosts.ts';

const reads = { method: 'GET' } as const;

const hypervisorsPath = '/os-hypervisors';
const { hypervisorsQuery } = hypervisors;
export const hostRoutes: readonly Route[] = [
  {
    ...reads,
    path: hypervisorsPath,
    rule: 'os_compute_api:os-hypervisors:list',
    query: hypervisorsQuery,
    queryFrom: 53,
    handler: hypervisors.listHypervisors,
  },
  {
    ...reads,
    path: `${hypervisorsPath}/detail`,
    rule: 'os_compute_api:os-hypervisors:list-detail',
    query: hypervisorsQuery,
    queryFrom: 53,
    handler: hypervisors.listHypervisorsInDetail,
  },
  {
    ...reads,
    path: `${hypervisorsPath}/statistics`,
    rule: 'os_compute_api:os-hypervisors:statistics',
    to: 87,
    handler: hypervisors.showStatistics,
  },
  {
    ...reads,
    path: `${hypervisorsPath}/:id/uptime`,
    rule: 'os_compute_api:os-hypervisors:uptime',
    to: 87,
    handler: hypervisors.showUptime,
  },
  {
    ...reads,
    path: `${hypervisorsPath}/:id/search`,
    rule: 'os_compute_api:os-hypervisors:search',
    to: 52,
    handler: hypervisors.searchHypervisors,
  },
  {
    ...reads,
    path: `${hypervisorsPath}/:id/servers`,
    rule: 'os_compute_api:os-hypervisors:servers',
    to: 52,
    handler: hypervisors.searchHypervisorsWithServers,
  },
  {
    ...reads,
    path: `${hypervisorsPath}/:id`,
    rule: 'os_compute_api:os-hypervisors:show',
    query: ['with_servers'],
    queryFrom: 53,
    handler: hypervisors.showHypervisor,
  },
  {
    ...reads,
    path: '/os-services',
    rule: 'os_compute_api:os-services:list',
    query: servicesQuery,
    handler: listServices,
  },
  {
    method: 'PUT',
    path: '/os-services/:id',
    rule: 'os_compute_api:os-services:update',
    to: 52,
    ...withBody(namedServiceBody, changeNamedService),
  },
  {
    method: 'PUT',
    path: '/os-services/:id',
    rule: 'os_compute_api:os-services:update',
    from: 53,
    ...withBody(serviceBody, changeService),
  },
  {
    method: 'DELETE',
    path: '/os-services/:id',
    rule: 'os_compute_api:os-services:delete',
    status: 204,
    handler: deleteService,
  },
  {
    ...reads,
    path: '/os-availability-zone',
    rule: 'os_compute_api:os-availability-zone:list',
    handler: listZones,
  },
  {
    ...reads,
    path: '/os-availability-zone/detail',
    rule: 'os_compute_api:os-availability-zone:detail',
    handler: listZonesInDetail,
  },
  ...oldHostRoutes,
];
