/** The actions `createImage` and `createBackup`. A locked server may be copied too, as in Nova. */
import { type Static, Type } from 'typebox';
import type { ImageRequest } from '#workflows/guests/create-image.ts';
import * as field from '../../requests/fields.ts';
import { closed } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { refuseItemsOverQuota } from '../create/metadata-limit.ts';
import { findServer } from '../read/find.ts';

const named = { name: field.name, metadata: Type.Optional(field.textMap) };
const imageSchema = closed({ createImage: closed(named) });
export const imageBody = () => imageSchema;

export async function createImage(call: Call<Static<typeof imageSchema>>): Promise<Reply> {
  const { name, metadata = {} } = call.body.createImage;
  return replyOf(call, await make(call, { name, metadata }));
}

const backupSchema = closed({
  createBackup: closed({
    ...named,
    backup_type: Type.String({ maxLength: 65_535 }),
    rotation: field.wholeNumber(0),
  }),
});
export const backupBody = () => backupSchema;

/** With a rotation of 0 no backup is kept, not even this one. */
export async function createBackup(call: Call<Static<typeof backupSchema>>): Promise<Reply> {
  const { name, metadata = {}, backup_type: type, rotation } = call.body.createBackup;
  const backup = { type, rotation: Number(rotation) };
  const id = await make(call, { name, metadata, backup });
  return backup.rotation === 0 && call.version < 45 ? {} : replyOf(call, id);
}

/** The limit of metadata counts before 2.39. */
async function make(call: Call, request: Omit<ImageRequest, 'requestId'>): Promise<string> {
  const { requestId, caller } = call;
  const server = await findServer(call);
  if (call.version < 39) await refuseItemsOverQuota(call, request.metadata);
  const name = request.name.trim();
  return call.context.workflows.createImage(caller, server, { ...request, name, requestId });
}

/** 2.45 replaced the header by a body. */
function replyOf({ version, base }: Call, id: string): Reply {
  if (version >= 45) return { body: { image_id: id } };
  return { headers: { location: `${base}/images/${id}` } };
}
