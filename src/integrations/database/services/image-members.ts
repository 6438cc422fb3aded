/** The members of images in SQL. */
import type { ExpressionBuilder, Insertable, Kysely } from 'kysely';
import type { ImageMember, ImageRows, ImageScope } from '#contracts/store/image-store.ts';
import { prepared, preparedChange } from '../rows/prepared.ts';
import type { ImageTables } from './image-tables.ts';

type MemberRows = Pick<ImageRows, 'members' | 'member' | 'putMember' | 'removeMember'>;

type Db = Kysely<ImageTables>;

const membersOf = prepared((db: Db, given: { imageId: string }) =>
  db
    .selectFrom('imageMembers')
    .selectAll()
    .where('imageId', '=', given.imageId)
    .orderBy('createdAt')
    .orderBy('memberId'),
);
const memberOf = prepared((db: Db, given: { imageId: string; memberId: string }) =>
  db
    .selectFrom('imageMembers')
    .selectAll()
    .where('imageId', '=', given.imageId)
    .where('memberId', '=', given.memberId),
);
const putMember = preparedChange((db: Db, { status, updatedAt, ...key }: Insertable<ImageMember>) =>
  db
    .insertInto('imageMembers')
    .values({ ...key, status, updatedAt })
    .onConflict((on) => on.columns(['imageId', 'memberId']).doUpdateSet({ status, updatedAt })),
);
const removeMember = prepared((db: Db, given: { imageId: string; memberId: string }) =>
  db
    .deleteFrom('imageMembers')
    .where('imageId', '=', given.imageId)
    .where('memberId', '=', given.memberId),
);

/** The part of an image store that keeps members. They are deleted with their image. */
export function memberRows(db: Db): MemberRows {
  return {
    members: async (imageId) => (await membersOf(db, { imageId })).rows,
    member: async (imageId, memberId) => (await memberOf(db, { imageId, memberId })).rows[0],
    async putMember(member) {
      await putMember(db, member, {});
    },
    async removeMember(imageId, memberId) {
      const { numAffectedRows = 0n } = await removeMember(db, { imageId, memberId });
      return numAffectedRows > 0n;
    },
  };
}

/** The condition that an image is in the scope. */
export function isVisibleTo({ projectId, memberStatus, community }: ImageScope) {
  return (is: ExpressionBuilder<ImageTables, 'images'>) => {
    const mine = is
      .selectFrom('imageMembers')
      .select('imageId')
      .where('memberId', '=', projectId)
      .$if(memberStatus !== 'all', (members) =>
        members.where('status', '=', memberStatus as ImageMember['status']),
      );
    return is.or([
      is('projectId', '=', projectId),
      is('visibility', 'in', community ? ['public', 'community'] : ['public']),
      is.and([is('visibility', '=', 'shared'), is('id', 'in', mine)]),
    ]);
  };
}
