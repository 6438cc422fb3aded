/**
 * Prints XML from plain values: elements, attributes, escaping. Independent of the elements'
 * meaning.
 */

/** Undefined or null attributes and texts are left out. */
export type XmlValue = string | number | null | undefined;

export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: (XmlElement | string)[];
  /** Of an element that is printed again and again: its text, by indent. */
  printed?: Map<string, string> | undefined;
}

/**
 * An element. Null and false children are left out, so that optional ones can be written inline.
 * Example: `element('tag', { id: 42 })` → `<tag id='42'/>`.
 */
export function element(
  name: string,
  attributes: Record<string, XmlValue> = {},
  children: readonly (XmlElement | string | number | null | false)[] = [],
): XmlElement {
  const given: XmlElement['attributes'] = {};
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value !== null && value !== undefined) given[key] = String(value);
  }
  const shown: XmlElement['children'] = [];
  for (const child of children) {
    if (child !== null && child !== false) {
      shown.push(typeof child === 'number' ? String(child) : child);
    }
  }
  return { name, attributes: given, children: shown, printed: undefined };
}

/** The element, printed once for all documents that contain it. */
export function fixed(constant: XmlElement): XmlElement {
  return { ...constant, printed: new Map() };
}

/**
 * The text of an element, indented by two spaces, attributes in single quotes as libvirt prints
 * them.
 */
export function printXml(root: XmlElement, indent = ''): string {
  const { printed } = root;
  if (printed === undefined) return print(root, indent);
  const known = printed.get(indent) ?? print(root, indent);
  printed.set(indent, known);
  return known;
}

function print({ name, attributes, children }: XmlElement, indent: string): string {
  let text = `${indent}<${name}`;
  for (const key of Object.keys(attributes)) text += ` ${key}='${escape(attributes[key] ?? '')}'`;
  if (children.length === 0) return `${text}/>\n`;
  if (children.every((child) => typeof child === 'string')) {
    return `${text}>${children.map(escape).join('')}</${name}>\n`;
  }
  text += '>\n';
  const deeper = `${indent}  `;
  for (const child of children) {
    text += typeof child === 'string' ? `${deeper}${escape(child)}\n` : printXml(child, deeper);
  }
  return `${text}${indent}</${name}>\n`;
}

/** Drops characters that XML 1.0 cannot hold: a server's name may have them, a domain may not. */
function escape(text: string): string {
  if (isPlain.test(text)) return text;
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll("'", '&apos;')
    .replaceAll('"', '&quot;');
}

/** Most texts of a domain are: nothing in them has to be escaped or dropped. */
const isPlain = /^[\w .:/,+@-]*$/;
