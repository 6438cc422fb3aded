/**
 * The documents that list the versions for clients. They need no token. Source: Nova API guide,
 * "Versions".
 */
import { maxVersion, minVersion } from './requests/negotiate.ts';

type VersionId = 'v2.0' | 'v2.1';

const mediaType = (id: VersionId) => ({
  base: 'application/json',
  type: `application/vnd.openstack.compute+json;version=${id.slice(1)}`,
});

const pathOf = (id: VersionId) => (id === 'v2.0' ? '/v2' : '/v2.1');

function summary(origin: string, id: VersionId) {
  const isNew = id === 'v2.1';
  return {
    id,
    status: isNew ? 'CURRENT' : 'SUPPORTED',
    version: isNew ? `2.${maxVersion}` : '',
    min_version: isNew ? `2.${minVersion}` : '',
    updated: isNew ? '2013-07-23T11:33:21Z' : '2011-01-21T11:33:21Z',
    links: [{ rel: 'self', href: `${origin}${pathOf(id)}/` }],
  };
}

/** The body of `GET /`: the old version first, as Tempest requires. */
export function versionList(origin: string) {
  return { versions: [summary(origin, 'v2.0'), summary(origin, 'v2.1')] };
}

/** What `GET /v2.1/` reports of its version. */
export function versionDocument(origin: string, id: VersionId) {
  const { links, ...rest } = summary(origin, id);
  const described = {
    rel: 'describedby',
    type: 'text/html',
    href: 'https://docs.openstack.org/api-ref/compute/',
  };
  return { ...rest, links: [...links, described], 'media-types': [mediaType(id)] };
}

/**
 * The body of a path outside every version: which URLs to use instead. Example path: `/servers`.
 */
export function choices(origin: string, path: string) {
  const [clean = ''] = path.split('?');
  return {
    choices: (['v2.0', 'v2.1'] as const).map((id) => ({
      id,
      status: summary(origin, id).status,
      links: [{ rel: 'self', href: `${origin}${pathOf(id)}${clean}` }],
      'media-types': [mediaType(id)],
    })),
  };
}
