/** Images for tests, uploaded to a cloud over its public API. */
import { request, send } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';

/** Creates an image with these bytes; its id. `requested`: the body of its creation. */
export async function uploadImage(
  session: Session,
  requested: Record<string, unknown>,
  content: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const made = { service: 'image', method: 'POST', path: '/v2/images', body: requested } as const;
  const { id } = await request<{ id: string }>(session, made);
  const headers = { 'content-type': 'application/octet-stream' };
  const upload = { service: 'image', method: 'PUT', path: `/v2/images/${id}/file` } as const;
  const { status } = await send(session, { ...upload, headers, content });
  if (status >= 300) {
    throw new Error(`image ${String(requested['name'])}: upload answered ${status}`);
  }
  return id;
}
