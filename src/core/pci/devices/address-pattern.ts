/**
 * The `address` of a device spec: which addresses it names. Two forms: a text as in `lspci -s`, or
 * regular expressions per field.
 */
import { ComputeError } from '../../errors.ts';
import { excerptOfJson, quoted } from '../../quoted-text.ts';
import { type PciAddress, tryParsePciAddress } from './address.ts';

/** A part of an address. */
export type AddressField = 'domain' | 'bus' | 'slot' | 'function';

export const addressFields: readonly AddressField[] = ['domain', 'bus', 'slot', 'function'];

/**
 * A field of an address text: its highest value and its least width. Source: Linux, `pci_domain_nr`
 * is an int, shown as `%04x`.
 */
const limits: Record<AddressField, { highest: number; width: number }> = {
  domain: { highest: 0xffffffff, width: 4 },
  bus: { highest: 0xff, width: 2 },
  slot: { highest: 0x1f, width: 2 },
  function: { highest: 0x7, width: 1 },
};

/**
 * A parsed pattern. `exact` is the one address it names when every field is literal, else null.
 * `written`: what it was parsed from; `*` when it names everything.
 */
export interface AddressPattern {
  written: string | Partial<Record<AddressField, string>>;
  exact: PciAddress | null;
  tests: Record<AddressField, RegExp>;
}

/** Does the pattern name this address? Example: `0a:` and `0001:0a:00.1` → true. */
export function matchesAddress(pattern: AddressPattern, address: PciAddress): boolean {
  return matchesBus(pattern, address.slice(0, -5)) && matchesSlot(pattern, address.slice(-4));
}

/** Does it name every address? Example: `*:*:*.*`, `.`, or no address at all. */
export function isAnyAddress({ written }: AddressPattern): boolean {
  return written === '*';
}

/** Does it name this domain and bus? Example: `0000:0a`. */
export function matchesBus({ tests }: AddressPattern, domainAndBus: string): boolean {
  return tests.domain.test(domainAndBus.slice(0, -3)) && tests.bus.test(domainAndBus.slice(-2));
}

/** Does it name this slot and function? Example: `1f.7`. */
export function matchesSlot({ tests }: AddressPattern, slotAndFunction: string): boolean {
  return (
    tests.slot.test(slotAndFunction.slice(0, 2)) && tests.function.test(slotAndFunction.slice(3))
  );
}

/**
 * The parts of an address as they are written. Example: `0000:0a:00.1` → bus `0a`, function `1`.
 */
export function addressTexts(address: PciAddress): Record<AddressField, string> {
  return {
    domain: address.slice(0, -8),
    bus: address.slice(-7, -5),
    slot: address.slice(-4, -2),
    function: address.slice(-1),
  };
}

/**
 * The parts of the address that the pattern does not match. Example: `0000:02:10.0` and
 * 0000:02:10.2 → `['function']`.
 */
export function failedAddressParts({ tests }: AddressPattern, address: PciAddress): AddressField[] {
  const texts = addressTexts(address);
  return addressFields.filter((field) => !tests[field].test(texts[field]));
}

/**
 * A part of an address as the entry states it; empty when it may be anything. The text must have
 * been accepted as a pattern. Example: bus of `0a:` → `0a`; function of `{ function: '[1-7]' }` →
 * `[1-7]`; function of `0a:00.*` → empty.
 */
export function statedAddressPart(written: AddressPattern['written'], field: AddressField): string {
  if (typeof written !== 'string') return written[field] ?? '';
  const part = splitText(written)[addressFields.indexOf(field)] ?? '';
  return part === '*' ? '' : part;
}

/**
 * The pattern of a device spec's `address` value; blank fields and `*` are any, and so is an absent
 * or empty address. Example: `*:0a:00.*`, `:0a:00.`, `0a:`, `0000:0a:00.1`, `{ bus: '0[ab]',
 * function: '[1-7]' }`. Throws `invalid`, naming the value and the rule, `detail` holding the
 * rule's name.
 */
export function parseAddressPattern(value: unknown): AddressPattern {
  if (value === undefined || value === null) return fromText('*');
  if (typeof value === 'string') return fromText(value);
  if (typeof value === 'object' && !Array.isArray(value)) return fromExpressions(value);
  throw wrongFormat(value, 'must be text such as "0000:0a:00.1" or an object of expressions');
}

/**
 * The rule of a four-digit id or an address field: hexadecimal, not above its limit; `*` stays.
 * Throws `invalid`.
 */
