/**
 * From the operator's device list to device specs. Every wrong entry is refused with its source,
 * its number and the rule.
 */
import { ComputeError, errorText } from '../../errors.ts';
import { excerpt, excerptOfJson, printable, quoted } from '../../quoted-text.ts';
import { repeatedKey } from '../../repeated-key.ts';
import { parseAddressPattern, parseHexField } from '../devices/address-pattern.ts';
import { parseBooleanText } from '../devices/boolean-text.ts';
import type { DeviceTags } from '../devices/device.ts';
import {
  type DeviceSpec,
  type HostFunction,
  isRemoteManaged,
  namedFunction,
  placeOfEntry,
} from './device-spec.ts';

/**
 * One occurrence of the option: JSON text of an object or a list of objects, or such an object
 * itself (from YAML).
 */
export type DeviceSpecSource = { source: string } & ({ text: string } | { object: unknown });

/** `reportInPlacement`: Nova's `[pci] report_in_placement`; some tags mean nothing without it. */
export interface DeviceSpecOptions {
  reportInPlacement?: boolean;
}

/**
 * All entries in order, or a ComputeError `invalid`: `novella.yaml:12: entry 1: vendor_id "113g":
 * must be hexadecimal or "*"`; its `detail` is the rule's name (`bad_json`, `repeated_key`,
 * `not_list_or_dict`, `entry_not_object`, `not_hex`, `out_of_range`, `wrong_address_format`,
 * `devname_and_address`, `not_text`, `bad_boolean_tag`, `device_id_and_vendor_id`,
 * `one_time_use_needs_placement`, `remote_managed_*`). `hostFunctions` are needed for
 * remote-managed entries only. Source: the seed, "PCI Whitelist"; Nova `pci/whitelist.py`,
 * `pci/devspec.py`.
 */
export function parseDeviceSpecs(
  sources: readonly DeviceSpecSource[],
  hostFunctions: readonly HostFunction[],
  options: DeviceSpecOptions = {},
): DeviceSpec[] {
  const { specs, refusals } = readDeviceSpecs(sources, hostFunctions, options);
  const [first] = refusals;
  if (first !== undefined) throw first;
  return specs;
}

/**
 * As `parseDeviceSpecs`, but continues after a wrong entry: the valid entries, and one refusal for
 * each invalid one. A wrong one keeps its number.
 */
export function readDeviceSpecs(
  sources: readonly DeviceSpecSource[],
  hostFunctions: readonly HostFunction[],
  options: DeviceSpecOptions = {},
): { specs: DeviceSpec[]; refusals: ComputeError[] } {
  const specs: DeviceSpec[] = [];
  const refusals: ComputeError[] = [];
  let entry = 0;
  for (const given of sources) {
    const { source } = given;
    // A text that cannot be read counts as one entry.
    for (const object of naming(source, refusals, () => entriesOf(given)) ?? [undefined]) {
      if (object !== undefined) {
        const spec = naming(placeOfEntry(source, entry), refusals, () => {
          const parsed = { entry, source, ...parseEntry(object) };
          checkOneTimeUse(parsed, options);
          if (isRemoteManaged(parsed)) checkRemoteManaged(parsed, hostFunctions);
          return parsed;
        });
        if (spec !== undefined) specs.push(spec);
      }
      entry += 1;
    }
  }
  return { specs, refusals };
}

/**
 * Runs the parse of one place. A refusal is added to the list, its message prefixed with the place,
 * and undefined is returned.
 */
function naming<T>(place: string, refusals: ComputeError[], parse: () => T): T | undefined {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof ComputeError)) throw cause;
    const detail = cause.detail === undefined ? {} : { detail: cause.detail };
    refusals.push(new ComputeError(cause.kind, `${place}: ${cause.message}`, { ...detail, cause }));
    return undefined;
  }
}

function invalid(message: string, rule: string): ComputeError {
  return new ComputeError('invalid', message, { detail: rule });
}

function entriesOf(given: DeviceSpecSource): unknown[] {
  const value = 'text' in given ? parseJson(given.text) : given.object;
  if (Array.isArray(value)) return value;
  if (isObject(value)) return [value];
  throw invalid(
    `${excerptOfJson(value)}: must be an object or a list of objects`,
    'not_list_or_dict',
  );
}

