/** Tags of a server (microversion 2.26). */
import { type Static, Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';
import { tag as tagSchema } from '../../requests/fields.ts';
import { closed, readBody } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';

const mostTags = 50;
const body = closed({ tags: Type.Array(tagSchema, { maxItems: mostTags }) });
export const tagsBody = () => body;
const pathTag = closed({ tag: tagSchema });

export async function listTags(call: Call): Promise<Reply> {
  return { body: { tags: (await findServer(call)).tags } };
}

export async function replaceTags(call: Call<Static<typeof body>>): Promise<Reply> {
  const server = await findServer(call);
  const tags = [...new Set(call.body.tags)];
  await call.context.store.servers.update(server.id, { tags });
  return { body: { tags } };
}

export async function deleteTags(call: Call): Promise<Reply> {
  const server = await findServer(call);
  await call.context.store.servers.update(server.id, { tags: [] });
  return {};
}

/** 204 when the server has the tag, 404 when not. */
export async function showTag(call: Call): Promise<Reply> {
  await taggedServer(call);
  return { status: 204 };
}

/** 201 for a new tag, 204 for one that was there. */
export async function addTag(call: Call): Promise<Reply> {
  const server = await findServer(call);
  const { tag } = readBody(pathTag, { tag: call.params['tag'] ?? '' });
  if (server.tags.includes(tag)) return { status: 204 };
  await call.context.store.servers.update(server.id, ({ tags }) => {
    if (tags.length >= mostTags) {
      throw new ComputeError(
        'invalid',
        `The number of tags exceeded the per-server limit ${mostTags}`,
      );
    }
    return { tags: [...new Set([...tags, tag])] };
  });
  const location = `${call.base}/servers/${server.id}/tags/${encodeURIComponent(tag)}`;
  return { status: 201, headers: { location } };
}

export async function deleteTag(call: Call): Promise<Reply> {
  const { server, tag } = await taggedServer(call);
  await call.context.store.servers.update(server.id, ({ tags }) => ({
    tags: tags.filter((other) => other !== tag),
  }));
  return {};
}

async function taggedServer(call: Call) {
  const server = await findServer(call);
  const tag = call.params['tag'] ?? '';
  if (server.tags.includes(tag)) return { server, tag };
  throw new ComputeError('notFound', `Instance ${server.id} has no tag '${tag}'`);
}
