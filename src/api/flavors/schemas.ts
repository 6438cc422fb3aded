/** Bodies of flavor calls. Source: Nova compute API reference, "Flavors". */
import { type Static, Type } from 'typebox';
import * as field from '../requests/fields.ts';
import { closed, keysIf } from '../requests/json-schema.ts';

const may = Type.Optional;
const description = Type.Union([Type.String({ maxLength: 65_535 }), Type.Null()]);

/** The largest 32-bit float. Source: Nova's `db.FLOAT` limits of `rxtx_factor`. */
const largestFactor = 3.4e38;

const id = Type.Union([
  Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^(?! )[a-zA-Z0-9. _-]+(?<! )$',
    rule: 'must be letters, digits, dots, dashes, underscores and inner blanks',
  }),
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  Type.Null(),
]);

const factor = Type.Union([
  Type.Number({ exclusiveMinimum: 0, maximum: largestFactor }),
  Type.String({
    maxLength: 255,
    pattern: '^(?=.*[1-9])0*[0-9]{1,38}(\\.[0-9]+)?$',
    rule: 'must be a number above 0 with at most 38 digits before the point',
  }),
]);

const createBodyOf = (hasDescription: boolean) =>
  closed({
    flavor: closed({
      name: field.name,
      id: may(id),
      ram: field.wholeNumber(1),
      vcpus: field.wholeNumber(1),
      disk: field.wholeNumber(0),
      'OS-FLV-EXT-DATA:ephemeral': may(field.wholeNumber(0)),
      swap: may(field.wholeNumber(0)),
      rxtx_factor: may(factor),
      'os-flavor-access:is_public': may(field.flag),
      ...keysIf(hasDescription, { description: may(description) }),
    }),
  });
const [createBody, createBodyWithDescription] = [createBodyOf(false), createBodyOf(true)];

/** 2.55 brought the description. */
export const createFlavorBody = (version: number) =>
  version >= 55 ? createBodyWithDescription : createBody;
export type CreateFlavorBody = Static<typeof createBody>;

const changeBody = closed({ flavor: closed({ description }) });
export const changeFlavorBody = () => changeBody;
export type ChangeFlavorBody = Static<typeof changeBody>;

/** Numbers are taken too, and kept as text. */
const specs = (bounds: { minProperties?: number; maxProperties: number }) =>
  Type.Record(
    Type.String({ pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' }),
    Type.Union([Type.String({ maxLength: 255 }), Type.Number()]),
    { additionalProperties: false, ...bounds },
  );

const specsBody = closed({ extra_specs: specs({ maxProperties: 256 }) });
const specBody = specs({ minProperties: 1, maxProperties: 1 });
export const extraSpecsBody = () => specsBody;
export const extraSpecBody = () => specBody;
export type ExtraSpecsBody = Static<typeof specsBody>;
export type ExtraSpecBody = Static<typeof specBody>;
