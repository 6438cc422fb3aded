/**
 * `os-server-password`: the password that a guest with Windows encrypts and reports to a metadata
 * service. Novella has none, so no server has a password to show or to clear. Source: Nova
 * `api/openstack/compute/server_password.py`.
 */
import type { Call, Reply } from '../../requests/route.ts';
import { findShownServer } from '../read/find.ts';

export async function showPassword(call: Call): Promise<Reply> {
  await findShownServer(call);
  return { body: { password: '' } };
}

export async function clearPassword(call: Call): Promise<Reply> {
  await findShownServer(call);
  return {};
}
