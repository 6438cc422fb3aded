/** The media types of the image service's bodies. Parameters and case are ignored. */
import { ComputeError } from '#core/errors.ts';
import type { BodyOf, OpenCall } from '#http/routes/route.ts';

export const bytesType = 'application/octet-stream';
const jsonType = 'application/json';
/** Of PATCH, 2.0 and 2.1. */
export const patchTypes = [
  'application/openstack-images-v2.0-json-patch',
  'application/openstack-images-v2.1-json-patch',
] as const;

/**
 * Throws `badMediaType`. Example: `Content-Type: 'text/plain': must be application/octet-stream`.
 */
export function refuseOtherType(
  { request }: Pick<OpenCall, 'request'>,
  types: readonly string[],
): void {
  if (types.includes(request.mediaType ?? '')) return;
  const type = request.headers['content-type'] ?? '';
  throw new ComputeError('badMediaType', `Content-Type: '${type}': must be ${types.join(' or ')}`);
}

/** The body, which has to be JSON: what came as another type is refused as such. */
export function onlyJson<Body>({
  schema,
  read,
}: BodyOf<unknown, Body>): BodyOf<Pick<OpenCall, 'request'>, Body> {
  return {
    schema,
    read: (body, call) => {
      if (body !== undefined) refuseOtherType(call, [jsonType]);
      return read(body, call);
    },
  };
}
