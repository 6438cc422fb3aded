/** Bodies of flavor calls. Source: Nova compute API reference, "Flavors". */
import * as field from '../requests/fields.ts';
import { type JsonSchema, object, wrapped } from '../requests/json-schema.ts';
import type { BodySchema } from '../requests/route.ts';

const description: JsonSchema = {
  anyOf: [{ type: 'string', maxLength: 65_535 }, { type: 'null' }],
};

/** The largest 32-bit float. Source: Nova's `db.FLOAT` limits of `rxtx_factor`. */
const largestFactor = 3.4e38;

const createBodies = [false, true].map((hasDescription) =>
  wrapped(
    'flavor',
    object(
      {
        name: field.name,
        id: {
          anyOf: [
            {
              type: 'string',
              minLength: 1,
              maxLength: 255,
              pattern: '^(?! )[a-zA-Z0-9. _-]+(?<! )$',
              rule: 'must be letters, digits, dots, dashes, underscores and inner blanks',
            },
            { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
            { type: 'null' },
          ],
        },
        ram: field.wholeNumber(1),
        vcpus: field.wholeNumber(1),
        disk: field.wholeNumber(0),
        'OS-FLV-EXT-DATA:ephemeral': field.wholeNumber(0),
        swap: field.wholeNumber(0),
        rxtx_factor: {
          anyOf: [
            { type: 'number', exclusiveMinimum: 0, maximum: largestFactor },
            {
              type: 'string',
              maxLength: 255,
              pattern: '^(?=.*[1-9])0*[0-9]{1,38}(\\.[0-9]+)?$',
              rule: 'must be a number above 0 with at most 38 digits before the point',
            },
          ],
        },
        'os-flavor-access:is_public': field.flag,
        ...(hasDescription && { description }),
      },
      ['name', 'ram', 'vcpus', 'disk'],
    ),
  ),
);

export const createFlavorBody: BodySchema = (version) =>
  createBodies[version >= 55 ? 1 : 0] as JsonSchema;

export interface CreateFlavorBody {
  flavor: {
    name: string;
    id?: string | number | null;
    ram: number | string;
    vcpus: number | string;
    disk: number | string;
    'OS-FLV-EXT-DATA:ephemeral'?: number | string;
    swap?: number | string;
    rxtx_factor?: number | string;
    'os-flavor-access:is_public'?: unknown;
    description?: string | null;
  };
}

const changeSchema = wrapped('flavor', object({ description }, ['description']));
export const changeFlavorBody: BodySchema = () => changeSchema;

export interface ChangeFlavorBody {
  flavor: { description: string | null };
}

/** Numbers are taken too, and kept as text. */
const specs: JsonSchema = {
  type: 'object',
  patternProperties: {
    '^[a-zA-Z0-9-_:. ]{1,255}$': {
      anyOf: [{ type: 'string', maxLength: 255 }, { type: 'number' }],
    },
  },
  additionalProperties: false,
  maxProperties: 256,
};

const specsSchema = wrapped('extra_specs', specs);
const specSchema = { ...specs, minProperties: 1, maxProperties: 1 };
export const extraSpecsBody: BodySchema = () => specsSchema;
export const extraSpecBody: BodySchema = () => specSchema;
