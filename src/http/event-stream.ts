/** One stream of server-sent events. Source: the HTML standard, 9.2 "Server-sent events". */
import { Readable } from 'node:stream';

/** `data`: of one line. */
export interface ServerEvent {
  id?: number;
  type: string;
  data: string;
}

/** Headers of the reply; the last one is for nginx, which otherwise keeps back what it forwards. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

/**
 * Events for one client, sent at the client's pace. A client that leaves more than `backlogBytes`
 * unread is disconnected: it connects again, and continues where it was.
 */
export class EventStream {
  /** The reply's body. */
  readonly body: Readable;
  readonly #backlogBytes: number;

  constructor({ backlogBytes, onClose }: { backlogBytes: number; onClose: () => void }) {
    this.#backlogBytes = backlogBytes;
    this.body = new Readable({ read: () => undefined });
    this.body.once('close', onClose);
    // Read by the reply; a client that disconnects is no error.
    this.body.on('error', () => undefined);
  }

  get isOpen(): boolean {
    return !this.body.destroyed && !this.body.readableEnded;
  }

  send(events: readonly ServerEvent[]): void {
    if (events.length > 0) this.#write(events.map(textOf).join(''));
  }

  /** Nothing for the reader: it keeps proxies from closing an idle connection. */
  comment(): void {
    this.#write(':\n\n');
  }

  /** Milliseconds after which a client whose connection is lost connects again. */
  retryAfter(milliseconds: number): void {
    this.#write(`retry: ${milliseconds}\n\n`);
  }

  /** What was sent before still arrives. */
  end(): void {
    if (this.isOpen) this.body.push(null);
  }

  #write(text: string): void {
    if (!this.isOpen) return;
    this.body.push(text);
    if (this.body.readableLength > this.#backlogBytes) this.body.destroy();
  }
}

function textOf({ id, type, data }: ServerEvent): string {
  const identity = id === undefined ? '' : `id: ${id}\n`;
  return `${identity}event: ${type}\ndata: ${data}\n\n`;
}
