/** The stream of changes of hosts, as server-sent events. */
import { ComputeError } from '#core/errors.ts';
import { eventStreamHeaders } from '#http/event-stream.ts';
import { queryValue } from '#http/routes/query.ts';
import { namesOf, refusedBy } from '../../requests/permission.ts';
import type { Call, Reply } from '../../requests/route.ts';

export const eventsQuery = ['since'];

/**
 * From the change that `Last-Event-ID` or `?since=` names on. While it is open, token and role are
 * checked again. Throws `invalid` for a `since` that is no number, `tooManyRequests`.
 */
export async function streamEvents(call: Call): Promise<Reply> {
  const since = sinceOf(call);
  const headers = { ...eventStreamHeaders };
  if (call.request.method === 'HEAD') return { headers };
  const { userId, token } = call.caller;
  const body = await call.context.events.open({
    since,
    userId,
    token,
    check: () => checkAgain(call),
  });
  return { body, headers };
}

/** What a client read last is in the header: it connects again with the URL of its first time. */
function sinceOf({ query, request }: Call): number | undefined {
  const { 'last-event-id': last } = request.headers;
  if (typeof last === 'string' && last !== '') return isNumber(last) ? Number(last) : -1;
  const since = queryValue(query, 'since');
  if (since === undefined || isNumber(since)) return since === undefined ? since : Number(since);
  throw new ComputeError(
    'invalid',
    `Invalid input for query parameters since. Value: ${since}. must be the number of a change, from GET /fleet`,
  );
}

function isNumber(text: string): boolean {
  return /^\d{1,16}$/.test(text);
}

async function checkAgain({ context, request, rule }: Call): Promise<void> {
  const known = await context.identity.validate(String(request.headers['x-auth-token']));
  const policy = context.policy();
  const caller = { ...known, isAdmin: policy.isAdmin(known) };
  const names = namesOf(rule);
  if (!names.some((name) => policy.mayAllow(name, caller))) throw refusedBy(names[0] ?? '');
}
