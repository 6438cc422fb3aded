/** `/v2/images/{id}/members`. */
import type { Caller } from '#contracts/services/identity.ts';
import { type GuardedCall, type GuardedRoute, withBody } from '../route-table.ts';
import type { ImageContext } from './images.ts';
import {
  addMember,
  answerMember,
  listMembers,
  memberAnswer,
  type MemberPath,
  newMember,
  removeMember,
  showMember,
} from './members.ts';
import { onlyJson } from './media-types.ts';
import { viewMember } from './views.ts';

type Call = GuardedCall<Caller>;

const readers = ['reader', 'service'] as const;
const writers = ['member'] as const;

export function memberRoutes(context: ImageContext): GuardedRoute<Caller>[] {
  const all = '/v2/images/:id/members';
  const one = `${all}/:member`;
  return [
    {
      method: 'GET',
      path: all,
      rule: readers,
      handler: async (call) => {
        const members = await listMembers(context, call.caller, pathOf(call).imageId);
        return { body: { members: members.map(viewMember), schema: '/v2/schemas/members' } };
      },
    },
    {
      method: 'POST',
      path: all,
      rule: writers,
      ...withBody(onlyJson(newMember), async (call) => {
        const added = { imageId: pathOf(call).imageId, memberId: call.body.member };
        return { body: viewMember(await addMember(context, call.caller, added)) };
      }),
    },
    {
      method: 'GET',
      path: one,
      rule: readers,
      handler: async (call) => ({
        body: viewMember(await showMember(context, call.caller, pathOf(call))),
      }),
    },
    {
      method: 'PUT',
      path: one,
      rule: writers,
      ...withBody(onlyJson(memberAnswer), async (call) => {
        const answered = { ...pathOf(call), answer: call.body };
        return { body: viewMember(await answerMember(context, call.caller, answered)) };
      }),
    },
    {
      method: 'DELETE',
      path: one,
      rule: writers,
      status: 204,
      handler: (call) => removeMember(context, call.caller, pathOf(call)),
    },
  ];
}

function pathOf({ params }: Pick<Call, 'params'>): MemberPath {
  return { imageId: params['id'] ?? '', memberId: params['member'] ?? '' };
}
