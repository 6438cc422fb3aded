/** Every route of the embedded image service, and what of Glance it lacks. */
import type { Caller } from '#contracts/services/identity.ts';
import type { NotOffered } from '../not-offered.ts';
import type { OpenCall, OpenRoute, Reply } from '#http/routes/route.ts';
import { type GuardedCall, type GuardedRoute, withBody } from '../route-table.ts';
import { download, upload } from './files/file-routes.ts';
import { findImage, readers, writers } from './image-access.ts';
import { newImage } from './image-body.ts';
import { createImage, type ImageContext, patchImage, removeImage } from './images.ts';
import { listPage } from './lists/list-page.ts';
import { listPath } from './lists/list-query.ts';
import { onlyJson, patchTypes } from './media-types.ts';
import { memberRoutes } from './member-routes.ts';
import { imagePatch } from './patch.ts';
import { imageSchema, imagesSchema, memberSchema, membersSchema } from './schemas.ts';
import { addTag, deactivate, reactivate, removeTag } from './lists/small-changes.ts';
import { viewImage, viewVersions } from './views.ts';

type Call = GuardedCall<Caller>;

export const openImageRoutes: OpenRoute[] = [
  { method: 'GET', path: '/', rule: 'anybody', status: 300, handler: showVersions },
  { method: 'GET', path: '/versions', rule: 'anybody', handler: showVersions },
];

export function imageRoutes(context: ImageContext): GuardedRoute<Caller>[] {
  const one = '/v2/images/:id';
  return [
    { method: 'GET', path: '/v2/images', rule: readers, handler: (call) => list(call, context) },
    {
      method: 'POST',
      path: '/v2/images',
      rule: writers,
      status: 201,
      ...withBody(onlyJson(newImage), async ({ caller, body, origin }) => {
        const image = await createImage(context, caller, body);
        return { headers: { location: `${origin}/v2/images/${image.id}` }, body: viewImage(image) };
      }),
    },
    {
      method: 'GET',
      path: one,
      rule: readers,
      handler: async (call) => ({
        body: viewImage(await findImage(context.store, call.caller, idOf(call))),
      }),
    },
    {
      method: 'PATCH',
      path: one,
      rule: writers,
      headers: { 'accept-patch': patchTypes.join(', ') },
      ...withBody(imagePatch, async (call) => {
        const change = { ...call.body, id: idOf(call) };
        return { body: viewImage(await patchImage(context, call.caller, change)) };
      }),
    },
    {
      method: 'DELETE',
      path: one,
      rule: writers,
      status: 204,
      handler: (call) => removeImage(context, call.caller, idOf(call)),
    },
    {
      method: 'PUT',
      path: `${one}/file`,
      rule: writers,
      status: 204,
      handler: (call) => upload(call, context),
    },
    {
      method: 'GET',
      path: `${one}/file`,
      rule: readers,
      handler: (call) => download(call, context),
    },
    ...smallChangeRoutes(context),
    ...memberRoutes(context),
    ...Object.entries(schemas).map(([name, schema]) => ({
      method: 'GET' as const,
      path: `/v2/schemas/${name}`,
      rule: readers,
      handler: () => ({ body: schema }),
    })),
  ];
}

const schemas = {
  image: imageSchema,
  images: imagesSchema,
  member: memberSchema,
  members: membersSchema,
};

/** Tags as paths, and the actions of an image. */
function smallChangeRoutes(context: ImageContext): GuardedRoute<Caller>[] {
  const tag = '/v2/images/:id/tags/:tag';
  const action = '/v2/images/:id/actions';
  const tagOf = ({ params }: Call) => params['tag'] ?? '';
  const change = { rule: writers, status: 204 };
  return [
    {
      ...change,
      method: 'PUT',
      path: tag,
      handler: (call) => addTag(context, call.caller, idOf(call), tagOf(call)),
    },
    {
      ...change,
      method: 'DELETE',
      path: tag,
      handler: (call) => removeTag(context, call.caller, idOf(call), tagOf(call)),
    },
    {
      ...change,
      method: 'POST',
      path: `${action}/deactivate`,
      handler: (call) => deactivate(context, call.caller, idOf(call)),
    },
    {
      ...change,
      method: 'POST',
      path: `${action}/reactivate`,
      handler: (call) => reactivate(context, call.caller, idOf(call)),
    },
  ];
}

function showVersions({ origin }: OpenCall): Reply {
  return { body: viewVersions(origin) };
}

async function list({ caller, query }: Call, context: ImageContext): Promise<Reply> {
  const { page, isMore } = await listPage(context.store, caller, query);
  const body = {
    images: page.map(viewImage),
    first: listPath(query),
    ...(isMore && { next: listPath(query, page.at(-1)?.id) }),
    schema: '/v2/schemas/images',
  };
  return { body };
}

function idOf({ params }: Pick<Call, 'params'>): string {
  return params['id'] ?? '';
}

export const glanceNotOffered: NotOffered = {
  '/v1': 'the image API v1',
  '/v2/images/*/import': 'image import',
  '/v2/images/*/stage': 'image import',
  '/v2/images/*/tasks': 'tasks',
  '/v2/images/*/locations': 'image locations',
  '/v2/info': 'image import and stores',
  '/v2/stores': 'stores',
  '/v2/tasks': 'tasks',
  '/v2/metadefs': 'metadata definitions',
  '/v2/cache': 'the image cache',
  '/v2/cached_images': 'the image cache',
  '/v2/queued_images': 'the image cache',
  '/v2/schemas': 'schemas of what is not offered',
};
