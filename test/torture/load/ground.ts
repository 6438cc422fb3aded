/** What the load works with: networks, server groups, flavors, the image. */
import { createNetwork } from '#client/networks.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { hostServices } from '../settle.ts';
import type { Ledger } from './ledger.ts';
import type { UserGround } from './users.ts';

/** Of the captured machine's two cards, each is on one of them. */
const physicalNetworks = ['physnet1', 'physnet2'];
const flavorNames = ['m1.tiny', 'm1.small'];

/** Creates networks and groups in a fresh cloud. */
export async function makeGround(session: Session, ledger: Ledger): Promise<UserGround> {
  const networkIds = await Promise.all(
    physicalNetworks.map((physicalNetwork, at) =>
      createNetwork(session, {
        ...{ name: physicalNetwork, physicalNetwork, vlan: 100 + at },
        subnet: { cidr: `10.${100 + at}.0.0/16` },
      }),
    ),
  );
  const groupIds: string[] = [];
  for (const policy of ['anti-affinity', 'affinity']) {
    const group = { name: policy, policies: [policy] };
    const call = { service: 'compute', method: 'POST', path: '/os-server-groups' } as const;
    const made = await request<{ server_group: { id: string } }>(session, {
      ...call,
      body: { server_group: group },
    });
    groupIds.push(made.server_group.id);
  }
  const { flavors } = await request<{ flavors: { id: string; name: string }[] }>(session, {
    service: 'compute',
    path: '/flavors',
  });
  const { images } = await request<{ images: { id: string }[] }>(session, {
    service: 'image',
    path: '/v2/images',
  });
  return {
    session,
    ledger,
    flavors: flavors.filter(({ name }) => flavorNames.includes(name)).map(({ id }) => id),
    imageId: images[0]?.id ?? '',
    networkIds,
    groupIds,
    hostServices: (await hostServices(session)).map(({ id }) => id),
  };
}