export function parseHexField(
  name: string,
  text: string,
  { highest, width }: { highest: number; width: number },
): string {
  const trimmed = text.trim();
  if (trimmed === '*') return trimmed;
  const digits = /^(?:0x)?([0-9a-f]+)$/i.exec(trimmed)?.[1];
  if (digits === undefined) {
    throw new ComputeError('invalid', `${name} ${quoted(text)}: must be hexadecimal or "*"`, {
      detail: 'not_hex',
    });
  }
  const number = Number.parseInt(digits, 16);
  if (number > highest) {
    const limit = highest.toString(16);
    throw new ComputeError('invalid', `${name} ${quoted(text)}: must not be above ${limit}`, {
      detail: 'out_of_range',
    });
  }
  return number.toString(16).padStart(width, '0');
}

function fromText(text: string): AddressPattern {
  const texts = splitText(text);
  const parsed = addressFields.map((field, at) => {
    const part = texts[at] ?? '';
    return part === '' ? '*' : parseHexField(`address ${field}`, part, limits[field]);
  });
  const [domain, bus, slot, fn] = parsed as [string, string, string, string];
  const expression = (part: string) => new RegExp(part === '*' ? '' : `^${part}$`);
  return {
    written: parsed.every((part) => part === '*') ? '*' : text,
    exact: tryParsePciAddress(`${domain}:${bus}:${slot}.${fn}`) ?? null,
    tests: {
      domain: expression(domain),
      bus: expression(bus),
      slot: expression(slot),
      function: expression(fn),
    },
  };
}

/**
 * In the order of `addressFields`; a part that is not written is empty. Throws `invalid` for too
 * many.
 */
function splitText(text: string): string[] {
  const dot = text.indexOf('.');
  const before = dot < 0 ? text : text.slice(0, dot);
  const given = before.split(':');
  if (given.length > 3) {
    throw wrongFormat(text, 'has more than [[domain:]bus:]slot[.function]');
  }
  const absent = Array.from({ length: 3 - given.length }, () => '');
  const last = dot < 0 ? '' : text.slice(dot + 1);
  return [...absent, ...given, last].map((part) => part.trim());
}

/**
 * Expressions are anchored at the start only, as Python's `re.match`, and may begin with its
 * `(?i)`; an absent field is any.
 */
function fromExpressions(value: object): AddressPattern {
  const given = value as Record<string, unknown>;
  const stray = Object.keys(given).find((key) => !addressFields.includes(key as AddressField));
  if (stray !== undefined)
    throw wrongFormat(value, `${quoted(stray)} is not one of ${addressFields.join(', ')}`);
  const textOf = (field: AddressField): string => {
    const text = given[field] === undefined ? '' : given[field];
    if (typeof text === 'string') return text;
    throw wrongFormat(value, `${field} must be a regular expression`);
  };
  const test = (field: AddressField): RegExp => {
    const text = textOf(field);
    const [, ignoresCase, body = ''] = /^(\(\?i\))?(.*)$/s.exec(text) ?? [];
    if (!endsSoon(body)) {
      throw wrongFormat(
        value,
        `${field} ${quoted(text)} must have at most ${longestExpression} characters; with repeats ${longestRepeating}, ${mostRepeats} repeats, and one of them counted, up to {${mostCounted}}`,
      );
    }
    try {
      return new RegExp(`^(?:${new RegExp(body).source})`, ignoresCase === undefined ? '' : 'i');
    } catch {
      throw wrongFormat(value, `${field} ${quoted(text)} is not a regular expression`);
    }
  };
  const [domain, bus, slot, fn] = addressFields.map(textOf);
  const literal = `${domain}:${bus}:${slot}.${fn}`;
  return {
    written: given,
    exact: /[A-F]/.test(literal) ? null : (tryParsePciAddress(literal) ?? null),
    tests: {
      domain: test('domain'),
      bus: test('bus'),
      slot: test('slot'),
      function: test('function'),
    },
  };
}

const longestExpression = 255;
const longestRepeating = 64;
const mostRepeats = 8;
const mostCounted = 16;

/**
 * Is matching four characters always fast? Nested repeats multiply the ways to match, so only a few
 * are allowed.
 */
function endsSoon(text: string): boolean {
  const bare = text.replaceAll(/\\./g, '').replaceAll(/\[[^\]]*\]/g, '');
  const counts = [...bare.matchAll(/\{(\d*),?(\d*)\}/g)].flatMap(([, from, to]) => [from, to]);
  const counted = bare.split('{').length - 1;
  const repeats = counted + (bare.match(/[*+?]/g)?.length ?? 0);
  return (
    text.length <= (repeats === 0 ? longestExpression : longestRepeating) &&
    counted <= 1 &&
    repeats <= mostRepeats &&
    counts.every((count) => Number(count) <= mostCounted)
  );
}

function wrongFormat(value: unknown, rule: string): ComputeError {
  const shown = typeof value === 'string' ? quoted(value) : excerptOfJson(value);
  return new ComputeError('invalid', `address ${shown}: ${rule}`, {
    detail: 'wrong_address_format',
  });
}
