/** The only domain, as Keystone bootstraps it. */

export const defaultDomain = { id: 'default', name: 'Default' };

/** How a request names a domain; one of the two. */
export interface DomainReference {
  id?: string;
  name?: string;
}

/**
 * Does this name the default domain? Without id and name it does not. Names count in any case, as
 * with Keystone on MySQL.
 */
export function isDefaultDomain(domain: DomainReference | undefined): boolean {
  if (domain?.id !== undefined) return domain.id === defaultDomain.id;
  return domain?.name?.toLowerCase() === defaultDomain.name.toLowerCase();
}
