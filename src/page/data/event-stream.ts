/**
 * Reads a stream of server-sent events with `fetch`: unlike `EventSource` it shows why it was
 * refused, and the comments by which a silent connection differs from a lost one. Source: the HTML
 * standard, 9.2.6 "Interpreting an event stream".
 */
import { refusalOf, send } from './request.ts';

export interface StreamEvent {
  /** '' where it has none. */
  id: string;
  type: string;
  data: string;
}

interface Reading {
  onEvents: (events: StreamEvent[]) => void;
  /** Anything has arrived, be it a comment. */
  onAlive: () => void;
  signal: AbortSignal;
}

/** Resolves when the controller ends the stream. Throws a `Refusal`, or when it is cut off. */
export async function readEvents(url: string, reading: Reading): Promise<void> {
  const { onEvents, onAlive, signal } = reading;
  const answer = await send(url, { headers: { accept: 'text/event-stream' }, signal });
  if (!answer.ok || answer.body === null) throw await refusalOf(answer);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onAlive();
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    const events = blocks.map(eventIn).filter(({ type }) => type !== '');
    if (events.length > 0) onEvents(events);
  }
}

function eventIn(block: string): StreamEvent {
  const event = { id: '', type: '', data: '' };
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === 'id') event.id = value;
    if (name === 'event') event.type = value;
    if (name === 'data') event.data += value;
  }
  return event;
}
