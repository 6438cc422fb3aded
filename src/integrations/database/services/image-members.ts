/** The members of images in SQL. */
import type { ExpressionBuilder, Kysely } from 'kysely';
import type { ImageMember, ImageRows, ImageScope } from '#contracts/store/image-store.ts';
import type { ImageTables } from './image-tables.ts';

type MemberRows = Pick<ImageRows, 'members' | 'member' | 'putMember' | 'removeMember'>;

/** The part of an image store that keeps members. They are deleted with their image. */
export function memberRows(db: Kysely<ImageTables>): MemberRows {
  const of = (imageId: string) =>
    db.selectFrom('imageMembers').selectAll().where('imageId', '=', imageId);
  return {
    members: (imageId) => of(imageId).orderBy('createdAt').orderBy('memberId').execute(),
    member: (imageId, memberId) => of(imageId).where('memberId', '=', memberId).executeTakeFirst(),
    async putMember(member: ImageMember) {
      const { status, updatedAt } = member;
      await db
        .insertInto('imageMembers')
        .values(member)
        .onConflict((on) => on.columns(['imageId', 'memberId']).doUpdateSet({ status, updatedAt }))
        .execute();
    },
    async removeMember(imageId, memberId) {
      const query = db.deleteFrom('imageMembers').where('imageId', '=', imageId);
      const [result] = await query.where('memberId', '=', memberId).execute();
      return (result?.numDeletedRows ?? 0n) > 0n;
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
