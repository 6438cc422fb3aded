/**
 * The body of POST /servers in each microversion. Source: Nova compute API reference, "Create
 * Server", and its history.
 */
import * as field from '../../requests/fields.ts';
import { type Static, type TOptional, type TProperties, type TSchema, Type } from 'typebox';
import { bySince, closed, keysIf } from '../../requests/json-schema.ts';
import type { BodySchema } from '../../requests/route.ts';
import { userDataText } from './user-data.ts';

/**
 * Where the body changes. Device tags came in 2.32, were lost for volumes in 2.33 and for NICs in
 * 2.37, and are back since 2.42.
 */
const changes = [1, 19, 32, 33, 37, 42, 52, 57, 63, 67, 74, 90, 94];

export const createServerBody: BodySchema<CreateServerSchema> = bySince(changes, bodySince);

type CreateServerSchema = ReturnType<typeof bodySince>;

/** The body once read. Keys that its microversion lacks are not there. */
export type CreateServerBody = Static<CreateServerSchema>;
export type NetworkEntry = Static<ReturnType<typeof networkEntry>>;
export type BlockDevice = Static<ReturnType<typeof blockDevice>>;

function bodySince(version: number) {
  return closed({
    server: closed(serverProperties(version)),
    'os:scheduler_hints': Type.Optional(hints()),
    'OS-SCH-HNT:scheduler_hints': Type.Optional(hints()),
  });
}

/** Limit of every list in a body, so that no request delays others. No guest has a tenth of it. */
const mostItems = 100;

const listOf = <Items extends TSchema>(items: Items, maxItems = mostItems) =>
  Type.Array(items, { maxItems });

/** Any other hint may be anything: its filter does not exist here. */
function hints() {
  const oneOrMore = Type.Optional(Type.Union([field.uuid, listOf(field.uuid)]));
  return Type.Object(
    { group: Type.Optional(field.uuid), same_host: oneOrMore, different_host: oneOrMore },
    { additionalProperties: true, maxProperties: mostItems },
  );
}

function serverProperties(version: number) {
  const may = Type.Optional;
  const fqdn = may(Type.String({ minLength: 1, maxLength: 255 }));
  const anything = Type.Object({});
  return {
    name: field.name,
    imageRef: may(Type.Union([field.imageReference, Type.String({ maxLength: 0 })])),
    flavorRef: Type.Union([
      Type.String({ minLength: 1, maxLength: 255 }),
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    ]),
    adminPass: may(Type.String()),
    metadata: may(field.textMap),
    networks: networks(version),
    'OS-DCF:diskConfig': may(field.diskConfig),
    accessIPv4: may(field.address),
    accessIPv6: may(field.address),
    availability_zone: may(field.name),
    block_device_mapping: may(listOf(anything)),
    block_device_mapping_v2: may(listOf(blockDevice(version))),
    config_drive: may(field.flag),
    key_name: may(field.name),
    min_count: may(field.wholeNumber(1)),
    max_count: may(field.wholeNumber(1)),
    return_reservation_id: may(field.flag),
    security_groups: may(listOf(closed({ name: may(field.name) }))),
    user_data: may(userDataText),
    ...keysIf(version < 57, { personality: may(listOf(anything)) }),
    ...keysIf(version >= 19, { description: may(field.description) }),
    ...keysIf(version >= 52, { tags: may(listOf(field.tag, 50)) }),
    ...keysIf(version >= 63, {
      trusted_image_certificates: may(Type.Union([Type.Null(), listOf(Type.String(), 50)])),
    }),
    ...keysIf(version >= 74, { host: fqdn, hypervisor_hostname: fqdn }),
    ...field.hostnameSince(version),
  } satisfies TProperties;
}

/** Required from 2.37 on; of all versions together it is optional. */
function networks(version: number) {
  const list = listOf(networkEntry(version));
  const orWord = Type.Union([list, field.oneOf(['none', 'auto'])]);
  return (version >= 37 ? orWord : Type.Optional(list)) as TOptional<typeof orWord>;
}

function networkEntry(version: number) {
  const hasTag = (version >= 32 && version < 37) || version >= 42;
  return closed({
    uuid: Type.Optional(version >= 37 ? field.uuid : Type.String({ maxLength: 255 })),
    port: Type.Optional(field.uuidOrNull),
    fixed_ip: Type.Optional(field.address),
    ...keysIf(hasTag, { tag: Type.Optional(field.tag) }),
  });
}

function blockDevice(version: number) {
  const may = Type.Optional;
  const text = Type.String({ maxLength: 255 });
  const textOrNull = may(Type.Union([text, Type.Null()]));
  const hasTag = version === 32 || version >= 42;
  return closed({
    source_type: may(field.oneOf(['volume', 'image', 'snapshot', 'blank'])),
    destination_type: may(field.oneOf(['local', 'volume'])),
    uuid: may(text),
    image_id: may(text),
    volume_id: textOrNull,
    snapshot_id: textOrNull,
    volume_size: may(Type.Union([field.wholeNumber(0), Type.Null()])),
    boot_index: may(
      Type.Union([
        Type.Integer({ minimum: -0x80000000, maximum: 0x7fffffff }),
        Type.Null(),
        Type.String({ pattern: '^-?[0-9]{1,9}$', rule: 'must be a whole number' }),
      ]),
    ),
    delete_on_termination: may(field.flag),
    device_name: textOrNull,
    guest_format: textOrNull,
    device_type: textOrNull,
    disk_bus: textOrNull,
    virtual_name: textOrNull,
    no_device: may(Type.Unknown()),
    ...keysIf(hasTag, { tag: may(field.tag) }),
    ...keysIf(version >= 67, { volume_type: textOrNull }),
  });
}

const changeBodyOf = (version: number) =>
  closed({
    server: closed({
      name: Type.Optional(field.name),
      'OS-DCF:diskConfig': Type.Optional(field.diskConfig),
      accessIPv4: Type.Optional(field.address),
      accessIPv6: Type.Optional(field.address),
      ...keysIf(version >= 19, { description: Type.Optional(field.description) }),
      ...field.hostnameSince(version),
    }),
  });

/**
 * The body of PUT /servers/{id}: 2.19 brought the description, 2.90 the hostname, 2.94 its domain.
 */
export const changeServerBody = bySince([1, 19, 90, 94], changeBodyOf);

export type ChangeServerBody = Static<ReturnType<typeof changeBodyOf>>;
