/**
 * An embedded service's answer for a path that it does not have: what it is, and which service has
 * it.
 */
import type { FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';

/**
 * Path prefix → what lies there in the full service; `*` is any one segment. Example: `{
 * '/v2.0/routers': 'routers' }`.
 */
export type NotOffered = Record<string, string>;

/**
 * `notImplemented` for a feature that the full service has, `notFound` for all else. Example: POST
 * /v2.0/routers → 501 "routers: POST /v2.0/routers is not offered by the embedded network service;
 * a real Neutron has it".
 */
export function refuseUnknown(
  request: FastifyRequest,
  service: { name: string; full: string; notOffered: NotOffered },
): ComputeError {
  const path = request.url.split('?')[0] ?? '';
  const act = `${request.method} ${path}`;
  const prefix = Object.keys(service.notOffered).find((prefix) => liesUnder(prefix, path));
  const message = `${act} is not offered by the embedded ${service.name} service`;
  if (prefix === undefined) return new ComputeError('notFound', `${message}.`);
  const what = service.notOffered[prefix];
  return new ComputeError('notImplemented', `${what}: ${message}; a real ${service.full} has it.`);
}

function liesUnder(prefix: string, path: string): boolean {
  const segments = path.split('/');
  return prefix.split('/').every((part, index) => part === '*' || part === segments[index]);
}
