/**
 * The display of a server. noVNC is loaded when it is opened, from the controller and as it is: an
 * optional package with a licence of its own (MPL 2.0), so it is no part of the page's files.
 */
import { useEffect, useRef, useState } from 'preact/hooks';

const consolePath = '/novella/v1/console';

/** What is used of noVNC. Source: its docs/API.md, 1.7. */
interface Rfb extends EventTarget {
  scaleViewport: boolean;
  focus(): void;
  disconnect(): void;
  sendCtrlAltDel(): void;
  sendKey(keysym: number, code: string, down: boolean): void;
}
type RfbClass = new (target: Element, url: string, options: { wsProtocols: string[] }) => Rfb;

/** The WebSocket behind the address of a console's page, at the host of this page. */
function socketOf(address: string): string {
  const path = new URL(address).searchParams.get('path') ?? '';
  const url = new URL(consolePath, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('token', new URLSearchParams(path.split('?')[1]).get('token') ?? '');
  return url.href;
}

const shift = { keysym: 0xffe1, code: 'ShiftLeft' };

/** `address`: of the console's page. */
export function Display({ address }: { address: string }) {
  const screen = useRef<HTMLDivElement>(null);
  const rfb = useRef<Rfb>(undefined);
  const back = useRef<HTMLButtonElement>(null);
  const [state, setState] = useState('Connecting …');
  useEffect(() => {
    const stop = new AbortController();
    const open = async () => {
      const file = `${consolePath}/novnc/core/rfb.js`;
      const { default: Rfb } = (await import(/* @vite-ignore */ file)) as { default: RfbClass };
      if (stop.signal.aborted || screen.current === null) return;
      const made = new Rfb(screen.current, socketOf(address), { wsProtocols: ['binary'] });
      made.scaleViewport = true;
      made.addEventListener('connect', () => {
        setState('Connected.');
        made.focus();
      });
      made.addEventListener('disconnect', () => setState('Closed. Open it again to continue.'));
      rfb.current = made;
      stop.signal.addEventListener('abort', () => made.disconnect());
    };
    open().catch(() =>
      setState('noVNC cannot be loaded: is @novnc/novnc installed on the controller?'),
    );
    return () => stop.abort();
  }, [address]);
  // The display takes all keys, so one must leave it.
  const onKeyDownCapture = (event: KeyboardEvent) => {
    if (event.key !== 'F12' || !event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    rfb.current?.sendKey(shift.keysym, shift.code, false);
    back.current?.focus();
  };
  return (
    <div class="display">
      <p role="status">{state}</p>
      <div
        class="screen"
        ref={screen}
        role="group"
        aria-label="Display"
        onKeyDownCapture={onKeyDownCapture}
      />
      <p class="buttons">
        <button type="button" ref={back} onClick={() => rfb.current?.focus()}>
          Type into the display
        </button>
        <button type="button" onClick={() => rfb.current?.sendCtrlAltDel()}>
          Send Ctrl+Alt+Delete
        </button>
        <span class="muted">Shift+F12 leaves the display.</span>
      </p>
    </div>
  );
}