function parseJson(text: string): unknown {
  if (text.trim() === '') {
    throw invalid('device_spec is empty: must be a JSON object or a list of objects', 'bad_json');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const problem = errorText(cause);
    throw invalid(`${excerpt(text)}: must be JSON (${printable(problem)})`, 'bad_json');
  }
  const twice = repeatedKey(text);
  if (twice === undefined) return value;
  throw invalid(
    `${excerpt(text)}: key ${quoted(twice)} is written twice in one object; write an object for each`,
    'repeated_key',
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type ParsedEntry = Omit<DeviceSpec, 'entry' | 'source'>;

function parseEntry(object: unknown): ParsedEntry {
  if (!isObject(object)) {
    throw invalid(`${excerptOfJson(object)}: must be an object`, 'entry_not_object');
  }
  const { given, warnings } = withVendorId(object);
  const { vendor_id: vendorId, product_id: productId, address, devname, ...tags } = given;
  if (devname !== undefined && typeof devname !== 'string') {
    throw invalid(`devname ${excerptOfJson(devname)}: must be text`, 'not_text');
  }
  if (isGiven(address) && isGiven(devname)) {
    throw invalid(
      `devname ${quoted(devname)}: is not allowed together with address`,
      'devname_and_address',
    );
  }
  return {
    vendorId: parseId('vendor_id', vendorId),
    productId: parseId('product_id', productId),
    address: parseAddressPattern(isGiven(address) ? address : undefined),
    devname: isGiven(devname) ? devname : null,
    tags: parseTags(tags),
    warnings,
  };
}

/** An empty text or object counts as absent. */
function isGiven<T>(value: T): value is T & {} {
  return value !== undefined && value !== null && value !== '' && JSON.stringify(value) !== '{}';
}

/**
 * The seed's grammar has `device_id` where its examples have `vendor_id`; some mean the product by
 * it. See docs on device specs.
 */
function withVendorId(object: Record<string, unknown>): {
  given: Record<string, unknown>;
  warnings: string[];
} {
  if (!('device_id' in object)) return { given: object, warnings: [] };
  const { device_id: old, ...given } = object;
  if ('vendor_id' in given) {
    throw invalid(
      `device_id ${excerptOfJson(old)}: is not allowed together with vendor_id; write vendor_id and product_id`,
      'device_id_and_vendor_id',
    );
  }
  const warning = `device_id ${excerptOfJson(old)} is read as vendor_id, its old name; write vendor_id`;
  return { given: { ...given, vendor_id: old }, warnings: [warning] };
}

function parseId(name: string, value: unknown): string {
  if (value === undefined) return '*';
  if (typeof value !== 'string') {
    throw invalid(
      `${name} ${excerptOfJson(value)}: must be text of hexadecimal digits`,
      'not_text',
    );
  }
  return parseHexField(name, value, { highest: 0xffff, width: 4 });
}

/**
 * Tags that are switches, kept as "true" or "false". Source: Nova
 * `PciDeviceSpec._normalize_device_spec_tag`.
 */
const switches = new Set(['managed', 'live_migratable', 'one_time_use']);

function parseTags(given: Record<string, unknown>): DeviceTags {
  return Object.fromEntries(
    Object.entries(given).map(([tag, value]) => [tag, parseTag(tag, value)]),
  );
}

function parseTag(tag: string, value: unknown): string | null {
  if (value === null) return null;
  const text = tagText(value);
  if (text === undefined) {
    throw invalid(`tag ${excerpt(tag)} ${excerptOfJson(value)}: must be text or null`, 'not_text');
  }
  if (!switches.has(tag)) return text;
  const isOn = parseBooleanText(text);
  if (isOn === undefined) {
    throw invalid(
      `tag ${excerpt(tag)} ${quoted(text)}: must be a value such as true, yes, false or no`,
      'bad_boolean_tag',
    );
  }
  return String(isOn);
}

/** Numbers and booleans become the text that Nova stores for them. Example: true → `True`. */
function tagText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return undefined;
}

function checkOneTimeUse(spec: DeviceSpec, options: DeviceSpecOptions): void {
  if (spec.tags['one_time_use'] !== 'true' || options.reportInPlacement === true) return;
  throw invalid(
    'tag one_time_use "true": needs report_in_placement, and Novella has no Placement',
    'one_time_use_needs_placement',
  );
}

/**
 * Only VFs can be remote-managed: an entry that names a PF must state its VFs' product id. Source:
 * Nova `PciDeviceSpec._init_dev_details`, the part on remote-managed devices.
 */
function checkRemoteManaged(spec: DeviceSpec, hostFunctions: readonly HostFunction[]): void {
  const named = namedFunction(spec, hostFunctions);
  if (spec.devname !== null && named === undefined) {
    throw invalid(
      `devname ${quoted(spec.devname)}: the host has no such network interface, so remote_managed cannot be checked`,
      'remote_managed_not_present',
    );
  }
  if (named === undefined || named.deviceType !== 'type-PF') return;
  const isVendor = spec.vendorId === '*' || spec.vendorId === named.vendorId;
  if (isVendor && spec.productId === named.vfProductId) return;
  if (isVendor && (spec.productId === '*' || spec.productId === named.productId)) {
    throw invalid(
      `${named.address} is a PF: remote_managed is for VFs; state product_id of its VFs (${named.vfProductId ?? 'unknown'})`,
      'remote_managed_pf',
    );
  }
  throw invalid(
    `vendor_id "${spec.vendorId}", product_id "${spec.productId}": the VFs of PF ${named.address} are ${named.vendorId}:${named.vfProductId ?? 'unknown'}`,
    'remote_managed_id_mismatch',
  );
}
