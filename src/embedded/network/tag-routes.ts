/** The routes of tags: of one thing all at once, or one by one. */
import type { Caller } from '#contracts/services/identity.ts';
import type { Admitted, GuardedCall, GuardedRoute } from '../route-table.ts';
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
type NetworkRoute = GuardedRoute<Caller>;

/** Example: PUT /v2.0/ports/p1/tags/blue. */
export function tagRoutes(context: NetworkContext): NetworkRoute[] {
  return Object.keys(taggedKinds).flatMap((plural) => routesOf(plural, context));
}

function routesOf(plural: string, context: NetworkContext): NetworkRoute[] {
  const all = `/v2.0/${plural.replaceAll('_', '-')}/:id/tags`;
  const one = `${all}/:tag`;
  const act = ({ caller }: Call) => ({ context, rights: rightsOf(caller) });
  const thing = ({ params }: Call) => ({ plural, id: params['id'] ?? '' });
  const tagOf = ({ params }: Call) => params['tag'] ?? '';
  const read = { admits: ['reader', 'service'] as Admitted };
  const write = { admits: (plural === 'ports' ? ['member', 'service'] : ['member']) as Admitted };
  return [
    {
      method: 'GET',
      path: all,
      ...read,
      answer: async (call) => ({ tags: await tagsOf(act(call), thing(call)) }),
    },
    {
      method: 'PUT',
      path: all,
      ...write,
      answer: async (call) => {
        const tags = readTags(call.body);
        await changeTags(act(call), thing(call), () => tags);
        return { tags };
      },
    },
    {
      method: 'POST',
      path: all,
      ...write,
      status: 201,
      answer: async (call) => {
        const tags = readTags(call.body);
        await changeTags(act(call), thing(call), (before) => [...before, ...tags]);
        return { tags };
      },
    },
    {
      method: 'DELETE',
      path: all,
      ...write,
      status: 204,
      answer: (call) => changeTags(act(call), thing(call), () => []),
    },
    {
      method: 'GET',
      path: one,
      ...read,
      status: 204,
      answer: (call) => requireTag(act(call), thing(call), tagOf(call)),
    },
    {
      method: 'PUT',
      path: one,
      ...write,
      status: 201,
      answer: (call) => addTag(act(call), thing(call), tagOf(call)),
    },
    {
      method: 'DELETE',
      path: one,
      ...write,
      status: 204,
      answer: (call) => removeTag(act(call), thing(call), tagOf(call)),
    },
  ];
}
