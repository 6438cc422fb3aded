/** Flavors and networks by name, for commands. */
import { ComputeError } from '#core/errors.ts';
import { allOf } from './session/pages.ts';
import { request } from './session/request.ts';
import type { Session } from './session/session.ts';

interface Named {
  id: string;
  name: string;
}

/** Also of private flavors. Throws `notFound`. Example: `m1.small` → `2`. */
export async function findFlavorId(session: Session, idOrName: string): Promise<string> {
  const path = '/flavors?is_public=None';
  const flavors = await allOf<Named>(session, { service: 'compute', path }, 'flavors');
  return theOne(flavors, 'flavor', idOrName);
}

/** Throws `notFound`, or `conflict` naming the ids when several have the name. */
export async function findNetworkId(session: Session, idOrName: string): Promise<string> {
  const found = await Promise.all(
    ['id', 'name'].map(async (key) => {
      const path = `/v2.0/networks?${new URLSearchParams({ [key]: idOrName }).toString()}`;
      const call = { service: 'network', path } as const;
      return (await request<{ networks: Named[] }>(session, call)).networks;
    }),
  );
  return theOne(found.flat(), 'network', idOrName);
}

/** One with this id comes before those with this name. */
function theOne(all: readonly Named[], kind: string, idOrName: string): string {
  if (all.some(({ id }) => id === idOrName)) return idOrName;
  const ids = all.filter(({ name }) => name === idOrName).map(({ id }) => id);
  const [only] = ids;
  if (only === undefined) {
    throw new ComputeError('notFound', `no ${kind} has the id or name "${idOrName}"`);
  }
  if (ids.length === 1) return only;
  throw new ComputeError(
    'conflict',
    `${ids.length} ${kind}s are named "${idOrName}": ${ids.join(', ')}. Give the id.`,
  );
}
