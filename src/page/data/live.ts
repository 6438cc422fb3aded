/**
 * Keeps the fleet of this page current. Of all open pages of a browser one reads the stream of
 * events and passes them on: over HTTP/1.1 a browser opens six connections to one origin. A hidden
 * page gives the stream up; when it is seen again it reads the fleet again.
 */
import { signal } from '@preact/signals';
import { readEvents, type StreamEvent } from './event-stream.ts';
import { applyEvents, forgetFleet, hosts, readFleet, streamPosition } from './fleet.ts';
import { pause } from './pause.ts';
import { Refusal } from './request.ts';
import { checkSession, readSession } from './session.ts';

/** `asOf`: epoch milliseconds at which the page was last known to be right; 0: never. */
export interface Connection {
  isLive: boolean;
  asOf: number;
  why: string;
}

export const connection = signal<Connection>({ isLive: false, asOf: 0, why: '' });

type Message =
  | { kind: 'events'; events: StreamEvent[] }
  | { kind: 'connection'; connection: Connection };

/** The controller sends something every 15 s. */
const silentMs = 40_000;
const renewMs = 300_000;
const pauses = [500, 1_000, 2_000, 5_000];

/** Until the returned function is called. */
export function keepLive(): () => void {
  const ended = new AbortController();
  const channel = new BroadcastChannel('novella-fleet');
  let visible = new AbortController();
  let receivedAt = Date.now();

  const show = (now: Connection) => {
    receivedAt = Date.now();
    connection.value = now;
  };
  const readAgain = (stop: AbortSignal) =>
    readFleet(stop).then(
      () => show({ isLive: true, asOf: Date.now(), why: '' }),
      failed(stop, show),
    );

  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'connection') return show(data.connection);
    show({ isLive: true, asOf: Date.now(), why: '' });
    if (applyEvents(data.events)) void readAgain(visible.signal);
    return undefined;
  });

  const lead = (stop: AbortSignal) =>
    readOn({
      stop,
      send: (events) => channel.postMessage({ kind: 'events', events } satisfies Message),
      show(now) {
        show(now);
        channel.postMessage({ kind: 'connection', connection: now } satisfies Message);
      },
    });

  const begin = () => {
    visible = new AbortController();
    const stop = AbortSignal.any([visible.signal, ended.signal]);
    const first = readAgain(stop);
    navigator.locks
      .request('novella-fleet', { signal: stop }, () => first.then(() => lead(stop)))
      .catch(() => undefined);
  };
  const onVisibility = () => {
    visible.abort();
    if (document.visibilityState === 'visible') begin();
  };
  // A machine that slept has missed its timers, and its connection may be lost without notice.
  let tickedAt = Date.now();
  const tick = setInterval(() => {
    const now = Date.now();
    const hasSlept = now - tickedAt > silentMs / 2;
    tickedAt = now;
    if (document.visibilityState !== 'visible') return;
    if (hasSlept || now - receivedAt > silentMs) {
      connection.value = { ...connection.value, isLive: false };
      receivedAt = now;
      onVisibility();
    }
  }, 2_000);
  const renew = setInterval(() => {
    if (document.visibilityState === 'visible') readSession().catch(() => undefined);
  }, renewMs);

  document.addEventListener('visibilitychange', onVisibility);
  document.addEventListener('resume', onVisibility);
  if (document.visibilityState === 'visible') begin();
  return () => {
    ended.abort();
    clearInterval(tick);
    clearInterval(renew);
    document.removeEventListener('visibilitychange', onVisibility);
    document.removeEventListener('resume', onVisibility);
    channel.close();
    forgetFleet();
    connection.value = { isLive: false, asOf: 0, why: '' };
  };
}

interface Leading {
  stop: AbortSignal;
  send: (events: StreamEvent[]) => void;
  show: (now: Connection) => void;
}

/** Reads the stream, connects again where it ends, and passes on what it reads, until `stop`. */
async function readOn({ stop, send, show }: Leading): Promise<void> {
  let failures = 0;
  while (!stop.aborted) {
    try {
      if (hosts.value === undefined) await readFleet(stop);
      await readEvents(`/novella/v1/events?since=${streamPosition()}`, {
        signal: stop,
        onAlive() {
          failures = 0;
          show({ isLive: true, asOf: Date.now(), why: '' });
        },
        onEvents(events) {
          send(events);
          if (applyEvents(events)) readFleet(stop).catch(failed(stop, show));
        },
      });
    } catch (error) {
      failed(stop, show)(error);
    }
    if (stop.aborted) return;
    await pause(pauses[Math.min(failures, pauses.length - 1)] ?? 0, stop);
    failures += 1;
  }
}

function failed(stop: AbortSignal, show: (now: Connection) => void): (cause: unknown) => void {
  return (cause) => {
    if (stop.aborted) return;
    const why = cause instanceof Refusal ? cause.message : 'The connection was lost.';
    show({ ...connection.value, isLive: false, why });
    void checkSession(cause);
  };
}
