/** What a list would do on one host. */
import type { ChangeView, CheckView, EntryView, FunctionView } from '#client/shapes/pci-check.ts';
import type { ComponentChildren } from 'preact';
import { devicePath } from '../parts/host-path.ts';

/** Devices beyond are counted. */
const mostDevices = 64;

interface HostCheckProps {
  name: string;
  view: CheckView;
  isOnly: boolean;
}

export function HostCheck({ name, view, isOnly }: HostCheckProps) {
  const offered = view.functions.filter(({ entry }) => entry !== null).length;
  const not = view.functions.filter(({ entry }) => entry === null);
  return (
    <details class="host-check" open={isOnly}>
      <summary>
        <strong>{name}</strong> <span data-result={view.result}>{words[view.result]}</span>
        <span class="muted"> {changeText(view.change, offered)}</span>
      </summary>
      <div class="inside">
        <Entries entries={view.entries} />
        {view.change !== null && <Change host={name} change={view.change} />}
        {not.length > 0 && <NotOffered host={name} functions={not} />}
      </div>
    </details>
  );
}

const words = { fine: 'no problem', problems: 'problem', unsafe: 'unsafe' } as const;

/** Example: `9 offered: 9 kept, 4 of them with other tags; 1 lost`. */
function changeText(change: ChangeView | null, offered: number): string {
  if (change === null) return `${offered} offered`;
  const { appearing, lost, retagged, kept } = change;
  const parts = [
    `${kept} kept${retagged.length === 0 ? '' : `, ${retagged.length} of them with other tags`}`,
    ...(appearing.length === 0 ? [] : [`${appearing.length} new`]),
    ...(lost.length === 0 ? [] : [`${lost.length} lost`]),
  ];
  return `${offered} offered: ${parts.join('; ')}`;
}

function Entries({ entries }: { entries: readonly EntryView[] }) {
  if (entries.length === 0) return null;
  return (
    <div class="wide" role="region" aria-label="Entries" tabIndex={0}>
      <table class="entries">
        <thead>
          <tr>
            <th scope="col">Entry</th>
            <th scope="col" class="number">
              Matches
            </th>
            <th scope="col" class="number">
              Takes
            </th>
            <th scope="col">Finding</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((one) => (
            <tr key={one.entry}>
              <th scope="row" class="mono">
                {one.entry}: {JSON.stringify(one.device_spec)}
              </th>
              <td class="number">{one.matches}</td>
              <td class="number">{one.takes}</td>
              <td class="finding">
                {findingsOf(one).map(({ level, text }) => (
                  <div key={text} data-result={level === 'problem' ? 'unsafe' : 'problems'}>
                    {text}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What it leaves to entries before it, and what the check found. */
function findingsOf({ taken_before: before, findings }: EntryView) {
  const found = findings.map(({ level, message }) => ({
    level,
    text: `${level === 'problem' ? 'Problem' : 'Warning'}: ${message}`,
  }));
  const isShadowed = findings.some(({ code }) => code === 'shadowed');
  if (before.length === 0 || isShadowed) return found;
  const earlier = before.map(({ entry, count }) => `entry ${entry} takes ${count} of them`);
  const text = `Partly shadowed: ${earlier.join(', ')}`;
  return [{ level: 'note', text }, ...found];
}

const blocked = 'its PF or a VF of it is held';

const statusWords: Record<ChangeView['lost'][number]['status'], string> = {
  available: 'free',
  claimed: 'claimed',
  allocated: 'held',
  unclaimable: blocked,
  unavailable: blocked,
  missing: 'missing',
  removed: 'removed',
};

function Change({ host, change }: { host: string; change: ChangeView }) {
  const { lost, appearing, retagged } = change;
  return (
    <>
      {lost.length > 0 && (
        <List title="Lost" items={lost}>
          {({ address, status, instance_uuid: server }) => (
            <>
              <Device host={host} address={address} />
              {server === null ? (
                ` ${statusWords[status]}`
              ) : (
                <span data-result="unsafe">
                  {' '}
                  held by <a href={`/ui/servers/${server}`}>server {server}</a>
                </span>
              )}
            </>
          )}
        </List>
      )}
      {retagged.length > 0 && (
        <List title="With other tags" items={retagged}>
          {({ address, tags, safe, instance_uuid: server }) => (
            <>
              <Device host={host} address={address} />
              {Object.entries(tags).map(([tag, { from, to }]) => (
                <span key={tag}>
                  {' '}
                  {tag}: {from ?? 'none'} → {to ?? 'none'}
                </span>
              ))}
              {!safe && server !== null && (
                <span data-result="unsafe">
                  {' '}
                  unsafe: held by <a href={`/ui/servers/${server}`}>server {server}</a>
                </span>
              )}
            </>
          )}
        </List>
      )}
      {appearing.length > 0 && (
        <List title="New" items={appearing.map((address) => ({ address }))}>
          {({ address }) => <Device host={host} address={address} />}
        </List>
      )}
    </>
  );
}

function NotOffered({ host, functions }: { host: string; functions: readonly FunctionView[] }) {
  return (
    <List title="Offered by no entry" items={functions}>
      {({ address, vendor_id: vendor, product_id: product, nearest }) => (
        <>
          <Device host={host} address={address} /> {vendor}:{product}
          {nearest !== null &&
            `, nearest: entry ${nearest.entry}, which differs in ${nearest.failed.join(', ')}`}
        </>
      )}
    </List>
  );
}

interface ListProps<Item> {
  title: string;
  items: readonly Item[];
  children: (item: Item) => ComponentChildren;
}

function List<Item extends { address: string }>({ title, items, children }: ListProps<Item>) {
  const more = items.length - mostDevices;
  return (
    <section>
      <h3>
        {title} ({items.length.toLocaleString('en')})
      </h3>
      <ul class="devices">
        {items.slice(0, mostDevices).map((item) => (
          <li key={item.address}>{children(item)}</li>
        ))}
      </ul>
      {more > 0 && <p class="muted">And {more.toLocaleString('en')} more.</p>}
    </section>
  );
}

function Device({ host, address }: { host: string; address: string }) {
  return (
    <a class="mono" href={devicePath(host, address)}>
      {address}
    </a>
  );
}
