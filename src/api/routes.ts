/**
 * The entire compute API as one table: each path, its microversions, its policy and its handler.
 */
import { aggregateRoutes } from './aggregates/routes.ts';
import { listExtensions, showExtension } from './extensions.ts';
import { externalEventsBody, takeExternalEvents } from './external-events.ts';
import { flavorRoutes } from './flavors/routes.ts';
import { hostRoutes } from './hosts/routes.ts';
import { showConsoleToken } from './consoles/console-tokens.ts';
import { imageRoutes } from './images/routes.ts';
import { keyPairRoutes } from './key-pairs/routes.ts';
import { moveRoutes } from './moves/routes.ts';
import { notOffered } from './not-offered.ts';
import { quotaRoutes } from './quotas/routes.ts';
import { removed } from './removed.ts';
import { type Route, withBody } from './requests/route.ts';
import { serverGroupRoutes } from './server-groups/routes.ts';
import { serverRoutes } from './servers/routes.ts';

const otherRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/extensions',
    rule: 'os_compute_api:extensions',
    handler: listExtensions,
  },
  {
    method: 'GET',
    path: '/extensions/:id',
    rule: 'os_compute_api:extensions',
    handler: showExtension,
  },
  {
    method: 'GET',
    path: '/os-console-auth-tokens/:id',
    rule: 'os_compute_api:os-console-auth-tokens',
    handler: showConsoleToken,
  },
  {
    method: 'POST',
    path: '/os-server-external-events',
    rule: 'os_compute_api:os-server-external-events:create',
    ...withBody(externalEventsBody, takeExternalEvents),
  },
];

/**
 * Rows of one path and method, where there are several, differ in their versions or in their
 * action.
 */
export const routes: readonly Route[] = [
  ...serverRoutes,
  ...flavorRoutes,
  ...hostRoutes,
  ...aggregateRoutes,
  ...moveRoutes,
  ...keyPairRoutes,
  ...imageRoutes,
  ...quotaRoutes,
  ...serverGroupRoutes,
  ...otherRoutes,
  ...removed,
  ...notOffered,
];
