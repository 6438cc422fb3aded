/** The services of a real OpenStack, checked before the start. */
import type { Clock } from '#contracts/clock.ts';
import type { Log } from '#contracts/log.ts';
import { ComputeError } from '#core/errors.ts';
import { connectOpenStack, type OpenStack } from '#integrations/openstack/connect.ts';
import { outgoingRequestId } from '#runtime/messages/current-request.ts';
import type { OpenStackConfig } from '../config/openstack-config.ts';

/**
 * What the start found among the external services, and what is missing there: sentences for an
 * operator.
 */
export interface Found {
  found: string[];
  missing: string[];
}

export interface RealServices {
  services: Pick<OpenStack, 'identity' | 'network' | 'image'>;
  /** '' while unknown: no service answered. */
  urls: { identity: string; network: string; image: string };
  survey: Found;
  close(): void;
}

/**
 * A service that does not answer may do so later: only a refused sign-in ends the start, with
 * `invalid`.
 */
export async function realServices(
  config: OpenStackConfig,
  { clock, log, onDisk }: { clock: Clock; log: Log; onDisk: () => Promise<void> },
): Promise<RealServices> {
  const openstack = connectOpenStack({
    ...config,
    clock,
    requestId: outgoingRequestId,
    beforeCall: onDisk,
  });
  const { found, missing, isRefused, urls } = await openstack.survey();
  if (isRefused) {
    openstack.close();
    throw new ComputeError('invalid', `openstack: ${missing.join('; ')}`);
  }
  return {
    services: openstack,
    urls: {
      identity: openstack.identityUrl,
      network: urls.network ?? config.networkUrl ?? '',
      image: urls.image ?? config.imageUrl ?? '',
    },
    survey: { found, missing },
    close() {
      log.info(openstack.calls(), 'openstack: calls made');
      openstack.close();
    },
  };
}
