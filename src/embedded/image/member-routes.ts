/** `/v2/images/{id}/members`. */
import type { Caller } from '#contracts/services/identity.ts';
import type { GuardedCall, GuardedRoute } from '../route-table.ts';
import type { ImageContext } from './images.ts';
import {
  addMember,
  answerMember,
  listMembers,
  type MemberPath,
  removeMember,
  showMember,
} from './members.ts';
import { refuseOtherType, jsonType } from './media-types.ts';
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
      admits: readers,
      answer: async (call) => ({
        members: (await listMembers(context, call.caller, pathOf(call).imageId)).map(viewMember),
        schema: '/v2/schemas/members',
      }),
    },
    {
      method: 'POST',
      path: all,
      admits: writers,
      answer: async (call) => {
        const added = { imageId: pathOf(call).imageId, body: jsonOf(call) };
        return viewMember(await addMember(context, call.caller, added));
      },
    },
    {
      method: 'GET',
      path: one,
      admits: readers,
      answer: async (call) => viewMember(await showMember(context, call.caller, pathOf(call))),
    },
    {
      method: 'PUT',
      path: one,
      admits: writers,
      answer: async (call) => {
        const answered = { ...pathOf(call), body: jsonOf(call) };
        return viewMember(await answerMember(context, call.caller, answered));
      },
    },
    {
      method: 'DELETE',
      path: one,
      admits: writers,
      status: 204,
      answer: (call) => removeMember(context, call.caller, pathOf(call)),
    },
  ];
}

function pathOf({ params }: Call): MemberPath {
  return { imageId: params['id'] ?? '', memberId: params['member'] ?? '' };
}

/** The body; undefined when there is none. */
function jsonOf(call: Call): unknown {
  if (call.body !== undefined) refuseOtherType(call, [jsonType]);
  return call.body;
}
