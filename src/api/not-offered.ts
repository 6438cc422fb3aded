/**
 * What Nova has and Novella does not offer yet: 501 by name, so that a client does not mistake a
 * missing feature for a missing object. Where Nova ended an API at a microversion, it is 404 from
 * the next one on. Source: Nova `api/openstack/compute/routes.py` and its version history.
 */
import type { Rule } from '#core/access/policy.ts';
import type { Method, Route } from './requests/route.ts';
import { splitNames } from './requests/split-names.ts';

type Range = Pick<Route, 'from' | 'to'>;

/**
 * One row for each method before each path. Example: `missing('admin', 'GET PUT /os-hosts/:id GET
 * /os-hosts')`, three rows.
 */
function missing(rule: Rule, calls: string, range: Range = {}): Route[] {
  return [...calls.matchAll(/((?:[A-Z]+ )+)(\/\S+)/g)].flatMap(([, methods = '', path = '']) =>
    splitNames(methods).map(
      (method): Route => ({ method: method as Method, path, rule, ...range }),
    ),
  );
}

const missingActions = (path: string, keys: string, range: Range = {}): Route[] =>
  splitNames(keys).map((action) => ({ method: 'POST', path, rule: 'admin', action, ...range }));

/**
 * The last minor versions of the proxies of other services, of image metadata, of hosts, and of old
 * networking.
 */
const proxy = { to: 35 } as const;
const imageMetadata = { to: 38 } as const;
const hosts = { to: 42 } as const;
const oldNetworking = { to: 43 } as const;

const ofServers: Route[] = [
  ...missing('admin', 'GET /servers/:id/diagnostics'),
  ...missing('reader', 'GET /servers/:id/topology', { from: 78 }),
  ...missing('member', 'POST /servers/:id/remote-consoles', { from: 6 }),
  ...missing('admin', 'GET POST /servers/:id/consoles GET DELETE /servers/:id/consoles/:console'),
  ...missing('reader', 'GET /servers/:id/os-virtual-interfaces', oldNetworking),
  ...missing('reader', 'GET /os-volumes_boot GET /os-volumes_boot/detail GET /os-volumes_boot/:id'),
  ...missing('member', 'POST /os-volumes_boot PUT DELETE /os-volumes_boot/:id'),
  ...missing('member', 'POST /os-volumes_boot/:id/action'),
];

const ofAdministrators: Route[] = [
  ...missing('admin', 'POST /os-aggregates/:id/images', { from: 81 }),
  ...missing('admin', 'GET POST /os-agents PUT DELETE /os-agents/:id'),
  ...missing('service', 'POST /os-assisted-volume-snapshots'),
  ...missing('service', 'DELETE /os-assisted-volume-snapshots/:id'),
  ...missing('admin', 'GET /os-console-auth-tokens/:id'),
  ...missing('admin', 'GET /os-instance_usage_audit_log GET /os-instance_usage_audit_log/:id'),
  ...missing('admin', 'GET /os-hosts GET PUT /os-hosts/:id', hosts),
  ...missing(
    'admin',
    'GET /os-hosts/:id/reboot GET /os-hosts/:id/shutdown GET /os-hosts/:id/startup',
    hosts,
  ),
  ...missing('admin', 'GET POST /os-cells GET /os-cells/capacities GET /os-cells/detail'),
  ...missing('admin', 'GET /os-cells/info POST /os-cells/sync_instances'),
  ...missing('admin', 'GET PUT DELETE /os-cells/:id GET /os-cells/:id/capacities'),
  ...missing('admin', 'GET POST /os-cloudpipe PUT /os-cloudpipe/:id'),
  ...missing('member', 'POST /os-certificates GET /os-certificates/:id'),
];

const ofOtherServices: Route[] = [
  ...missing('reader', 'GET /images GET /images/detail GET /images/:id', proxy),
  ...missing('member', 'DELETE /images/:id', proxy),
  ...missing('reader', 'GET /images/:id/metadata GET /images/:id/metadata/:key', imageMetadata),
  ...missing('member', 'POST PUT /images/:id/metadata', imageMetadata),
  ...missing('member', 'PUT DELETE /images/:id/metadata/:key', imageMetadata),
  ...missing('reader', 'GET /os-volumes GET /os-volumes/detail GET /os-volumes/:id', proxy),
  ...missing('member', 'POST /os-volumes DELETE /os-volumes/:id', proxy),
  ...missing('reader', 'GET /os-snapshots GET /os-snapshots/detail GET /os-snapshots/:id', proxy),
  ...missing('member', 'POST /os-snapshots DELETE /os-snapshots/:id', proxy),
  ...missing('reader', 'GET /os-networks GET /os-networks/:id', proxy),
  ...missing('admin', 'POST /os-networks POST /os-networks/add DELETE /os-networks/:id', proxy),
  ...missing('admin', 'POST /os-networks/:id/action', proxy),
  ...missing('reader', 'GET /os-tenant-networks GET /os-tenant-networks/:id', proxy),
  ...missing('member', 'POST /os-tenant-networks DELETE /os-tenant-networks/:id', proxy),
  ...missing('reader', 'GET /os-security-groups GET /os-security-groups/:id', proxy),
  ...missing('member', 'POST /os-security-groups PUT DELETE /os-security-groups/:id', proxy),
  ...missing('member', 'POST /os-security-group-rules', proxy),
  ...missing('member', 'DELETE /os-security-group-rules/:id', proxy),
  ...missing('admin', 'GET POST /os-security-group-default-rules', proxy),
  ...missing('admin', 'GET DELETE /os-security-group-default-rules/:id', proxy),
  ...missing('reader', 'GET /os-floating-ips GET /os-floating-ips/:id', proxy),
  ...missing('member', 'POST /os-floating-ips DELETE /os-floating-ips/:id', proxy),
  ...missing('reader', 'GET /os-floating-ip-pools', proxy),
  ...missing('admin', 'GET POST /os-floating-ips-bulk GET PUT /os-floating-ips-bulk/:id', proxy),
  ...missing('reader', 'GET /os-floating-ip-dns', proxy),
  ...missing('admin', 'PUT DELETE /os-floating-ip-dns/:id', proxy),
  ...missing('reader', 'GET /os-floating-ip-dns/:id/entries/:entry', proxy),
  ...missing('admin', 'PUT DELETE /os-floating-ip-dns/:id/entries/:entry', proxy),
  ...missing('admin', 'GET /os-fixed-ips/:id', proxy),
  ...missingActions('/os-fixed-ips/:id/action', 'reserve unreserve', proxy),
  ...missing('reader', 'GET /os-fping GET /os-fping/:id', proxy),
  ...missing('admin', 'GET POST /os-baremetal-nodes GET DELETE /os-baremetal-nodes/:id', proxy),
  ...missing('admin', 'POST /os-baremetal-nodes/:id/action', proxy),
];

export const notOffered: readonly Route[] = [...ofServers, ...ofAdministrators, ...ofOtherServices];
