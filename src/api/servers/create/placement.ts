/** Where a user wants a server: a zone, and for administrators a host. */
import { ComputeError } from '#core/errors.ts';
import type { NewServerRequest } from '#core/servers/new-server.ts';
import { everyHost } from '../../hosts/host-pages.ts';
import { requireRule } from '../../requests/permission.ts';
import type { Call } from '../../requests/route.ts';
import type { CreateServerBody } from './create-schema.ts';

type Placement = Pick<NewServerRequest, 'availabilityZone' | 'forcedHost'>;

/**
 * Reads `availability_zone` (also `zone:host[:node]`) and, since 2.74, `host` and
 * `hypervisor_hostname`; one host is one node. Throws `forbidden` when a user names a host,
 * `invalid` for an unknown zone or host.
 */
export async function placementOf(
  call: Call,
  server: CreateServerBody['server'],
): Promise<Placement> {
  const [zone = '', ...inZone] = (server.availability_zone ?? '').split(':').slice(0, 3);
  const forced = namesIn(inZone);
  if (forced.length > 0) requireRule(call, 'os_compute_api:servers:create:forced_host');
  const requested = namesIn([server.host, server.hypervisor_hostname]);
  if (requested.length > 0) requireRule(call, 'compute:servers:create:requested_destination');
  const hosts = new Set([...forced, ...requested]);
  if (hosts.size > 1) {
    throw new ComputeError(
      'invalid',
      `One server is on one host, these are ${hosts.size}: ${[...hosts].join(', ')}.`,
    );
  }
  const [forcedHost = null] = hosts;
  await refuseUnknown(call, zone, forcedHost);
  return { availabilityZone: zone === '' ? null : zone, forcedHost };
}

function namesIn(names: readonly (string | undefined)[]): string[] {
  return names.flatMap((name) => (name === undefined || name === '' ? [] : [name]));
}

/** Throws `invalid` for an unknown host, or a zone without an enabled host; '' is no zone. */
export async function refuseUnknown(
  call: Pick<Call, 'context'>,
  zone: string,
  host: string | null,
): Promise<void> {
  const { hosts } = call.context.store;
  if (host !== null && (await hosts.named(host)) === undefined) {
    throw new ComputeError('invalid', `Compute host ${host} could not be found.`);
  }
  if (zone !== '') await refuseUnknownZone(call, zone);
}

/** Throws `invalid` unless the zone has an enabled host. */
export async function refuseUnknownZone(
  { context }: Pick<Call, 'context'>,
  zone: string,
): Promise<void> {
  const inZone = (await everyHost(context.store.hosts)).filter(
    (one) => one.availabilityZone === zone,
  );
  if (inZone.some(({ enabled }) => enabled)) return;
  const which = inZone.length === 0 ? 'no host' : 'no enabled host';
  throw new ComputeError(
    'invalid',
    `The requested availability zone is not available: ${which} is in '${zone}'.`,
  );
}
