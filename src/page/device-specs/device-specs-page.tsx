/** A device list as it is written: what it would change, beside what is in force. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { hosts } from '../data/fleet.ts';
import { get, post } from '../data/request.ts';
import { Message } from '../parts/message.tsx';
import { usePolled } from '../parts/polled.ts';
import { useQuery } from '../parts/query.ts';
import { Checks } from './checks.tsx';
import { InForce } from './in-force.tsx';
import { entriesIn, printEntries } from './spec-text.ts';
import './device-specs.css';

/** Suggestions of the browser; other names can be typed. */
const mostNames = 100;

/** Longer lists are not in the address. */
const longestInAddress = 4_000;

export function DeviceSpecsPage() {
  const [query, setQuery] = useQuery();
  const { host = '', after = '' } = query;
  const names = (hosts.value ?? []).map(({ name }) => name);
  const shownHost = host === '' ? (names[0] ?? '') : host;
  const inForce = usePolled({
    key: shownHost,
    read: (signal) => get('/hosts/:name', { path: { name: shownHost }, signal }),
    everyMs: 10_000,
  });
  const specs = inForce.value?.host.name === shownHost ? inForce.value.device_specs : undefined;
  const present = specs == null ? '' : printEntries(specs.map((one) => one.device_spec));
  const [typed, setTyped] = useState(query['list']);
  const text = typed ?? present;
  useLater(typed, (list = '') => setQuery({ list: list.length > longestInAddress ? '' : list }));

  const entries = entriesIn(text);
  const body = { device_spec: entries, ...(host !== '' && { host }) };
  const checked = usePolled({
    key: text === '' ? '' : JSON.stringify({ body, after }),
    read: (signal) => post('/pci/check', { body, query: { marker: after }, signal }),
  });
  return (
    <>
      <div class="head">
        <h1>Device specs</h1>
        <p class="muted">What a list would offer to servers. Nothing is changed.</p>
      </div>
      <div class="editor">
        <div>
          <HostField
            host={host}
            names={names}
            onInput={(name) => setQuery({ host: name, after: '' })}
          />
          <label class="field">
            <span>Device list to try: JSON, or one entry a line, also from nova.conf</span>
            <textarea
              class="mono"
              spellcheck={false}
              rows={8}
              value={text}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
          {typed !== undefined && typed !== present && present !== '' && (
            <button type="button" onClick={() => setTyped(present)}>
              Start again from what is in force
            </button>
          )}
        </div>
        <InForce host={shownHost} specs={specs} refusal={inForce.refusal} />
      </div>
      <Message text={checked.refusal} />
      {text === '' && <p class="empty">Write an entry to see what it would offer.</p>}
      {checked.value !== undefined && checked.refusal === '' && text !== '' && (
        <Checks
          reply={checked.value}
          isFirst={after === ''}
          onPage={(marker) => setQuery({ after: marker })}
        />
      )}
    </>
  );
}

interface HostFieldProps {
  /** '': all. */
  host: string;
  names: readonly string[];
  onInput: (name: string) => void;
}

function HostField({ host, names, onInput }: HostFieldProps) {
  return (
    <>
      <label class="field scope">
        <span>Host (empty: all hosts)</span>
        <input
          type="search"
          list="host-names"
          value={host}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      </label>
      <datalist id="host-names">
        {names.slice(0, mostNames).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

const restMs = 400;

/** Once nothing has changed for a while: browsers refuse to change the address with each key. */
function useLater(value: string | undefined, act: (value: string | undefined) => void): void {
  // The address may have changed since.
  const newest = useRef(act);
  newest.current = act;
  useEffect(() => {
    if (value === undefined) return undefined;
    const timer = setTimeout(() => newest.current(value), restMs);
    return () => clearTimeout(timer);
  }, [value]);
}
