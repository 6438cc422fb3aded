/**
 * What Nova had once and has removed from all its versions: 410 for everybody who is signed in, as
 * Nova answers. What ended at a microversion too is 404 from the next one on. Source: Nova
 * `api/openstack/compute`, the controllers that are marked as removed.
 */
import { ComputeError } from '#core/errors.ts';
import { actionRows, callRows } from './requests/call-rows.ts';
import type { Reply, Route } from './requests/route.ts';

/** The last minor versions of the proxies of other services, and of old networking. */
const proxy = { to: 35 } as const;
const oldNetworking = { to: 43 } as const;

const rows: Route[] = [
  ...callRows('signed-in', 'GET POST /os-agents PUT DELETE /os-agents/:id'),
  ...callRows('signed-in', 'GET POST /os-cells GET /os-cells/capacities GET /os-cells/detail'),
  ...callRows('signed-in', 'GET /os-cells/info POST /os-cells/sync_instances'),
  ...callRows('signed-in', 'GET PUT DELETE /os-cells/:id GET /os-cells/:id/capacities'),
  ...callRows('signed-in', 'GET POST /os-cloudpipe PUT /os-cloudpipe/:id'),
  ...callRows('signed-in', 'POST /os-certificates GET /os-certificates/:id'),
  ...callRows('signed-in', 'GET POST /servers/:id/consoles'),
  ...callRows('signed-in', 'GET DELETE /servers/:id/consoles/:console'),
  ...callRows('signed-in', 'GET /servers/:id/os-virtual-interfaces', oldNetworking),
  ...callRows('signed-in', 'POST /os-networks POST /os-networks/add', proxy),
  ...callRows('signed-in', 'DELETE /os-networks/:id POST /os-networks/:id/action', proxy),
  ...callRows('signed-in', 'POST /os-tenant-networks DELETE /os-tenant-networks/:id', proxy),
  ...callRows('signed-in', 'GET POST /os-security-group-default-rules', proxy),
  ...callRows('signed-in', 'GET DELETE /os-security-group-default-rules/:id', proxy),
  ...callRows('signed-in', 'GET POST /os-floating-ips-bulk', proxy),
  ...callRows('signed-in', 'GET PUT /os-floating-ips-bulk/:id GET /os-floating-ip-dns', proxy),
  ...callRows('signed-in', 'PUT DELETE /os-floating-ip-dns/:id', proxy),
  ...callRows('signed-in', 'GET PUT DELETE /os-floating-ip-dns/:id/entries/:entry', proxy),
  ...callRows('signed-in', 'GET /os-fixed-ips/:id GET /os-fping GET /os-fping/:id', proxy),
  ...actionRows('signed-in', '/os-fixed-ips/:id/action', 'reserve unreserve', proxy),
];

export const removed: readonly Route[] = rows.map((row) => ({
  ...row,
  status: 410,
  handler: ({ request }): Reply => {
    throw new ComputeError(
      'gone',
      `${request.method} ${row.path}: this resource was removed from the compute API.`,
    );
  },
}));
