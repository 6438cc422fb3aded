/** A new network's segments in the form of Neutron's extension `multi-provider`. */
import { fieldsOf } from '../../request-body.ts';
import { invalidInput } from './errors.ts';

/**
 * The body with its only segment as the network's own provider keys, as Terraform sends them; other
 * bodies unchanged. Throws `invalid` when the network has provider keys too. Example: `{ network: {
 * segments: [{ 'provider:network_type': 'vlan' }] } }` → `{ network: { 'provider:network_type':
 * 'vlan' } }`.
 */
export function withSingleSegment(body: unknown): unknown {
  const fields = fieldsOf(body);
  const network = fieldsOf(fields?.['network']);
  if (network === undefined || !Array.isArray(network['segments'])) return body;
  const { segments, ...rest } = network;
  const [only, ...more] = segments as unknown[];
  const segment = fieldsOf(only);
  if (segment === undefined || more.length > 0) return body;
  const key = Object.keys(rest).find((each) => each.startsWith('provider:'));
  if (key !== undefined) {
    throw invalidInput(`network.segments: cannot be given together with ${key}`);
  }
  const unknown = Object.keys(segment).find((each) => !providerKeys.includes(each));
  if (unknown !== undefined) {
    const known = providerKeys.join(', ');
    throw invalidInput(`network.segments[0].${unknown}: unknown key; known are: ${known}`);
  }
  return { ...fields, network: { ...rest, ...segment } };
}

const providerKeys = [
  'provider:network_type',
  'provider:physical_network',
  'provider:segmentation_id',
];
