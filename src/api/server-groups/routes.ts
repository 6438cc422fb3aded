/** The rows of server groups. */
import { type Route, withBody } from '../requests/route.ts';
import { createGroupBody } from './schemas.ts';
import * as groups from './server-groups.ts';

const reads = { method: 'GET' } as const;
const adds = { method: 'POST' } as const;
const removes = { method: 'DELETE', status: 204 } as const;

const groupsPath = '/os-server-groups';
export const serverGroupRoutes: readonly Route[] = [
  {
    ...reads,
    path: groupsPath,
    rule: 'os_compute_api:os-server-groups:index',
    query: groups.groupsQuery,
    handler: groups.listGroups,
  },
  {
    ...adds,
    path: groupsPath,
    rule: 'os_compute_api:os-server-groups:create',
    ...withBody(createGroupBody, groups.createGroup),
  },
  {
    ...reads,
    path: `${groupsPath}/:id`,
    rule: 'os_compute_api:os-server-groups:show',
    handler: groups.showGroup,
  },
  {
    ...removes,
    path: `${groupsPath}/:id`,
    rule: 'os_compute_api:os-server-groups:delete',
    handler: groups.deleteGroup,
  },
];
