/** `novella keystone register`: writes this compute API into Keystone's catalog. */
import {
  type Endpoint,
  planRegistration,
  type RegistrationStep,
  stepWords,
} from './registration.ts';
import { type Screen, writeJson, writeLines } from './screen.ts';
import { request, type Session } from './session.ts';

export interface RegisterOptions {
  /** Where clients reach the compute API. Example: `http://controller:8774/v2.1`. */
  url: string;
  region: string;
  replace?: boolean;
  /** Says what it would do, and does nothing. */
  dryRun?: boolean;
  json?: boolean;
}

interface Service {
  id: string;
  type: string;
}

/**
 * Makes the service `compute` and its three endpoints where they are missing; again, it changes nothing. Needs an administrator.
 * `--json`: `{service: {act, id}, endpoints: [steps], dry_run}`. Throws `conflict` when an endpoint leads elsewhere.
 * Source: Keystone API v3, "Service catalog and endpoints".
 */
export async function registerCompute(
  session: Session,
  options: RegisterOptions,
  screen: Screen,
): Promise<void> {
  const { region, dryRun = false, replace = false } = options;
  const url = options.url.replace(/\/+$/, '');
  const known = await findService(session);
  const there = known === undefined ? [] : await listEndpoints(session, known.id);
  const steps = planRegistration(there, { url, region, replace });
  const id = dryRun ? known?.id : (known ?? (await makeService(session))).id;
  if (!dryRun && id !== undefined) {
    for (const step of steps) await carryOut(session, step, { service_id: id, region_id: region });
  }
  const act = known === undefined ? 'add' : 'keep';
  if (options.json === true) {
    return writeJson(screen, {
      service: { act, id: id ?? null },
      endpoints: steps,
      dry_run: dryRun,
    });
  }
  const isDone = act === 'keep' && steps.every((step) => step.act === 'keep');
  writeLines(screen, [
    `${act.padEnd(7)} service   compute`,
    ...steps.map(stepWords),
    ...(dryRun ? ['Nothing was changed.'] : isDone ? ['All of it was there.'] : []),
  ]);
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
