/** Quotas as Neutron shows them; here nothing is limited. */
import type { Caller } from '#contracts/identity.ts';
import type { GuardedCall } from '../route-table.ts';
import { type NetworkContext, rightsOf } from './context.ts';
import { NetworkError } from './errors.ts';

type Call = GuardedCall<Caller>;

/** Neutron's word for "no limit". */
const unlimited = -1;
const resourceNames = [
  'network',
  'subnet',
  'port',
  'security_group',
  'security_group_rule',
] as const;

/** GET /v2.0/quotas/{project}. */
export function showQuota(call: Call) {
  refuseForeign(call);
  return { quota: Object.fromEntries(resourceNames.map((name) => [name, unlimited])) };
}

/** GET /v2.0/quotas/{project}/details.json: with how much is in use. */
export function showQuotaDetails({ store }: NetworkContext) {
  return async (call: Call) => {
    refuseForeign(call);
    const project = call.params['project'] ?? '';
    const isOwn = (thing: { projectId: string }) => thing.projectId === project;
    const used: Record<(typeof resourceNames)[number], number> = {
      network: (await store.networks()).filter(isOwn).length,
      subnet: (await store.subnets()).filter(isOwn).length,
      port: (await store.ports({ projectId: project })).length,
      security_group: (await store.securityGroups(project)).length,
      security_group_rule: (await store.securityGroupRules(project)).length,
    };
    const details = resourceNames.map((name) => [
      name,
      { limit: unlimited, used: used[name], reserved: 0 },
    ]);
    return { quota: Object.fromEntries(details) };
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
