/**
 * Schemas of single fields that several bodies share. Source: Nova
 * `api/validation/parameter_types.py`.
 */
import { type TObjectOptions, Type } from 'typebox';
import { keysIf } from './json-schema.ts';

/** 1 to 255 characters, no blank at either end, no control characters. */
export const name = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^(?!\\s)[^\\p{C}\\u2028\\u2029]*(?<!\\s)$',
  rule: 'must not start or end with whitespace or contain control characters',
  trimmed: true,
});

const uuidPattern = '^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$';

/** Of an id in a path. */
export const uuidForm = new RegExp(uuidPattern);

export const uuid = Type.String({ pattern: uuidPattern, rule: 'must be a UUID' });

/** Of a guest, since 2.90. */
export const hostname = Type.String({
  minLength: 2,
  maxLength: 63,
  pattern: '^[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]$',
  rule: 'must be letters, digits and inner dashes',
});

/** The same since 2.94: domains too. */
export const domainName = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[a-zA-Z0-9-._]*$',
  rule: 'must be letters, digits, dashes, dots and underscores',
});

/** `hostname` of a server's bodies as of a version: nothing before 2.90. */
export const hostnameSince = (version: number) => {
  const form = version >= 94 ? domainName : hostname;
  return keysIf(version >= 90, { hostname: Type.Optional(form) });
};

/** An image, as its UUID or as a URL that ends in it. */
export const imageReference = Type.Union([
  uuid,
  Type.String({
    pattern: '^https?://[^\\s?#]*/[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$',
    rule: 'must be a UUID, or a URL that ends in one',
  }),
]);

/**
 * The id in a reference that may be a URL. Example: `http://h:8774/v2.1/flavors/1?a=b` → `1`.
 * Source: Nova `get_id_from_href`.
 */
export function idOfReference(reference: string): string {
  const [path = ''] = reference.split(/[?#]/);
  return path.split('/').at(-1) ?? '';
}

export const uuidOrNull = Type.Union([uuid, Type.Null()]);

const flagText =
  '^(?:[Tt](?:rue|RUE)?|TRUE|[Ff](?:alse|ALSE)?|FALSE|[01]|ON|[Oo]n|OFF|[Oo]ff|[Yy](?:es|ES)?|YES|[Nn]o?|NO)$';

/** true, false, and the strings that old clients send for them. */
export const flag = Type.Union([
  Type.Boolean(),
  Type.String({ pattern: flagText, rule: 'must be a boolean' }),
]);

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
export function wholeNumber(minimum: 0 | 1) {
  return Type.Union([
    Type.Integer({ minimum, maximum: largest }),
    Type.String({
      maxLength: 255,
      pattern: `^0*(?:${upToLargest}${minimum === 0 ? '|0' : ''})$`,
      rule: `must be a whole number from ${minimum} to ${largest}`,
    }),
  ]);
}

export const description = Type.Union([Type.String({ maxLength: 255 }), Type.Null()]);

/** One of these texts. */
export function oneOf<Text extends string>(texts: readonly Text[]) {
  return Type.Enum([...texts], { type: 'string' });
}

export const diskConfig = oneOf(['AUTO', 'MANUAL']);

/** Of a server or of a device of it (microversions 2.26, 2.32). */
export function tagUpTo(maxLength: number) {
  return Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^,/]*$',
    rule: "must not hold ',' or '/'",
  });
}
export const tag = tagUpTo(60);

const texts = (bounds: TObjectOptions = {}) =>
  Type.Record(
    Type.String({ pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' }),
    Type.String({ maxLength: 255 }),
    { additionalProperties: false, ...bounds },
  );

/** Text values by key, as server metadata and extra specs are. */
export const textMap = texts();
/** The same with exactly one key. */
export const oneText = texts({ minProperties: 1, maxProperties: 1 });

/** `''` or an address; which kind is checked when it is read. */
export const address = Type.String({ maxLength: 45 });
