/**
 * What Nova has and Novella does not offer yet: 501 by name, so that a client does not mistake a
 * missing feature for a missing object. Where Nova ended an API at a microversion, it is 404 from
 * the next one on. Source: Nova `api/openstack/compute/routes.py` and its version history.
 */
import { callRows as missing } from './requests/call-rows.ts';
import type { Route } from './requests/route.ts';

/** The last minor versions of the proxies of other services, and of hosts. */
const proxy = { to: 35 } as const;
const hosts = { to: 42 } as const;

const servers = 'os_compute_api:servers';
const snapshots = 'os_compute_api:os-assisted-volume-snapshots';
const audits = 'os_compute_api:os-instance-usage-audit-log';
const volumes = 'os_compute_api:os-volumes';
const groups = 'os_compute_api:os-security-groups';
const floating = 'os_compute_api:os-floating-ips';

const ofServers: Route[] = [
  ...missing(`${servers}:index`, 'GET /os-volumes_boot'),
  ...missing(`${servers}:detail`, 'GET /os-volumes_boot/detail'),
  ...missing(`${servers}:show`, 'GET /os-volumes_boot/:id'),
  ...missing(`${servers}:create`, 'POST /os-volumes_boot'),
  ...missing(`${servers}:update`, 'PUT /os-volumes_boot/:id'),
  ...missing(`${servers}:delete`, 'DELETE /os-volumes_boot/:id'),
  ...missing('signed-in', 'POST /os-volumes_boot/:id/action'),
];

const ofAdministrators: Route[] = [
  ...missing(`${snapshots}:create`, 'POST /os-assisted-volume-snapshots'),
  ...missing(`${snapshots}:delete`, 'DELETE /os-assisted-volume-snapshots/:id'),
  ...missing(`${audits}:list`, 'GET /os-instance_usage_audit_log'),
  ...missing(`${audits}:show`, 'GET /os-instance_usage_audit_log/:id'),
  ...missing('os_compute_api:os-hosts:reboot', 'GET /os-hosts/:id/reboot', hosts),
  ...missing('os_compute_api:os-hosts:shutdown', 'GET /os-hosts/:id/shutdown', hosts),
  ...missing('os_compute_api:os-hosts:start', 'GET /os-hosts/:id/startup', hosts),
];

/** Nova has no rules for changes of bare metal nodes. */
const ofOtherServices: Route[] = [
  ...missing(`${volumes}:list`, 'GET /os-volumes', proxy),
  ...missing(`${volumes}:detail`, 'GET /os-volumes/detail', proxy),
  ...missing(`${volumes}:show`, 'GET /os-volumes/:id', proxy),
  ...missing(`${volumes}:create`, 'POST /os-volumes', proxy),
  ...missing(`${volumes}:delete`, 'DELETE /os-volumes/:id', proxy),
  ...missing(`${volumes}:snapshots:list`, 'GET /os-snapshots', proxy),
  ...missing(`${volumes}:snapshots:detail`, 'GET /os-snapshots/detail', proxy),
  ...missing(`${volumes}:snapshots:show`, 'GET /os-snapshots/:id', proxy),
  ...missing(`${volumes}:snapshots:create`, 'POST /os-snapshots', proxy),
  ...missing(`${volumes}:snapshots:delete`, 'DELETE /os-snapshots/:id', proxy),
  ...missing('os_compute_api:os-networks:list', 'GET /os-networks', proxy),
  ...missing('os_compute_api:os-networks:show', 'GET /os-networks/:id', proxy),
  ...missing('os_compute_api:os-tenant-networks:list', 'GET /os-tenant-networks', proxy),
  ...missing('os_compute_api:os-tenant-networks:show', 'GET /os-tenant-networks/:id', proxy),
  ...missing(`${groups}:get`, 'GET /os-security-groups', proxy),
  ...missing(`${groups}:show`, 'GET /os-security-groups/:id', proxy),
  ...missing(`${groups}:create`, 'POST /os-security-groups', proxy),
  ...missing(`${groups}:update`, 'PUT /os-security-groups/:id', proxy),
  ...missing(`${groups}:delete`, 'DELETE /os-security-groups/:id', proxy),
  ...missing(`${groups}:rule:create`, 'POST /os-security-group-rules', proxy),
  ...missing(`${groups}:rule:delete`, 'DELETE /os-security-group-rules/:id', proxy),
  ...missing(`${floating}:list`, 'GET /os-floating-ips', proxy),
  ...missing(`${floating}:show`, 'GET /os-floating-ips/:id', proxy),
  ...missing(`${floating}:create`, 'POST /os-floating-ips', proxy),
  ...missing(`${floating}:delete`, 'DELETE /os-floating-ips/:id', proxy),
  ...missing('os_compute_api:os-floating-ip-pools', 'GET /os-floating-ip-pools', proxy),
  ...missing('os_compute_api:os-baremetal-nodes:list', 'GET /os-baremetal-nodes', proxy),
  ...missing('os_compute_api:os-baremetal-nodes:show', 'GET /os-baremetal-nodes/:id', proxy),
  ...missing('signed-in', 'POST /os-baremetal-nodes DELETE /os-baremetal-nodes/:id', proxy),
  ...missing('signed-in', 'POST /os-baremetal-nodes/:id/action', proxy),
];

export const notOffered: readonly Route[] = [...ofServers, ...ofAdministrators, ...ofOtherServices];
