/** Which microversion a request requires, and the headers that report which one answered. */
import { ComputeError } from '#core/errors.ts';

/** The minor numbers of the lowest and highest microversion; stock clients use up to 2.96. */
export const minVersion = 1;
export const maxVersion = 96;

type Headers = Record<string, string | string[] | undefined>;

/**
 * The requested minor number; 1 when none is specified. The service-typed header wins over the old
 * one. Example: `OpenStack-API-Version: compute 2.60, volume 3.1` → 60; `latest` → the highest.
 * Throws `invalid` for a bad form, `notAcceptable` outside the range. Source: Nova API guide,
 * "Microversions".
 */
export function negotiate(headers: Headers): number {
  const requested = serviceTyped(headers) ?? text(headers['x-openstack-nova-api-version']);
  if (requested === undefined) return minVersion;
  if (requested === 'latest') return maxVersion;
  const match = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(requested);
  if (match === null) {
    throw new ComputeError(
      'invalid',
      `API Version String ${requested} is of invalid format. Must be of format MajorNum.MinorNum.`,
    );
  }
  const minor = Number(match[2]);
  if (match[1] !== '2' || minor < minVersion || minor > maxVersion) {
    throw new ComputeError(
      'notAcceptable',
      `Version ${requested} is not supported by the API. Minimum is 2.${minVersion} and maximum is 2.${maxVersion}.`,
    );
  }
  return minor;
}

/** The reply headers of this microversion. */
export function versionHeaders(version: number): Record<string, string> {
  return {
    'openstack-api-version': `compute 2.${version}`,
    'x-openstack-nova-api-version': `2.${version}`,
  };
}

/** The headers that replies depend on, for caches. */
export const vary = 'OpenStack-API-Version, X-OpenStack-Nova-API-Version';

function serviceTyped(headers: Headers): string | undefined {
  const parts = text(headers['openstack-api-version'])?.split(',') ?? [];
  const ours = parts.map((part) => part.trim().split(/\s+/)).find(([type]) => type === 'compute');
  return ours === undefined ? undefined : ours.slice(1).join(' ');
}

function text(value: string | string[] | undefined): string | undefined {
  const joined = Array.isArray(value) ? value.join(',') : value;
  return joined?.trim();
}
