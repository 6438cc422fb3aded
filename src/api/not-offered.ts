/**
 * What Nova has and Novella does not offer yet: 501 by name, so that a client does not mistake a
 * missing feature for a missing object. Where Nova ended an API at a microversion, it is 404 from
 * the next one on. Source: Nova `api/openstack/compute/routes.py` and its version history.
 */
import { callRows as missing } from './requests/call-rows.ts';
import type { Route } from './requests/route.ts';

/**
 * The last minor versions of the proxies of other services, of image metadata, and of hosts.
 */
const proxy = { to: 35 } as const;
const imageMetadata = { to: 38 } as const;
const hosts = { to: 42 } as const;

const ofServers: Route[] = [
  ...missing('member', 'POST /servers/:id/remote-consoles', { from: 6 }),
  ...missing('reader', 'GET /os-volumes_boot GET /os-volumes_boot/detail GET /os-volumes_boot/:id'),
  ...missing('member', 'POST /os-volumes_boot PUT DELETE /os-volumes_boot/:id'),
  ...missing('member', 'POST /os-volumes_boot/:id/action'),
];

const ofAdministrators: Route[] = [
  ...missing('admin', 'POST /os-aggregates/:id/images', { from: 81 }),
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
  ...missing('reader', 'GET /os-tenant-networks GET /os-tenant-networks/:id', proxy),
  ...missing('reader', 'GET /os-security-groups GET /os-security-groups/:id', proxy),
  ...missing('member', 'POST /os-security-groups PUT DELETE /os-security-groups/:id', proxy),
  ...missing('member', 'POST /os-security-group-rules', proxy),
  ...missing('member', 'DELETE /os-security-group-rules/:id', proxy),
  ...missing('reader', 'GET /os-floating-ips GET /os-floating-ips/:id', proxy),
  ...missing('member', 'POST /os-floating-ips DELETE /os-floating-ips/:id', proxy),
  ...missing('reader', 'GET /os-floating-ip-pools', proxy),
  ...missing('admin', 'GET POST /os-baremetal-nodes GET DELETE /os-baremetal-nodes/:id', proxy),
  ...missing('admin', 'POST /os-baremetal-nodes/:id/action', proxy),
];

export const notOffered: readonly Route[] = [...ofServers, ...ofAdministrators, ...ofOtherServices];
