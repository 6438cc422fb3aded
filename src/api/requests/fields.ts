/**
 * Schemas of single fields that several bodies share. Source: Nova
 * `api/validation/parameter_types.py`.
 */
import type { JsonSchema } from './json-schema.ts';

/** 1 to 255 characters, no blank at either end, no control characters. */
export const name: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  pattern: '^(?!\\s)[^\\p{C}\\u2028\\u2029]*(?<!\\s)$',
  rule: 'must not start or end with a blank, nor hold control characters',
  trimmed: true,
};

export const uuid: JsonSchema = {
  type: 'string',
  pattern: '^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$',
  rule: 'must be a UUID',
};

/** An image, as its UUID or as a URL that ends in it. */
export const imageReference: JsonSchema = {
  anyOf: [
    uuid,
    {
      type: 'string',
      pattern: '^https?://[^\\s?#]*/[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$',
      rule: 'must be a UUID, or a URL that ends in one',
    },
  ],
};

/**
 * The id in a reference that may be a URL. Example: `http://h:8774/v2.1/flavors/1?a=b` → `1`.
 * Source: Nova `get_id_from_href`.
 */
export function idOfReference(reference: string): string {
  const [path = ''] = reference.split(/[?#]/);
  return path.split('/').at(-1) ?? '';
}

export const uuidOrNull: JsonSchema = { anyOf: [uuid, { type: 'null' }] };

const flagWord =
  '^(?:[Tt](?:rue|RUE)?|TRUE|[Ff](?:alse|ALSE)?|FALSE|[01]|ON|[Oo]n|OFF|[Oo]ff|[Yy](?:es|ES)?|YES|[Nn]o?|NO)$';

/** true, false, and the words that old clients send for them. */
export const flag: JsonSchema = {
  anyOf: [{ type: 'boolean' }, { type: 'string', pattern: flagWord, rule: 'must be a boolean' }],
};

/** Is this query value a boolean, in any case? Source: oslo `strutils.bool_from_string`. */
export function isFlag(text: string): boolean {
  return /^(?:t|true|f|false|1|0|on|off|y|yes|n|no)$/i.test(text);
}

/** Reads what `flag` admits. Example: `'True'` → true. */
export function isSet(value: unknown): boolean {
  return value === true || /^(t|true|1|on|y|yes)$/i.test(String(value));
}

/** What Nova's columns hold. */
const largest = 0x7fffffff;

/** Digits of 1 to 2147483647, without leading zeros. */
const upToLargest =
  '[1-9]\\d{0,8}|1\\d{9}|20\\d{8}|21[0-3]\\d{7}|214[0-6]\\d{6}|2147[0-3]\\d{5}|21474[0-7]\\d{4}|214748[0-2]\\d{3}|2147483[0-5]\\d{2}|21474836[0-3]\\d|214748364[0-7]';

/** A whole number from `minimum` (0 or 1) to 2147483647, as a number or as its digits. */
export function wholeNumber(minimum: 0 | 1): JsonSchema {
  return {
    anyOf: [
      { type: 'integer', minimum, maximum: largest },
      {
        type: 'string',
        maxLength: 255,
        pattern: `^0*(?:${upToLargest}${minimum === 0 ? '|0' : ''})$`,
        rule: `must be a whole number from ${minimum} to ${largest}`,
      },
    ],
  };
}

export const description: JsonSchema = {
  anyOf: [{ type: 'string', maxLength: 255 }, { type: 'null' }],
};

export const diskConfig: JsonSchema = { type: 'string', enum: ['AUTO', 'MANUAL'] };

/** Of a server or of a device of it (microversions 2.26, 2.32). */
export const tag: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 60,
  pattern: '^[^,/]*$',
  rule: "must not hold ',' or '/'",
};

/** Text values by key, as server metadata and extra specs are. */
export const textMap: JsonSchema = {
  type: 'object',
  patternProperties: { '^[a-zA-Z0-9-_:. ]{1,255}$': { type: 'string', maxLength: 255 } },
  additionalProperties: false,
};

/** `''` or an address; which kind is checked when it is read. */
export const address: JsonSchema = { type: 'string', maxLength: 45 };
