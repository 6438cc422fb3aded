/** The compute service and its endpoints in Keystone's catalog: read, and added where missing. */
import {
  planRegistration,
  type RegistrationStep,
  type WantedRegistration,
} from './registration.ts';
import {
  changeEndpoint,
  createEndpoint,
  createService,
  findService,
  listEndpoints,
} from '#client/identity/catalog.ts';
import type { Session } from '#client/session/session.ts';

/** The name is what clients expect of a compute service. */
const service = { type: 'compute', name: 'nova', description: 'Novella' };

export interface CatalogPlan {
  service: { act: 'keep' | 'add'; id: string | undefined };
  endpoints: RegistrationStep[];
  /** Executes the plan; a second run changes nothing. Returns the service's id. */
  carryOut(): Promise<string>;
}

/**
 * Throws `conflict` when an endpoint leads elsewhere.
 */
export async function planCatalog(
  session: Session,
  wanted: WantedRegistration,
): Promise<CatalogPlan> {
  const id = await findService(session, 'compute');
  const endpoints = planRegistration(
    id === undefined ? [] : await listEndpoints(session, id),
    wanted,
  );
  return {
    service: { act: id === undefined ? 'add' : 'keep', id },
    endpoints,
    async carryOut() {
      const serviceId = id ?? (await createService(session, service));
      const place = { service_id: serviceId, region_id: wanted.region };
      for (const step of endpoints) await carryOut(session, step, place);
      return serviceId;
    },
  };
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
    case 'add':
      return createEndpoint(session, { ...place, interface: name, url });
    case 'change':
      return changeEndpoint(session, step.id, { url });
  }
}
