/**
 * Requests of Keystone's catalog: services and their endpoints. Only an administrator may send
 * them. Source: Keystone API v3, "Service catalog and endpoints".
 */
import { request } from '../session/request.ts';
import type { Session } from '../session/session.ts';

/** As Keystone shows it. */
export interface Endpoint {
  id: string;
  interface: string;
  region_id?: string | null;
  url: string;
}

interface Service {
  id: string;
  type: string;
}

/** The id of the service of this type; undefined when there is none. Example: `compute`. */
export async function findService(session: Session, type: string): Promise<string | undefined> {
  const path = `/services?type=${encodeURIComponent(type)}`;
  const { services } = await request<{ services: Service[] }>(session, {
    service: 'identity',
    path,
  });
  return services.find((service) => service.type === type)?.id;
}

/** Creates a service; returns its id. */
export async function createService(
  session: Session,
  service: { type: string; name: string; description: string },
): Promise<string> {
  const call = {
    service: 'identity',
    method: 'POST',
    path: '/services',
    body: { service },
  } as const;
  return (await request<{ service: Service }>(session, call)).service.id;
}

/** Of all regions. */
export async function listEndpoints(session: Session, serviceId: string): Promise<Endpoint[]> {
  const path = `/endpoints?service_id=${encodeURIComponent(serviceId)}`;
  return (await request<{ endpoints: Endpoint[] }>(session, { service: 'identity', path }))
    .endpoints;
}

export async function createEndpoint(
  session: Session,
  endpoint: { service_id: string; region_id: string; interface: string; url: string },
): Promise<void> {
  const body = { endpoint };
  await request(session, { service: 'identity', method: 'POST', path: '/endpoints', body });
}

export async function changeEndpoint(
  session: Session,
  id: string,
  endpoint: { url: string },
): Promise<void> {
  const path = `/endpoints/${encodeURIComponent(id)}`;
  await request(session, { service: 'identity', method: 'PATCH', path, body: { endpoint } });
}
