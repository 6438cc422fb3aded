/** The projects that a shared image is shared with. Source: Glance's API, "Sharing". */
import { Type } from 'typebox';
import type { Caller } from '#contracts/services/identity.ts';
import {
  type ImageMember,
  type ImageRows,
  memberStatuses,
  type StoredImage,
} from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import { checkedBody } from '../request-body.ts';
import { findImage, findOwnImage, ownsImage } from './image-access.ts';
import type { ImageContext } from './images.ts';

/** Of one image. Source: Glance's `image_member_quota`. */
const mostMembers = 128;

/** The body of a new member. */
export const newMember = checkedBody(
  Type.Object(
    { member: Type.String({ minLength: 1, maxLength: 255 }) },
    { additionalProperties: false },
  ),
);
/** A member's answer. The stock client includes the member here too. */
export const memberAnswer = checkedBody(
  Type.Object(
    { status: Type.Enum([...memberStatuses]), member: Type.Optional(Type.String()) },
    { additionalProperties: false },
  ),
);

export type MemberAnswer = ReturnType<typeof memberAnswer.read>;

/** An image and one of its members, as a path names them. */
export interface MemberPath {
  imageId: string;
  memberId: string;
}

/** All members to the owner and to admins; to a member only itself. */
export async function listMembers(
  { store }: ImageContext,
  caller: Caller,
  imageId: string,
): Promise<ImageMember[]> {
  const image = await findShared(store, caller, imageId);
  const members = await store.members(imageId);
  return members.filter((member) => maySee(caller, image, member));
}

/**
 * Throws `notFound` also for another member that the caller may not see, and for an image that has
 * none, as Glance.
 */
export async function showMember(
  { store }: ImageContext,
  caller: Caller,
  path: MemberPath,
): Promise<ImageMember> {
  const image = await findImage(store, caller, path.imageId);
  if (image.visibility !== 'shared') throw isNoMember(path.imageId, path.memberId);
  return findMember(store, caller, { image, memberId: path.memberId });
}

/**
 * The owner shares the image; the member's status is `pending` until it accepts. Throws `conflict`
 * for one that is a member already.
 */
export async function addMember(
  { store, clock }: ImageContext,
  caller: Caller,
  { imageId, memberId }: MemberPath,
): Promise<ImageMember> {
  return store.atomic(async (rows) => {
    refuseUnshared(await findOwnImage(rows, caller, imageId));
    const members = await rows.members(imageId);
    if (members.some((member) => member.memberId === memberId)) {
      throw new ComputeError('conflict', `Image ${imageId} has the member ${memberId} already.`);
    }
    if (members.length >= mostMembers) {
      throw new ComputeError(
        'tooLarge',
        `The limit has been exceeded on the number of members of an image. Attempted: ${members.length + 1}, Maximum: ${mostMembers}`,
      );
    }
    const now = clock.now();
    const member: ImageMember = {
      imageId,
      memberId,
      status: 'pending',
      createdAt: now,
      updatedAt: now,
    };
    await rows.putMember(member);
    return member;
  });
}

/**
 * The member's own answer: it sees the image in its lists once it accepted. Throws `forbidden` for
 * the owner.
 */
export async function answerMember(
  { store, clock }: ImageContext,
  caller: Caller,
  { imageId, memberId, answer }: MemberPath & { answer: MemberAnswer },
): Promise<ImageMember> {
  const { status, member: named = memberId } = answer;
  if (named !== memberId) {
    throw new ComputeError(
      'invalid',
      `member: '${named}' is not the member of the path, ${memberId}`,
    );
  }
  return store.atomic(async (rows) => {
    const image = await findShared(rows, caller, imageId);
    const member = await findMember(rows, caller, { image, memberId });
    if (!caller.isAdmin && caller.projectId !== memberId) {
      throw new ComputeError(
        'forbidden',
        `status: only project ${memberId} or an admin may answer for it.`,
      );
    }
    const answered = { ...member, status, updatedAt: clock.now() };
    await rows.putMember(answered);
    return answered;
  });
}

/** The owner stops sharing the image with that project. */
export async function removeMember(
  { store }: ImageContext,
  caller: Caller,
  { imageId, memberId }: MemberPath,
): Promise<void> {
  await store.atomic(async (rows) => {
    refuseUnshared(await findOwnImage(rows, caller, imageId));
    if (!(await rows.removeMember(imageId, memberId))) throw isNoMember(imageId, memberId);
  });
}

async function findShared(rows: ImageRows, caller: Caller, id: string): Promise<StoredImage> {
  const image = await findImage(rows, caller, id);
  refuseUnshared(image);
  return image;
}

function refuseUnshared({ id, visibility }: StoredImage): void {
  if (visibility === 'shared') return;
  throw new ComputeError(
    'forbidden',
    `Only shared images have members: image ${id} is ${visibility}.`,
  );
}

async function findMember(
  rows: ImageRows,
  caller: Caller,
  { image, memberId }: { image: StoredImage; memberId: string },
): Promise<ImageMember> {
  const member = await rows.member(image.id, memberId);
  if (member !== undefined && maySee(caller, image, member)) return member;
  throw isNoMember(image.id, memberId);
}

function maySee(caller: Caller, image: StoredImage, { memberId }: ImageMember): boolean {
  return ownsImage(caller, image) || caller.projectId === memberId;
}

function isNoMember(imageId: string, memberId: string): ComputeError {
  return new ComputeError('notFound', `Image ${imageId} has no member ${memberId}.`);
}
