/** Bodies of aggregate calls. Source: Nova compute API reference, "Host aggregates". */
import { type Static, Type } from 'typebox';
import * as field from '../requests/fields.ts';
import { closed } from '../requests/json-schema.ts';

/** As a name, without the colon that separates a zone from a host. */
const zone = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^(?!\\s)[^\\p{C}\\u2028\\u2029:]*(?<!\\s)$',
  rule: 'must not have a colon or control characters, or start or end with whitespace',
  trimmed: true,
});
const zoneOrNull = Type.Optional(Type.Union([zone, Type.Null()]));

/** Surrounding whitespace is removed. */
const looseName = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^\\s*[^\\s\\p{C}][^\\p{C}\\u2028\\u2029]*$',
  rule: 'must have a printable character and no control characters',
  trimmed: true,
});

const createBody = closed({
  aggregate: closed({ name: field.name, availability_zone: zoneOrNull }),
});
export const createAggregateBody = () => createBody;
export type CreateAggregateBody = Static<typeof createBody>;

const changeBody = closed({
  aggregate: Type.Object(
    { name: Type.Optional(looseName), availability_zone: zoneOrNull },
    { additionalProperties: false, minProperties: 1 },
  ),
});
export const changeAggregateBody = () => changeBody;
export type ChangeAggregateBody = Static<typeof changeBody>;

const host = closed({
  host: Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^[a-zA-Z0-9-._]*$',
    rule: 'must be letters, digits, dots, dashes and underscores',
  }),
});
const addBody = closed({ add_host: host });
const removeBody = closed({ remove_host: host });
export const addHostBody = () => addBody;
export const removeHostBody = () => removeBody;
export type AddHostBody = Static<typeof addBody>;
export type RemoveHostBody = Static<typeof removeBody>;

const cacheBody = closed({
  cache: Type.Array(closed({ id: field.uuid }), { minItems: 1 }),
});
export const cacheImagesBody = () => cacheBody;
export type CacheImagesBody = Static<typeof cacheBody>;

const metadataBody = closed({
  set_metadata: closed({
    metadata: Type.Record(
      Type.String({ pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' }),
      Type.Union([Type.String({ maxLength: 255 }), Type.Null()]),
      { additionalProperties: false, maxProperties: 256 },
    ),
  }),
});
export const setMetadataBody = () => metadataBody;
export type SetMetadataBody = Static<typeof metadataBody>;
