/** The routes of tags: of one thing all at once, or one by one. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Access } from '#http/routes/route.ts';
import { type GuardedCall, type GuardedRoute, withBody } from '../route-table.ts';
import { type NetworkContext, rightsOf } from './requests/context.ts';
import { addTag, changeTags, removeTag, requireTag, taggedKinds, tagList, tagsOf } from './tags.ts';

type Call = GuardedCall<Caller>;
type NetworkRoute = GuardedRoute<Caller>;

/** Example: PUT /v2.0/ports/p1/tags/blue. */
export function tagRoutes(context: NetworkContext): NetworkRoute[] {
  return Object.keys(taggedKinds).flatMap((plural) => routesOf(plural, context));
}

function routesOf(plural: string, context: NetworkContext): NetworkRoute[] {
  const all = `/v2.0/${plural.replaceAll('_', '-')}/:id/tags`;
  const one = `${all}/:tag`;
  const act = ({ caller }: Pick<Call, 'caller'>) => ({ context, rights: rightsOf(caller) });
  const thing = ({ params }: Pick<Call, 'params'>) => ({ plural, id: params['id'] ?? '' });
  const tagOf = ({ params }: Call) => params['tag'] ?? '';
  const read: { rule: Access } = { rule: ['reader', 'service'] };
  const write: { rule: Access } = {
    rule: plural === 'ports' ? ['member', 'service'] : 'member',
  };
  return [
    {
      method: 'GET',
      path: all,
      ...read,
      handler: async (call) => ({ body: { tags: await tagsOf(act(call), thing(call)) } }),
    },
    {
      method: 'PUT',
      path: all,
      ...write,
      ...withBody(tagList, async (call) => {
        const { tags } = call.body;
        await changeTags(act(call), thing(call), () => tags);
        return { body: { tags } };
      }),
    },
    {
      method: 'POST',
      path: all,
      ...write,
      status: 201,
      ...withBody(tagList, async (call) => {
        const { tags } = call.body;
        await changeTags(act(call), thing(call), (before) => [...before, ...tags]);
        return { body: { tags } };
      }),
    },
    {
      method: 'DELETE',
      path: all,
      ...write,
      status: 204,
      handler: (call) => changeTags(act(call), thing(call), () => []),
    },
    {
      method: 'GET',
      path: one,
      ...read,
      status: 204,
      handler: (call) => requireTag(act(call), thing(call), tagOf(call)),
    },
    {
      method: 'PUT',
      path: one,
      ...write,
      status: 201,
      handler: (call) => addTag(act(call), thing(call), tagOf(call)),
    },
    {
      method: 'DELETE',
      path: one,
      ...write,
      status: 204,
      handler: (call) => removeTag(act(call), thing(call), tagOf(call)),
    },
  ];
}
