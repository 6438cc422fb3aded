/**
 * `os-quota-class-sets`: the limits of the class `default` count for every project; others are kept
 * and count for none. Source: Nova `api/openstack/compute/quota_classes.py`.
 */
import { ComputeError } from '#core/errors.ts';
import { standardInForce } from '#core/quotas/compute-quotas.ts';
import type { Call, Reply } from '../requests/route.ts';
import { numbersOf } from './quota-sets.ts';
import { type QuotaClassBody, quotasOfClasses } from './schemas.ts';

export async function showQuotaClass(call: Call): Promise<Reply> {
  const name = call.params['id'] ?? '';
  return { body: { quota_class_set: { id: name, ...(await limitsOf(call, name)) } } };
}

export async function changeQuotaClass(call: Call<QuotaClassBody>): Promise<Reply> {
  const name = call.params['id'] ?? '';
  if (name.length > 255) {
    throw new ComputeError(
      'invalid',
      `quota_class_name has ${name.length} characters, more than 255.`,
    );
  }
  await call.context.store.quotas.setClass(name, numbersOf(call.body.quota_class_set));
  return { body: { quota_class_set: await limitsOf(call, name) } };
}

async function limitsOf({ context, version }: Call, name: string): Promise<object> {
  const { standard } = context.configuredQuotas('');
  const limits = standardInForce(standard, await context.store.quotas.classLimits(name));
  return Object.fromEntries(quotasOfClasses(version).map((quota) => [quota, limits[quota]]));
}
