/** The rows of flavors, their extra specs and the access to private ones. */
import { type Route, withBody } from '../requests/route.ts';
import * as access from './access.ts';
import * as specs from './extra-specs.ts';
import * as flavors from './flavors.ts';
import { changeFlavorBody, createFlavorBody, extraSpecBody, extraSpecsBody } from './schemas.ts';

const reads = { method: 'GET' } as const;

const specsPath = '/flavors/:id/os-extra_specs';
export const flavorRoutes: readonly Route[] = [
  {
    ...reads,
    path: '/flavors',
    rule: 'signed-in',
    query: flavors.flavorQuery,
    handler: flavors.listFlavors,
  },
  {
    ...reads,
    path: '/flavors/detail',
    rule: 'signed-in',
    query: flavors.flavorQuery,
    handler: flavors.listFlavorsInDetail,
  },
  { ...reads, path: '/flavors/:id', rule: 'signed-in', handler: flavors.showFlavor },
  {
    method: 'POST',
    path: '/flavors',
    rule: 'os_compute_api:os-flavor-manage:create',
    ...withBody(createFlavorBody, flavors.createFlavor),
  },
  {
    method: 'PUT',
    path: '/flavors/:id',
    rule: 'os_compute_api:os-flavor-manage:update',
    from: 55,
    ...withBody(changeFlavorBody, flavors.changeFlavor),
  },
  {
    method: 'DELETE',
    path: '/flavors/:id',
    rule: 'os_compute_api:os-flavor-manage:delete',
    status: 202,
    handler: flavors.deleteFlavor,
  },
  {
    method: 'POST',
    path: '/flavors/:id/action',
    rule: 'os_compute_api:os-flavor-access:add_tenant_access',
    action: 'addTenantAccess',
    ...withBody(access.addAccessBody, access.addAccess),
  },
  {
    method: 'POST',
    path: '/flavors/:id/action',
    rule: 'os_compute_api:os-flavor-access:remove_tenant_access',
    action: 'removeTenantAccess',
    ...withBody(access.removeAccessBody, access.removeAccess),
  },
  {
    ...reads,
    path: '/flavors/:id/os-flavor-access',
    rule: 'os_compute_api:os-flavor-access',
    handler: access.listAccess,
  },
  {
    ...reads,
    path: specsPath,
    rule: 'os_compute_api:os-flavor-extra-specs:index',
    handler: specs.listExtraSpecs,
  },
  {
    method: 'POST',
    path: specsPath,
    rule: 'os_compute_api:os-flavor-extra-specs:create',
    ...withBody(extraSpecsBody, specs.addExtraSpecs),
  },
  {
    ...reads,
    path: `${specsPath}/:key`,
    rule: 'os_compute_api:os-flavor-extra-specs:show',
    handler: specs.showExtraSpec,
  },
  {
    method: 'PUT',
    path: `${specsPath}/:key`,
    rule: 'os_compute_api:os-flavor-extra-specs:update',
    ...withBody(extraSpecBody, specs.setExtraSpec),
  },
  {
    method: 'DELETE',
    path: `${specsPath}/:key`,
    rule: 'os_compute_api:os-flavor-extra-specs:delete',
    handler: specs.deleteExtraSpec,
  },
];
