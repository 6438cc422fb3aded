/** What a controller notifies to others: JSON in the payload of a NOTIFY. */
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ControllerMessage } from '#contracts/controller-post.ts';
import type { WakeupTopic } from '#contracts/wakeup.ts';

/** PostgreSQL refuses 8000 bytes. */
export const mostBytes = 7_900;

/** `from`: the controller. */
export interface Notification {
  from: string;
  topics: WakeupTopic[];
  message?: ControllerMessage;
}

const id = Type.String();
const request = Type.Object({
  id,
  act: Type.Enum(['find', 'open']),
  guestId: id,
  kind: Type.String(),
  at: Type.Optional(Type.String()),
});
const place = Type.Union([Type.Null(), Type.Object({})]);
const answer = Type.Union([
  Type.Object({ id, place }),
  Type.Object({ id, problem: Type.String(), isConflict: Type.Boolean() }),
]);
const notification = Compile(
  Type.Object({
    from: id,
    topics: Type.Array(Type.String()),
    message: Type.Optional(
      Type.Union([
        Type.Object({ type: Type.Literal('console'), hostId: id, request }),
        Type.Object({ type: Type.Literal('console-answer'), host: Type.String(), answer }),
        Type.Object({ type: Type.Literal('cache-image'), hostId: id, imageId: id }),
      ]),
    ),
  }),
);

/** Undefined: the payload is not of a controller. */
export function readNotification(payload: string): Notification | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    return notification.Check(value) ? (value as Notification) : undefined;
  } catch {
    return undefined;
  }
}

/** The payloads that wake others for these topics, none of them too long. */
export function topicNotifications(from: string, topics: Iterable<WakeupTopic>): string[] {
  const payloads: string[] = [];
  let some: WakeupTopic[] = [];
  let bytes = 0;
  for (const topic of topics) {
    const more = JSON.stringify(topic).length + 1;
    if (bytes + more > mostBytes - 100) {
      payloads.push(JSON.stringify({ from, topics: some } satisfies Notification));
      some = [];
      bytes = 0;
    }
    some.push(topic);
    bytes += more;
  }
  if (some.length > 0) payloads.push(JSON.stringify({ from, topics: some } satisfies Notification));
  return payloads;
}
