/** The rows of migrations: all, and those of one server. */
import { type Route, withBody } from '../requests/route.ts';
import { emptyBody } from '../servers/actions/guest-acts.ts';
import * as moves from './moves.ts';

const reads = { method: 'GET' } as const;

const serverMoves = '/servers/:id/migrations';
export const moveRoutes: readonly Route[] = [
  {
    ...reads,
    path: '/os-migrations',
    rule: 'os_compute_api:os-migrations:index',
    query: moves.movesQuery,
    queryFrom: 59,
    handler: moves.listMoves,
  },
  {
    ...reads,
    path: serverMoves,
    rule: 'os_compute_api:servers:migrations:index',
    from: 23,
    handler: moves.listServerMoves,
  },
  {
    ...reads,
    path: `${serverMoves}/:migration`,
    rule: 'os_compute_api:servers:migrations:show',
    from: 23,
    handler: moves.showServerMove,
  },
  {
    method: 'DELETE',
    path: `${serverMoves}/:migration`,
    rule: 'os_compute_api:servers:migrations:delete',
    from: 24,
    status: 202,
    handler: moves.abortServerMove,
  },
  {
    method: 'POST',
    path: `${serverMoves}/:migration/action`,
    rule: 'os_compute_api:servers:migrations:force_complete',
    from: 22,
    status: 202,
    action: 'force_complete',
    ...withBody(emptyBody('force_complete'), moves.completeServerMove),
  },
];
