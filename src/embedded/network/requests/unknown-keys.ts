/**
 * Keys of a request that its resource does not take. Source: Neutron's `verify_attributes` and
 * `fill_post_defaults`.
 */
import { ComputeError } from '#core/errors.ts';

/** Attributes of a resource that are only shown. */
const shownOnly = [
  'id',
  'status',
  'subnets',
  'tags',
  'created_at',
  'updated_at',
  'revision_number',
  'binding:vif_type',
  'binding:vif_details',
  'availability_zones',
  'security_group_rules',
  'normalized_cidr',
  'belongs_to_default_sg',
];

/**
 * Throws `invalid` for the keys that are not among `taken`: unknown ones first, then attributes
 * that this act cannot set. `created`: the keys that a creation takes. Example: `{ vlan: 3 }` →
 * "Unrecognized attribute(s) 'vlan'"; a change of `network_id` → "Cannot update read-only attribute
 * network_id".
 */
export function refuseUnknownKeys(
  requested: object,
  { act, taken, created }: { act: 'create' | 'update'; taken: string[]; created: string[] },
): void {
  const others = Object.keys(requested).filter((key) => !taken.includes(key));
  const unknown = others.filter((key) => !shownOnly.includes(key) && !created.includes(key));
  if (unknown.length > 0) throw refused(`Unrecognized attribute(s) '${unknown.join(', ')}'`);
  const [first] = others;
  if (first === undefined) return;
  throw refused(
    act === 'create'
      ? `Attribute '${first}' not allowed in POST`
      : `Cannot update read-only attribute ${first}`,
  );
}

function refused(message: string): ComputeError {
  return new ComputeError('invalid', message);
}
