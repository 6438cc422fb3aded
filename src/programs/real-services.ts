/** The services of a real OpenStack, looked at before the start. */
import type { Clock } from '#contracts/clock.ts';
import type { Log } from '#contracts/log.ts';
import { ComputeError } from '#core/errors.ts';
import { currentRequestId } from '#http/current-request.ts';
import { connectOpenStack, type OpenStack } from '#integrations/openstack/connect.ts';
import type { OpenStackConfig } from './openstack-config.ts';

export interface RealServices {
  services: Pick<OpenStack, 'identity' | 'network' | 'image'>;
  /** '' where it is not known yet: nobody answered. */
  urls: { identity: string; network: string; image: string };
  close(): void;
}

/**
 * Logs what was found and what is missing. What does not answer now may later: only a refused sign-in ends the start.
 * Throws `invalid` for that.
 */
export async function realServices(
  config: OpenStackConfig,
  { clock, log }: { clock: Clock; log: Log },
): Promise<RealServices> {
  const openstack = connectOpenStack({ ...config, clock, requestId: currentRequestId });
  const { found, missing, isRefused, urls } = await openstack.survey();
  if (isRefused) {
    openstack.close();
    throw new ComputeError('invalid', `openstack: ${missing.join('; ')}`);
  }
  for (const what of found) log.info({}, `openstack: found ${what}`);
  for (const what of missing) log.warn({}, `openstack: missing: ${what}`);
  return {
    services: openstack,
    urls: {
      identity: openstack.identityUrl,
      network: urls.network ?? config.networkUrl ?? '',
      image: urls.image ?? config.imageUrl ?? '',
    },
    close() {
      log.info(openstack.calls(), 'openstack: calls made');
      openstack.close();
    },
  };
}
