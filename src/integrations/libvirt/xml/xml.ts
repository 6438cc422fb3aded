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
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [[key, String(value)] as const],
  );
  return {
    name,
    attributes: Object.fromEntries(given),
    children: children
      .filter((child) => child !== null && child !== false)
      .map((child) => (typeof child === 'number' ? String(child) : child)),
  };
}

/**
 * The text of an element, indented by two spaces, attributes in single quotes as libvirt prints
 * them.
 */
export function printXml(root: XmlElement, indent = ''): string {
  const attributes = Object.entries(root.attributes)
    .map(([key, value]) => ` ${key}='${escape(value)}'`)
    .join('');
  const open = `${indent}<${root.name}${attributes}`;
  if (root.children.length === 0) return `${open}/>\n`;
  const { children } = root;
  if (children.every((child) => typeof child === 'string')) {
    return `${open}>${children.map(escape).join('')}</${root.name}>\n`;
  }
  const inner = children
    .map((child) =>
      typeof child === 'string' ? `${indent}  ${escape(child)}\n` : printXml(child, `${indent}  `),
    )
    .join('');
  return `${open}>\n${inner}${indent}</${root.name}>\n`;
}

/** Drops characters that XML 1.0 cannot hold: a server's name may have them, a domain may not. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll("'", '&apos;')
    .replaceAll('"', '&quot;');
}
