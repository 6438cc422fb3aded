/** Every route of the embedded network service, and what of Neutron it lacks. */
import type { Caller } from '#contracts/services/identity.ts';
import type { NotOffered } from '../not-offered.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import { listText } from '#http/routes/json-text.ts';
import type { OpenCall, OpenRoute, Reply } from '#http/routes/route.ts';
import { type GuardedCall, type GuardedRoute, withBody } from '../route-table.ts';
import { createMany, oneOrMany } from './create-many.ts';
import type { Owned } from './networks/networks.ts';
import { newPortBindingBody, quotaBody } from './requests/bodies.ts';
import { type NetworkContext, rightsOf } from './requests/context.ts';
import { notFound } from './requests/errors.ts';
import { extensions, showExtension } from './requests/extensions.ts';
import { filterOf } from './requests/list-filter.ts';
import { fieldsOf, pageInStore, pageOf } from './requests/list-query.ts';
import { type Listed, listings } from './requests/listings.ts';
import {
  activatePortBinding,
  createPortBinding,
  listPortBindings,
  removePortBinding,
} from './ports/port-bindings.ts';
import {
  changeQuota,
  resetQuota,
  showDefaultQuota,
  showQuota,
  showQuotaDetails,
} from './requests/quotas.ts';
import {
  networks,
  ports,
  type Resource,
  resources,
  securityGroupRules,
  securityGroups,
  subnets,
} from './resources.ts';
import { tagRoutes } from './tag-routes.ts';
import { type View, viewPortBinding } from './views.ts';

type NetworkRoute = GuardedRoute<Caller>;

/** Every role reads; `service` is that of compute. */
const readers = ['reader', 'service'] as const;

export const openNetworkRoutes: OpenRoute[] = [
  {
    method: 'GET',
    path: '/',
    rule: 'anybody',
    handler: ({ origin }) => {
      const links = [{ rel: 'self', href: `${origin}/v2.0/` }];
      return { body: { versions: [{ id: 'v2.0', status: 'CURRENT', links }] } };
    },
  },
];

function quotaRoutes(context: NetworkContext): NetworkRoute[] {
  return [
    { method: 'GET', path: '/v2.0/quotas/:project', rule: readers, handler: showQuota(context) },
    {
      method: 'PUT',
      path: '/v2.0/quotas/:project',
      rule: ['admin'],
      ...withBody(quotaBody, changeQuota(context)),
    },
    {
      method: 'DELETE',
      path: '/v2.0/quotas/:project',
      rule: ['admin'],
      status: 204,
      handler: resetQuota(context),
    },
    {
      method: 'GET',
      path: '/v2.0/quotas/:project/default',
      rule: readers,
      handler: showDefaultQuota(context),
    },
    {
      method: 'GET',
      path: '/v2.0/quotas/:project/details',
      rule: readers,
      handler: showQuotaDetails(context),
    },
    {
      method: 'GET',
      path: '/v2.0/quotas/:project/details.json',
      rule: readers,
      handler: showQuotaDetails(context),
    },
  ];
}

export function networkRoutes(context: NetworkContext): NetworkRoute[] {
  return [
    {
      method: 'GET',
      path: '/v2.0',
      rule: readers,
      handler: ({ origin }) => {
        const listed = resources.map(({ singular, plural }) => ({
          name: singular,
          collection: plural,
          links: [{ rel: 'self', href: `${origin}${pathOf(plural)}` }],
        }));
        return { body: { resources: listed } };
      },
    },
    {
      method: 'GET',
      path: '/v2.0/extensions',
      rule: readers,
      handler: () => ({ body: { extensions } }),
    },
    {
      method: 'GET',
      path: '/v2.0/extensions/:alias',
      rule: readers,
      handler: ({ params }) => ({ body: showExtension(params['alias'] ?? '') }),
    },
    {
      method: 'GET',
      path: '/v2.0/agents',
      rule: readers,
      handler: (call) => listed(call, 'agent', []),
    },
    {
      method: 'GET',
      path: '/v2.0/subnetpools',
      rule: readers,
      handler: (call) => listed(call, 'subnetpool', []),
    },
    {
      method: 'GET',
      path: '/v2.0/availability_zones',
      rule: readers,
      handler: (call) =>
        listed(call, 'availability_zone', [
          { name: 'nova', resource: 'network', state: 'available' },
        ]),
    },
    ...quotaRoutes(context),
    ...portBindingRoutes(context),
    ...tagRoutes(context),
    ...resourceRoutes(networks, context),
    ...resourceRoutes(subnets, context),
    ...resourceRoutes(ports, context),
    ...resourceRoutes(securityGroups, context),
    ...resourceRoutes(securityGroupRules, context),
  ];
}

