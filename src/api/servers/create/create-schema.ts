/**
 * The body of POST /servers in each microversion. Source: Nova compute API reference, "Create
 * Server", and its history.
 */
import * as field from '../../requests/fields.ts';
import { type JsonSchema, object, wrapped } from '../../requests/json-schema.ts';
import type { BodySchema } from '../../requests/route.ts';

/**
 * Where the body changes. Device tags came in 2.32, were lost for volumes in 2.33 and for NICs in
 * 2.37, and are back since 2.42.
 */
const changes = [1, 19, 32, 33, 37, 42, 52, 57, 63, 67, 74];

/** One schema object per range of versions, made when first used. */
export const createServerBody: BodySchema = (() => {
  const made = new Map<number, JsonSchema>();
  return (version) => {
    const since = changes.findLast((change) => change <= version) ?? 1;
    const schema = made.get(since) ?? bodySince(since);
    made.set(since, schema);
    return schema;
  };
})();

function bodySince(version: number): JsonSchema {
  const server = object(serverProperties(version), [
    'name',
    'flavorRef',
    ...(version >= 37 ? ['networks'] : []),
  ]);
  return object({ server, 'os:scheduler_hints': hints, 'OS-SCH-HNT:scheduler_hints': hints }, [
    'server',
  ]);
}

/**
 * Of everything that a body lists, so that no request costs others their time. No guest has a tenth
 * of it.
 */
const mostItems = 100;

const oneOrMore: JsonSchema = {
  anyOf: [field.uuid, { type: 'array', items: field.uuid, maxItems: mostItems }],
};

/** Any other hint may be anything: it is for a filter that is not there. */
const hints: JsonSchema = {
  type: 'object',
  properties: { group: field.uuid, same_host: oneOrMore, different_host: oneOrMore },
  additionalProperties: true,
  maxProperties: mostItems,
};

function serverProperties(version: number): Record<string, JsonSchema> {
  const fqdn = { type: 'string', minLength: 1, maxLength: 255 };
  return {
    name: field.name,
    imageRef: { anyOf: [field.imageReference, { type: 'string', maxLength: 0 }] },
    flavorRef: {
      anyOf: [
        { type: 'string', minLength: 1, maxLength: 255 },
        { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      ],
    },
    adminPass: { type: 'string' },
    metadata: field.textMap,
    networks: networks(version),
    'OS-DCF:diskConfig': field.diskConfig,
    accessIPv4: field.address,
    accessIPv6: field.address,
    availability_zone: field.name,
    block_device_mapping: { type: 'array', items: { type: 'object' }, maxItems: mostItems },
    block_device_mapping_v2: { type: 'array', items: blockDevice(version), maxItems: mostItems },
    config_drive: field.flag,
    key_name: field.name,
    min_count: field.wholeNumber(1),
    max_count: field.wholeNumber(1),
    return_reservation_id: field.flag,
    security_groups: { type: 'array', items: object({ name: field.name }), maxItems: mostItems },
    user_data: { type: 'string', maxLength: 65_535, nullIsAbsent: true },
    ...(version < 57 && {
      personality: { type: 'array', items: { type: 'object' }, maxItems: mostItems },
    }),
    ...(version >= 19 && { description: field.description }),
    ...(version >= 52 && { tags: { type: 'array', items: field.tag, maxItems: 50 } }),
    ...(version >= 63 && {
      trusted_image_certificates: {
        anyOf: [{ type: 'null' }, { type: 'array', items: { type: 'string' }, maxItems: 50 }],
      },
    }),
    ...(version >= 74 && { host: fqdn, hypervisor_hostname: fqdn }),
  };
}

function networks(version: number): JsonSchema {
  const hasTag = (version >= 32 && version < 37) || version >= 42;
  const list = {
    type: 'array',
    maxItems: mostItems,
    items: object({
      uuid: version >= 37 ? field.uuid : { type: 'string', maxLength: 255 },
      port: field.uuidOrNull,
      fixed_ip: field.address,
      ...(hasTag && { tag: field.tag }),
    }),
  };
  if (version < 37) return list;
  return { anyOf: [list, { type: 'string', enum: ['none', 'auto'] }] };
}

function blockDevice(version: number): JsonSchema {
  const text = { type: 'string', maxLength: 255 };
  const textOrNull = { anyOf: [text, { type: 'null' }] };
  const hasTag = version === 32 || version >= 42;
  return object({
    source_type: { type: 'string', enum: ['volume', 'image', 'snapshot', 'blank'] },
    destination_type: { type: 'string', enum: ['local', 'volume'] },
    uuid: text,
    image_id: text,
    volume_id: textOrNull,
    snapshot_id: textOrNull,
    volume_size: { anyOf: [field.wholeNumber(0), { type: 'null' }] },
    boot_index: {
      anyOf: [
        { type: 'integer', minimum: -0x80000000, maximum: 0x7fffffff },
        { type: 'null' },
        { type: 'string', pattern: '^-?[0-9]{1,9}$', rule: 'must be a whole number' },
      ],
    },
    delete_on_termination: field.flag,
    device_name: textOrNull,
    guest_format: textOrNull,
    device_type: textOrNull,
    disk_bus: textOrNull,
    virtual_name: textOrNull,
    no_device: {},
    ...(hasTag && { tag: field.tag }),
    ...(version >= 67 && { volume_type: textOrNull }),
  });
}

/** The body once checked, newest shape. */
export interface CreateServerBody {
  server: {
    name: string;
    imageRef?: string;
    flavorRef: string | number;
    adminPass?: string;
    metadata?: Record<string, string>;
    networks?: 'auto' | 'none' | NetworkEntry[];
    'OS-DCF:diskConfig'?: 'AUTO' | 'MANUAL';
    accessIPv4?: string;
    accessIPv6?: string;
    availability_zone?: string;
    block_device_mapping?: object[];
    block_device_mapping_v2?: BlockDevice[];
    config_drive?: unknown;
    key_name?: string;
    min_count?: number | string;
    max_count?: number | string;
    return_reservation_id?: unknown;
    security_groups?: { name?: string }[];
    user_data?: string;
    personality?: object[];
    description?: string | null;
    tags?: string[];
    trusted_image_certificates?: string[] | null;
    host?: string;
    hypervisor_hostname?: string;
  };
  'os:scheduler_hints'?: SchedulerHints;
  'OS-SCH-HNT:scheduler_hints'?: SchedulerHints;
}

interface SchedulerHints {
  group?: string;
  same_host?: string | string[];
  different_host?: string | string[];
}

export interface NetworkEntry {
  uuid?: string;
  port?: string | null;
  fixed_ip?: string;
  tag?: string;
}

export interface BlockDevice {
  source_type?: string;
  destination_type?: string;
  uuid?: string;
  image_id?: string;
  boot_index?: number | string | null;
}

/** The body of PUT /servers/{id}; 2.19 brought the description. */
const changeBodies = [false, true].map((hasDescription) =>
  wrapped(
    'server',
    object({
      name: field.name,
      'OS-DCF:diskConfig': field.diskConfig,
      accessIPv4: field.address,
      accessIPv6: field.address,
      ...(hasDescription && { description: field.description }),
    }),
  ),
);

export const changeServerBody: BodySchema = (version) =>
  changeBodies[version >= 19 ? 1 : 0] as JsonSchema;

export interface ChangeServerBody {
  server: {
    name?: string;
    'OS-DCF:diskConfig'?: 'AUTO' | 'MANUAL';
    accessIPv4?: string;
    accessIPv6?: string;
    description?: string | null;
  };
}
