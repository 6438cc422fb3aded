/** The rows of quotas, limits and usage. */
import { type Route, withBody } from '../requests/route.ts';
import { limitsQuery, showLimits } from './limits.ts';
import * as classes from './quota-classes.ts';
import * as quotas from './quota-sets.ts';
import { quotaClassBody, quotaSetBody } from './schemas.ts';
import { listUsage, showUsage, usageQuery, usagesQuery } from './tenant-usage.ts';

const reads = { method: 'GET' } as const;
const sets = { method: 'PUT' } as const;
const set = { path: '/os-quota-sets/:id', query: quotas.quotaSetQuery } as const;

export const quotaRoutes: readonly Route[] = [
  {
    ...reads,
    path: '/limits',
    rule: 'os_compute_api:limits',
    query: limitsQuery,
    handler: showLimits,
  },
  { ...reads, ...set, rule: 'os_compute_api:os-quota-sets:show', handler: quotas.showQuotaSet },
  {
    ...reads,
    ...set,
    path: `${set.path}/detail`,
    rule: 'os_compute_api:os-quota-sets:detail',
    handler: quotas.showQuotaSetInDetail,
  },
  {
    ...reads,
    path: `${set.path}/defaults`,
    rule: 'os_compute_api:os-quota-sets:defaults',
    handler: quotas.showDefaultQuotas,
  },
  {
    ...sets,
    ...set,
    rule: 'os_compute_api:os-quota-sets:update',
    ...withBody(quotaSetBody, quotas.changeQuotaSet),
  },
  {
    method: 'DELETE',
    ...set,
    rule: 'os_compute_api:os-quota-sets:delete',
    status: 202,
    handler: quotas.deleteQuotaSet,
  },
  {
    ...reads,
    path: '/os-quota-class-sets/:id',
    rule: 'os_compute_api:os-quota-class-sets:show',
    handler: classes.showQuotaClass,
  },
  {
    ...sets,
    path: '/os-quota-class-sets/:id',
    rule: 'os_compute_api:os-quota-class-sets:update',
    ...withBody(quotaClassBody, classes.changeQuotaClass),
  },
  {
    ...reads,
    path: '/os-simple-tenant-usage',
    rule: 'os_compute_api:os-simple-tenant-usage:list',
    query: usagesQuery,
    handler: listUsage,
  },
  {
    ...reads,
    path: '/os-simple-tenant-usage/:id',
    rule: 'os_compute_api:os-simple-tenant-usage:show',
    query: usageQuery,
    handler: showUsage,
  },
];
