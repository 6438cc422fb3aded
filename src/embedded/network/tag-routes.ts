/** The routes of tags: of one thing all at once, or one by one. */
import type { Caller } from '#contracts/services/identity.ts';
import { type Access, taking } from '#http/routes/route.ts';
import type { GuardedCall, GuardedRoute } from '../route-table.ts';
import { type NetworkContext, rightsOf } from './requests/context.ts';
import {
  addTag,
  changeTags,
  readTags,
  removeTag,
  requireTag,
  taggedKinds,
  tagsOf,
} from './tags.ts';

type Call = GuardedCall<Caller>;
type TagsCall = Omit<Call, 'body'> & { body: string[] };
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
  const read = { rule: ['reader', 'service'] as Access };
  const write = { rule: (plural === 'ports' ? ['member', 'service'] : ['member']) as Access };
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
      handler: taking(readTags, async (call: TagsCall) => {
        await changeTags(act(call), thing(call), () => call.body);
        return { body: { tags: call.body } };
      }),
    },
    {
      method: 'POST',
      path: all,
      ...write,
      status: 201,
      handler: taking(readTags, async (call: TagsCall) => {
        await changeTags(act(call), thing(call), (before) => [...before, ...call.body]);
        return { body: { tags: call.body } };
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
