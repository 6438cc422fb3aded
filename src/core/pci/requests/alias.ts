/** PCI aliases: the operator's names for kinds of devices, so that flavors can request them. */
import { ComputeError, errorText } from '../../errors.ts';
import { excerpt, excerptOfJson, printable, quoted } from '../../quoted-text.ts';
import { repeatedKey } from '../../repeated-key.ts';
import { parseBooleanText } from '../devices/boolean-text.ts';
import { type NumaPolicy, numaPolicies, type PciRequestSpec } from './request.ts';

/** An alias; every definition of the same name adds one spec, and any of them suffices. */
export interface PciAlias {
  name: string;
  numaPolicy: NumaPolicy;
  spec: PciRequestSpec[];
}

/**
 * `pciInPlacement`: Nova's `[filter_scheduler] pci_in_placement`; an alias may then name a resource
 * class instead of ids.
 */
export interface AliasOptions {
  pciInPlacement?: boolean;
}

/**
 * The aliases of the `[pci] alias` option, each a JSON object. Example: `{"name": "gpu",
 * "vendor_id": "10de", "product_id": "1db4"}`. Throws `invalid` naming source, key, value and rule.
 * Source: Nova `pci/request.py`, `_get_alias_from_config`, `_ALIAS_SCHEMA`.
 */
export function parseAliases(
  definitions: readonly { text: string; source: string }[],
  options: AliasOptions = {},
): PciAlias[] {
  const aliases = new Map<string, PciAlias>();
  for (const { text, source } of definitions) {
    const refuse = (problem: string) => new ComputeError('invalid', `${source}: alias ${problem}`);
    const { name, numaPolicy, spec } = parseAlias(text, refuse);
    if (!hasTarget(spec, options)) {
      const also = options.pciInPlacement === true ? ', or resource_class' : '';
      throw refuse(`${quoted(name)}: must have vendor_id and product_id${also}`);
    }
    const known = aliases.get(name);
    if (known !== undefined) checkAlternative(known, { numaPolicy, spec, options }, refuse);
    aliases.set(name, { name, numaPolicy, spec: [...(known?.spec ?? []), spec] });
  }
  return [...aliases.values()];
}

type Refuse = (problem: string) => ComputeError;

/** Keys of a definition and the rules of their text. */
const rules: Record<string, { test: RegExp; allowed: string }> = {
  name: { test: /^.{1,256}$/s, allowed: '1 to 256 characters' },
  capability_type: { test: /^pci$/, allowed: '"pci"' },
  vendor_id: { test: /^[0-9a-f]{4}$/i, allowed: 'four hexadecimal digits' },
  product_id: { test: /^[0-9a-f]{4}$/i, allowed: 'four hexadecimal digits' },
  device_type: {
    test: /^(type-PCI|type-PF|type-VF)$/,
    allowed: 'type-PCI, type-PF or type-VF',
  },
  numa_policy: {
    test: new RegExp(`^(${numaPolicies.join('|')})$`),
    allowed: numaPolicies.join(', '),
  },
  resource_class: { test: /^/, allowed: 'text' },
  traits: { test: /^/, allowed: 'text' },
};

function parseAlias(
  text: string,
  refuse: Refuse,
): { name: string; numaPolicy: NumaPolicy; spec: PciRequestSpec } {
  const given = parseObject(text, refuse);
  const { name = '', numa_policy: policy, device_type: deviceType, ...ids } = given;
  if (name.trim() === '') throw refuse(`${excerpt(text)}: must have a name`);
  return {
    name: name.trim(),
    numaPolicy: (policy ?? 'legacy') as NumaPolicy,
    spec: { ...ids, ...(deviceType !== undefined && { dev_type: deviceType }) },
  };
}

function parseObject(text: string, refuse: Refuse): Record<string, string> {
  if (text.trim() === '') throw refuse('is empty: must be a JSON object');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse(`${excerpt(text)}: must be JSON (${printable(errorText(cause))})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`${excerpt(text)}: must be an object`);
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) {
    throw refuse(`${excerpt(text)}: key ${quoted(twice)} is written twice`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, parseValue(key, inner, refuse)]),
  );
}

function parseValue(key: string, value: unknown, refuse: Refuse): string {
  const shown = excerptOfJson(value);
  if (key === 'live_migratable') {
    const isOn = typeof value === 'string' ? parseBooleanText(value) : undefined;
    if (isOn === undefined)
      throw refuse(`live_migratable ${shown}: must be text such as "yes" or "no"`);
    return String(isOn);
  }
  const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
  if (rule === undefined)
    throw refuse(`key ${quoted(key)}: must be one of ${Object.keys(rules).join(', ')}`);
  if (typeof value === 'string' && rule.test.test(value)) return value;
  throw refuse(`${key} ${shown}: must be ${rule.allowed}`);
}

function hasTarget(spec: PciRequestSpec, options: AliasOptions): boolean {
  const hasIds = 'vendor_id' in spec && 'product_id' in spec;
  return hasIds || (options.pciInPlacement === true && 'resource_class' in spec);
}

interface Alternative {
  numaPolicy: NumaPolicy;
  spec: PciRequestSpec;
  options: AliasOptions;
}

/**
 * Definitions of one name must agree on the policy and on a stated device type: the guest's driver
 * cannot choose between types.
 */
function checkAlternative(known: PciAlias, given: Alternative, refuse: Refuse): void {
  const { name } = known;
  if (given.options.pciInPlacement === true) {
    throw refuse(
      `${quoted(name)}: is defined twice; with pci_in_placement a name has one definition`,
    );
  }
  if (known.numaPolicy !== given.numaPolicy) {
    throw refuse(
      `${quoted(name)}: numa_policy "${given.numaPolicy}" must be that of its first definition, "${known.numaPolicy}"`,
    );
  }
  const [first] = known.spec;
  if (first?.['dev_type'] === undefined || first['dev_type'] !== given.spec['dev_type']) {
    throw refuse(`${quoted(name)}: every definition of one name must state the same device_type`);
  }
}
