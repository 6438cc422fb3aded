/** The display and the serial console of a server, in the page. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { compute } from '../data/compute.ts';
import { Message } from '../parts/message.tsx';
import { Display } from './display.tsx';
import { oncePerFrame } from './once-per-frame.ts';
import { bytesOfKey, SerialText } from './serial-text.ts';

type Kind = { protocol: 'vnc'; type: 'novnc' } | { protocol: 'serial'; type: 'serial' };

async function consoleAddress(serverId: string, kind: Kind): Promise<string> {
  const reply = await compute<{ remote_console: { url: string } }>(
    `/servers/${serverId}/remote-consoles`,
    { body: { remote_console: kind } },
  );
  return reply.remote_console.url;
}

export function Consoles({ serverId }: { serverId: string }) {
  const [serial, setSerial] = useState('');
  const [display, setDisplay] = useState('');
  const [refusal, setRefusal] = useState('');
  const open = (kind: Kind, show: (url: string) => void) => () => {
    setRefusal('');
    consoleAddress(serverId, kind).then(show, (cause: unknown) => {
      setRefusal((cause as Error).message);
    });
  };
  return (
    <>
      <p class="buttons">
        <button type="button" onClick={open({ protocol: 'vnc', type: 'novnc' }, setDisplay)}>
          {display === '' ? 'Open the display here' : 'Open the display again'}
        </button>
        <button type="button" onClick={open({ protocol: 'serial', type: 'serial' }, setSerial)}>
          {serial === '' ? 'Open the serial console here' : 'Connect the serial console again'}
        </button>
      </p>
      <Message text={refusal} />
      {display !== '' && (
        <>
          {isOwn(display) && <Display key={display} address={display} />}
          <p>
            <a href={display} target="_blank" rel="noopener noreferrer">
              The display in a tab of its own
            </a>
            . Whoever has this address has the console, for ten minutes.
          </p>
        </>
      )}
      {serial !== '' && <Serial key={serial} url={serial} />}
    </>
  );
}

/** The policy of the page permits a connection to its own origin only. */
function isOwn(url: string): boolean {
  return new URL(url).host === location.host;
}

interface Shown {
  text: (text: string) => void;
  state: (state: string) => void;
}

/** What the guest sends is shown once for each picture of the browser. */
function connect(url: string, show: Shown): { connection: WebSocket; close: () => void } {
  const output = new SerialText();
  const render = oncePerFrame(() => show.text(output.text));
  const decoder = new TextDecoder();
  const connection = new WebSocket(url, ['binary']);
  connection.binaryType = 'arraybuffer';
  connection.addEventListener('open', () => show.state('Connected.'));
  connection.addEventListener('close', () => show.state('Closed. Connect again to continue.'));
  connection.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
    output.add(decoder.decode(data, { stream: true }));
    render.request();
  });
  const close = () => {
    connection.close();
    render.cancel();
  };
  return { connection, close };
}

function Serial({ url }: { url: string }) {
  const socket = useRef<WebSocket>(undefined);
  const output = useRef<HTMLPreElement>(null);
  const keys = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [state, setState] = useState('Connecting …');
  useEffect(() => {
    if (!isOwn(url)) return undefined;
    const { connection, close } = connect(url, { text: setText, state: setState });
    socket.current = connection;
    keys.current?.focus();
    return close;
  }, [url]);
  useEffect(() => {
    output.current?.scrollTo({ top: output.current.scrollHeight });
  }, [text]);
  if (!isOwn(url)) {
    return (
      <p>
        The consoles of this cloud are at another address, which this page may not connect to. Open
        it with a WebSocket client: <code class="break">{url}</code>
      </p>
    );
  }
  const send = (bytes: string) => {
    if (socket.current?.readyState === WebSocket.OPEN) {
      socket.current.send(new TextEncoder().encode(bytes));
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const bytes = bytesOfKey(event);
    if (bytes === undefined) return;
    event.preventDefault();
    send(bytes);
  };
  return (
    <div class="serial">
      <p role="status">{state}</p>
      <pre ref={output} role="log" aria-label="Serial console" tabIndex={0}>
        {text}
      </pre>
      <label class="field">
        <span>Type here: each key is sent at once, Tab leaves the field</span>
        <input
          ref={keys}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          onKeyDown={onKeyDown}
          onInput={(event) => {
            send(event.currentTarget.value);
            event.currentTarget.value = '';
          }}
        />
      </label>
    </div>
  );
}
