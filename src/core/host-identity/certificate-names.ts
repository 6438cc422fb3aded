/** Whom a certificate of the cluster's authority identifies: the URI in its alternative name. */

/** Any controller of the cluster, at whatever address. */
export const controllerUri = 'novella:controller';

/** Example: `hostUri('hv1')` → `novella:host:hv1`. */
export function hostUri(host: string): string {
  return `novella:host:${host}`;
}

/**
 * The only alternative name of a certificate, as Node prints it; undefined: none, or several.
 * Example: `uriIn('URI:novella:host:hv1')` → `novella:host:hv1`.
 */
export function uriIn(subjectAltName: string | undefined): string | undefined {
  return /^URI:([A-Za-z0-9:.-]+)$/.exec(subjectAltName ?? '')?.[1];
}