function portBindingRoutes(context: NetworkContext): NetworkRoute[] {
  const path = '/v2.0/ports/:id/bindings';
  const of = ({ params }: Pick<OpenCall, 'params'>) => ({
    portId: params['id'] ?? '',
    host: params['host'] ?? '',
  });
  return [
    {
      method: 'GET',
      path,
      rule: ['admin', 'service'],
      handler: async (call) => {
        const found = await listPortBindings(context, rightsOf(call.caller), of(call).portId);
        return listed(call, 'binding', found.map(viewPortBinding));
      },
    },
    {
      method: 'POST',
      path,
      rule: ['admin', 'service'],
      status: 201,
      ...withBody(newPortBindingBody, async (call) => {
        const { caller, body } = call;
        const made = await createPortBinding(context, rightsOf(caller), of(call).portId, body);
        return { body: { binding: viewPortBinding(made) } };
      }),
    },
    {
      method: 'PUT',
      path: `${path}/:host/activate`,
      rule: ['admin', 'service'],
      handler: async (call) => {
        const active = await activatePortBinding(context, rightsOf(call.caller), of(call));
        return { body: { binding: viewPortBinding(active) } };
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:host`,
      rule: ['admin', 'service'],
      status: 204,
      handler: (call) => removePortBinding(context, rightsOf(call.caller), of(call)),
    },
  ];
}

function resourceRoutes<New extends Owned, Change>(
  resource: Resource<New, Change>,
  context: NetworkContext,
): NetworkRoute[] {
  const { singular, plural, writers, change } = resource;
  const act = ({ caller }: Pick<GuardedCall<Caller>, 'caller'>) => ({
    context,
    rights: rightsOf(caller),
  });
  const idOf = ({ params }: Pick<OpenCall, 'params'>) => params['id'] ?? '';
  const one = `${pathOf(plural)}/:id`;
  const routes: NetworkRoute[] = [
    {
      method: 'GET',
      path: pathOf(plural),
      rule: readers,
      handler: async (call) => {
        const { query } = call;
        const page = resource.page && pageInStore(query, resource.page.filters);
        if (page === undefined) {
          return listed(call, singular, await resource.list(act(call), query));
        }
        const views = await resource.page?.read(act(call), query, page);
        if (views === undefined) throw notFound(listings[singular].kind, page.after ?? '');
        // It begins after its marker already.
        return listed({ ...call, query: { ...query, marker: '' } }, singular, views);
      },
    },
    {
      method: 'GET',
      path: one,
      rule: readers,
      handler: async (call) => {
        filterOf(call.query, listings[singular]);
        const view = await resource.show(act(call), idOf(call));
        return { body: { [singular]: fieldsOf(call.query)?.(view) ?? view } };
      },
    },
    {
      method: 'POST',
      path: pathOf(plural),
      rule: writers,
      status: 201,
      ...withBody(oneOrMany(resource), async (call) => {
        const { body } = call;
        if ('many' in body) {
          return { body: { [plural]: await createMany(resource, act(call), body.many) } };
        }
        return { body: { [singular]: await resource.create(act(call), body.one) } };
      }),
    },
    {
      method: 'DELETE',
      path: one,
      rule: writers,
      status: 204,
      handler: (call) => resource.remove(act(call), idOf(call)),
    },
  ];
  if (change === undefined) return routes;
  return routes.concat({
    method: 'PUT',
    path: one,
    rule: writers,
    ...withBody(change.body, async (call) => ({
      body: { [singular]: await change.update(act(call), idOf(call), call.body) },
    })),
  });
}

/** Example: the ports of `?limit=2` → `{ ports: […], ports_links: […] }`. */
async function listed(call: OpenCall, singular: Listed, views: View[]): Promise<Reply> {
  const [path = '', text = ''] = call.request.url.split(/\?(.*)/s);
  const url = `${call.origin}${path}`;
  const page = await pageOf(views, { query: call.query, url, text }, listings[singular]);
  const plural = `${singular}s`;
  const links = page.links.length > 0 ? { [`${plural}_links`]: page.links } : {};
  const texts = await mapInTurns(page.views, (view) => JSON.stringify(view));
  return { body: listText(plural, texts, links) };
}

/** Example: security_groups → /v2.0/security-groups. */
function pathOf(plural: string): string {
  return `/v2.0/${plural.replaceAll('_', '-')}`;
}

export const neutronNotOffered: NotOffered = {
  '/v2.0/networks/*/dhcp-agents': 'DHCP agents',
  '/v2.0/agents/*': 'agents',
  '/v2.0/subnetpools': 'subnet pools',
  '/v2.0/address-scopes': 'address scopes',
  '/v2.0/address-groups': 'address groups',
  '/v2.0/auto-allocated-topology': 'auto-allocated topologies',
  '/v2.0/routers': 'routers',
  '/v2.0/floatingips': 'floating IPs',
  '/v2.0/segments': 'segments',
  '/v2.0/network-segment-ranges': 'network segment ranges',
  '/v2.0/network-ip-availabilities': 'IP availability',
  '/v2.0/rbac-policies': 'RBAC policies',
  '/v2.0/default-security-group-rules': 'default security group rules',
  '/v2.0/qos': 'QoS',
  '/v2.0/trunks': 'trunks',
  '/v2.0/metering': 'metering',
  '/v2.0/flavors': 'network flavors',
  '/v2.0/service-providers': 'service providers',
  '/v2.0/local_ips': 'local IPs',
  '/v2.0/log': 'logging',
  '/v2.0/vpn': 'VPN',
  '/v2.0/lbaas': 'load balancers',
};
