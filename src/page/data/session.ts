/** Who is signed in. */
import { signal } from '@preact/signals';
import type { PageSession, PageSessionReply } from '#client/shapes/page-session.ts';
import { fetchJson, Refusal } from './request.ts';

const url = '/ui/session';

/** undefined: not known yet; null: nobody. */
export const session = signal<PageSession | null | undefined>(undefined);

/** Why nobody is signed in any more, for the sign-in page. */
export const endedBecause = signal('');

/** Reads it again; also keeps it from ending while the page is in use. Throws a `Refusal`. */
export async function readSession(): Promise<void> {
  const before = session.value;
  const { session: now } = await fetchJson<PageSessionReply>(url);
  if (before != null && now === null) endedBecause.value = 'Your session has ended.';
  session.value = now;
}

export type Credentials =
  | {
      user: string;
      password: string;
      project: string;
      user_domain?: string;
      project_domain?: string;
    }
  | { application_credential_id: string; application_credential_secret: string };

/** Throws a `Refusal`. */
export async function signIn(credentials: Credentials): Promise<void> {
  const reply = await fetchJson<PageSessionReply>(url, { method: 'POST', body: credentials });
  endedBecause.value = '';
  session.value = reply.session;
}

/** Throws a `Refusal`. */
export async function signOut(): Promise<void> {
  await fetchJson(url, { method: 'DELETE' });
  session.value = null;
}

/** After a refused request: a session that has ended leads to the sign-in page. */
export async function checkSession(refused: unknown): Promise<void> {
  if (!(refused instanceof Refusal) || refused.status !== 401) return;
  await readSession().catch(() => undefined);
}
