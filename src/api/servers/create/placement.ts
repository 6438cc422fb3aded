/** Where a user wants a server: a zone, and for administrators a host. */
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import type { NewServerRequest } from '#core/servers/new-server.ts';
import { everyHost } from '../../hosts/host-pages.ts';
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
  const [zone = '', host = '', node = ''] = (server.availability_zone ?? '').split(':');
  const named = [host, node, server.host ?? '', server.hypervisor_hostname ?? ''];
  const hosts = new Set(named.filter((name) => name !== ''));
  if (hosts.size > 0 && !allows('admin', call.caller)) {
    throw new ComputeError(
      'forbidden',
      "Policy doesn't allow a server to be created on a host of choice: it needs the role admin.",
    );
  }
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
