/** Quotas as Neutron shows them. They are set in the configuration. */
import type { Caller } from '#contracts/services/identity.ts';
import type { GuardedCall } from '../../route-table.ts';
import { type NetworkContext, rightsOf } from './context.ts';
import { NetworkError } from './errors.ts';
import { countOf, type QuotaResource, quotaResources } from './quota-check.ts';

type Call = GuardedCall<Caller>;

const resourceNames = Object.keys(quotaResources) as QuotaResource[];

/** GET /v2.0/quotas/{project}. */
export function showQuota({ limitsOf }: NetworkContext) {
  return (call: Call) => {
    refuseForeign(call);
    const limits = limitsOf(call.params['project'] ?? '');
    const shown = resourceNames.map((name) => [name, limits[quotaResources[name]]]);
    return { body: { quota: Object.fromEntries(shown) } };
  };
}

/** GET /v2.0/quotas/{project}/default: of a project without exceptions. */
export function showDefaultQuota({ limitsOf }: NetworkContext) {
  return (call: Call) => {
    refuseForeign(call);
    const limits = limitsOf('');
    const shown = resourceNames.map((name) => [name, limits[quotaResources[name]]]);
    return { body: { quota: Object.fromEntries(shown) } };
  };
}

/** GET /v2.0/quotas/{project}/details.json: with how much is in use. */
export function showQuotaDetails({ store, limitsOf }: NetworkContext) {
  return async (call: Call) => {
    refuseForeign(call);
    const project = call.params['project'] ?? '';
    const limits = limitsOf(project);
    const details: Record<string, object> = {};
    for (const name of resourceNames) {
      const used = await countOf(store, project, name);
      details[name] = { limit: limits[quotaResources[name]], used, reserved: 0 };
    }
    return { body: { quota: details } };
  };
}

function refuseForeign({ caller, params }: Call): void {
  const { projectId, isPrivileged } = rightsOf(caller);
  if (isPrivileged || params['project'] === projectId) return;
  throw new NetworkError(
    'forbidden',
    'PolicyNotAuthorized',
    'The quotas of another project may be read only with the role admin or service.',
  );
}
