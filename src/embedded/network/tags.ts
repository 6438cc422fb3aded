/**
 * Tags of networks, subnets, ports and security groups. Source: Neutron's extension
 * `standard-attr-tag`.
 */
import { Type } from 'typebox';
import type { NetworkRows, Tagged } from '#contracts/store/network-store.ts';
import { isComputeError } from '#core/errors.ts';
import { checkedBody } from '../request-body.ts';
import { mostTags, Tag } from './requests/bodies.ts';
import { changed, type Rights } from './requests/context.ts';
import { invalidInput, NetworkError } from './requests/errors.ts';
import { findNetwork, findOwnNetwork } from './networks/networks.ts';
import { findOwnPort, findPort } from './ports/ports.ts';
import type { Act } from './resources.ts';
import { ownSecurityGroup } from './security-groups/security-groups.ts';
import { findOwnSubnet, findVisibleSubnet } from './networks/subnets.ts';

type Find<T> = (rows: NetworkRows, rights: Rights, id: string) => Promise<T>;

/** A kind of thing that has tags: who may see one, who may change one, and how it is stored. */
interface TaggedKind<T extends Tagged = Tagged> {
  see: Find<T>;
  own: Find<T>;
  save: (rows: NetworkRows, thing: T, before: T) => Promise<void>;
}

const kind = <T extends Tagged>(given: TaggedKind<T>) => given as unknown as TaggedKind;

/** By the plural of the kind. */
export const taggedKinds: Record<string, TaggedKind> = {
  networks: kind({
    see: async (...of) => (await findNetwork(...of)).network,
    own: async (...of) => (await findOwnNetwork(...of)).network,
    save: (rows, ...change) => rows.updateNetwork(...change),
  }),
  subnets: kind({
    see: findVisibleSubnet,
    own: findOwnSubnet,
    save: (rows, ...change) => rows.updateSubnet(...change),
  }),
  ports: kind({
    see: findPort,
    own: findOwnPort,
    save: (rows, ...change) => rows.updatePort(...change),
  }),
  security_groups: kind({
    see: ownSecurityGroup,
    own: ownSecurityGroup,
    save: (rows, ...change) => rows.updateSecurityGroup(...change),
  }),
};

/** Which thing. Example: `{ plural: 'ports', id: 'p1' }`. */
export interface TaggedResource {
  plural: string;
  id: string;
}

/** The body `{"tags": […]}`: different tags. */
export const tagList = checkedBody(
  Type.Object(
    { tags: Type.Array(Tag, { maxItems: 1000, uniqueItems: true }) },
    { additionalProperties: false },
  ),
);
const oneTag = checkedBody(Type.Object({ tag: Tag }));

/** GET …/tags. Throws TagResourceNotFound for a thing that these rights do not see. */
export async function tagsOf({ context, rights }: Act, thing: TaggedResource): Promise<string[]> {
  return (await find('see', context.store, rights, thing)).tags;
}

/** GET …/tags/{tag}. Throws TagNotFound. */
export async function requireTag(act: Act, thing: TaggedResource, tag: string): Promise<void> {
  if (!(await tagsOf(act, thing)).includes(tag)) throw noTag(tag);
}

/**
 * `change` is applied to the thing's tags; an unchanged list changes nothing else. Throws when
 * there are more than 50.
 */
export async function changeTags(
  { context, rights }: Act,
  thing: TaggedResource,
  change: (tags: string[]) => string[],
): Promise<void> {
  await context.store.atomic(async (rows) => {
    const before = await find('own', rows, rights, thing);
    const tags = [...new Set(change(before.tags))];
    if (tags.length > mostTags) {
      throw new NetworkError(
        'invalid',
        'BadRequest',
        `Bad ${thing.plural} request: ${tags.length} tags exceed the per-resource limit of ${mostTags}.`,
      );
    }
    if (tags.join('\n') === before.tags.join('\n')) return;
    await taggedKinds[thing.plural]?.save(rows, changed(context, before, { tags }), before);
  });
}

/** PUT …/tags/{tag}. */
export async function addTag(act: Act, thing: TaggedResource, tag: string): Promise<void> {
  oneTag.read({ tag });
  await changeTags(act, thing, (tags) => [...tags, tag]);
}

/** DELETE …/tags/{tag}. Throws TagNotFound. */
export async function removeTag(act: Act, thing: TaggedResource, tag: string): Promise<void> {
  await changeTags(act, thing, (tags) => {
    if (!tags.includes(tag)) throw noTag(tag);
    return tags.filter((other) => other !== tag);
  });
}

// oxlint-disable-next-line max-params -- where, by whom and what are three things
async function find(
  how: 'see' | 'own',
  rows: NetworkRows,
  rights: Rights,
  { plural, id }: TaggedResource,
): Promise<Tagged> {
  const tagged = taggedKinds[plural];
  if (tagged === undefined) throw invalidInput(`${plural} have no tags`);
  try {
    return await tagged[how](rows, rights, id);
  } catch (error) {
    if (!isComputeError(error, 'notFound')) throw error;
    throw new NetworkError(
      'notFound',
      'TagResourceNotFound',
      `Resource ${plural} ${id} could not be found.`,
    );
  }
}

function noTag(tag: string): NetworkError {
  return new NetworkError('notFound', 'TagNotFound', `Tag ${tag} could not be found.`);
}
