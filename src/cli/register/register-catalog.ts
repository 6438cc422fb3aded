/** The compute service and its endpoints in Keystone's catalog: read, and added where missing. */
import {
  type Endpoint,
  planRegistration,
  type RegistrationStep,
  type WantedRegistration,
} from './registration.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';

interface Service {
  id: string;
  type: string;
}

export interface CatalogPlan {
  service: { act: 'keep' | 'add'; id: string | undefined };
  endpoints: RegistrationStep[];
  /** Executes the plan; a second run changes nothing. Returns the service's id. */
  carryOut(): Promise<string>;
}

/**
 * Throws `conflict` when an endpoint leads elsewhere. Source: Keystone API v3, "Service catalog and
 * endpoints".
 */
export async function planCatalog(
  session: Session,
  wanted: WantedRegistration,
): Promise<CatalogPlan> {
  const id = (await findService(session))?.id;
  const endpoints = planRegistration(
    id === undefined ? [] : await listEndpoints(session, id),
    wanted,
  );
  return {
    service: { act: id === undefined ? 'add' : 'keep', id },
    endpoints,
    async carryOut() {
      const serviceId = id ?? (await makeService(session)).id;
      const place = { service_id: serviceId, region_id: wanted.region };
      for (const step of endpoints) await carryOut(session, step, place);
      return serviceId;
    },
  };
}

async function findService(session: Session): Promise<Service | undefined> {
  const path = '/services?type=compute';
  const { services } = await request<{ services: Service[] }>(session, {
    service: 'identity',
    path,
  });
  return services.find(({ type }) => type === 'compute');
}

async function makeService(session: Session): Promise<Service> {
  const body = { service: { type: 'compute', name: 'nova', description: 'Novella' } };
  const asked = { service: 'identity', method: 'POST', path: '/services', body } as const;
  return (await request<{ service: Service }>(session, asked)).service;
}

async function listEndpoints(session: Session, serviceId: string): Promise<Endpoint[]> {
  const path = `/endpoints?service_id=${encodeURIComponent(serviceId)}`;
  return (await request<{ endpoints: Endpoint[] }>(session, { service: 'identity', path }))
    .endpoints;
}

async function carryOut(
  session: Session,
  step: RegistrationStep,
  place: { service_id: string; region_id: string },
): Promise<void> {
  const { url, interface: name } = step;
  switch (step.act) {
    case 'keep':
      return;
    case 'add': {
      const body = { endpoint: { ...place, interface: name, url } };
      return request(session, { service: 'identity', method: 'POST', path: '/endpoints', body });
    }
    case 'change': {
      const body = { endpoint: { url } };
      const path = `/endpoints/${encodeURIComponent(step.id)}`;
      return request(session, { service: 'identity', method: 'PATCH', path, body });
    }
  }
}
