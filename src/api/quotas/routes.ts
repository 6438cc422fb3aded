/** The rows of quotas, limits and usage. */
import { type Route, withBody } from '../requests/route.ts';
import { limitsQuery, showLimits } from './limits.ts';
import * as classes from './quota-classes.ts';
import * as sets from './quota-sets.ts';
import { quotaClassBody, quotaSetBody } from './schemas.ts';
import { listUsage, showUsage, usageQuery, usagesQuery } from './tenant-usage.ts';

const reads = { method: 'GET', rule: 'reader' } as const;
const asksAdmin = { method: 'GET', rule: 'admin' } as const;
const setsAsAdmin = { method: 'PUT', rule: 'admin' } as const;
const set = { path: '/os-quota-sets/:id', query: sets.quotaSetQuery } as const;

export const quotaRoutes: readonly Route[] = [
  { ...reads, path: '/limits', query: limitsQuery, handler: showLimits },
  { ...reads, ...set, handler: sets.showQuotaSet },
  { ...reads, ...set, path: `${set.path}/detail`, handler: sets.showQuotaSetInDetail },
  { ...reads, path: `${set.path}/defaults`, handler: sets.showDefaultQuotas },
  { ...setsAsAdmin, ...set, ...withBody(quotaSetBody, sets.changeQuotaSet) },
  { method: 'DELETE', rule: 'admin', ...set, status: 202, handler: sets.deleteQuotaSet },
  { ...asksAdmin, path: '/os-quota-class-sets/:id', handler: classes.showQuotaClass },
  {
    ...setsAsAdmin,
    path: '/os-quota-class-sets/:id',
    ...withBody(quotaClassBody, classes.changeQuotaClass),
  },
  { ...asksAdmin, path: '/os-simple-tenant-usage', query: usagesQuery, handler: listUsage },
  { ...reads, path: '/os-simple-tenant-usage/:id', query: usageQuery, handler: showUsage },
];
