/**
 * `os-volume_attachments` of a cloud without a volume service: no server has one, and no volume
 * exists. Bodies are checked as Nova does before it looks for the volume. Source: Nova
 * `schemas/volume_attachment.py`.
 */
import { type Static, Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';
import * as field from '../../requests/fields.ts';
import { closed, keysIf } from '../../requests/json-schema.ts';
import { requireRule, targetOf } from '../../requests/permission.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';
import { refuseLocked } from '../create/locked.ts';

const device = Type.Union([
  Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^(?:/dev/)?x?[a-z]?d?[a-z]+[0-9]*$',
    rule: 'must be the name of a device, such as /dev/vdb',
  }),
  Type.Null(),
]);

/** Tags came in 2.49, and with 2.79 volumes that are deleted with their server. */
const newBody = (version: number) =>
  closed({
    volumeAttachment: closed({
      volumeId: field.uuid,
      device: Type.Optional(device),
      ...keysIf(version >= 49, { tag: Type.Optional(field.tag) }),
      ...keysIf(version >= 79, { delete_on_termination: Type.Optional(field.flag) }),
    }),
  });

/** From 2.85 on what GET shows may be sent back. */
const changedBody = (version: number) =>
  closed({
    volumeAttachment: closed({
      volumeId: field.uuid,
      ...keysIf(version >= 85, {
        id: Type.Optional(field.uuid),
        serverId: Type.Optional(field.uuid),
        device: Type.Optional(device),
        tag: Type.Optional(field.tag),
        delete_on_termination: Type.Optional(field.flag),
      }),
    }),
  });

const newBodies = { 1: newBody(1), 49: newBody(49), 79: newBody(79) };
const changedBodies = { 1: changedBody(1), 85: changedBody(85) };

export const newAttachmentBody = (version: number) => {
  if (version >= 79) return newBodies[79];
  return version >= 49 ? newBodies[49] : newBodies[1];
};

export const changedAttachmentBody = (version: number) =>
  version >= 85 ? changedBodies[85] : changedBodies[1];

export async function listAttachments(call: Call): Promise<Reply> {
  await findServer(call);
  return { body: { volumeAttachments: [] } };
}

export async function showAttachment(call: Call): Promise<Reply> {
  const { id } = await findServer(call);
  const volume = call.params['volume'] ?? '';
  throw new ComputeError('notFound', `Instance ${id} is not attached to volume ${volume}`);
}

export async function addAttachment(
  call: Call<Static<ReturnType<typeof newBody>>>,
): Promise<Reply> {
  return withoutVolume(call, call.body.volumeAttachment.volumeId);
}

/** Of a removal. */
export function removeAttachment(call: Call): Promise<Reply> {
  return withoutVolume(call, call.params['volume'] ?? '');
}

/** The volume in the path comes first. Another in the body swaps them, which has its own rule. */
export async function changeAttachment(
  call: Call<Static<ReturnType<typeof changedBody>>>,
): Promise<Reply> {
  const volume = call.params['volume'] ?? '';
  if (call.body.volumeAttachment.volumeId !== volume) {
    const server = await findServer(call);
    requireRule(call, 'os_compute_api:os-volumes-attachments:swap', targetOf(server));
  }
  return withoutVolume(call, volume);
}

async function withoutVolume(call: Call, volume: string): Promise<Reply> {
  refuseLocked(call, await findServer(call));
  throw new ComputeError('notFound', `Volume ${volume} could not be found.`);
}
