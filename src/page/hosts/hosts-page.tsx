/** All hosts with their resources, as the compute API counts them. */
import type { HostView } from '#client/shapes/hosts.ts';
import { hosts as fleet } from '../data/fleet.ts';
import { get } from '../data/request.ts';
import { useReply } from '../data/use-reply.ts';
import { ActionButtons } from '../host-actions/action-buttons.tsx';
import { enrolNew } from '../host-actions/host-actions.ts';
import { type Column, DataTable, sorted } from '../parts/data-table.tsx';
import { Choice } from '../parts/choice.tsx';
import { hostPath } from '../parts/host-path.ts';
import { useQuery } from '../parts/query.ts';
import { Reading } from '../parts/reading.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { dayTime } from '../parts/time.ts';

const columns: readonly Column<HostView>[] = [
  {
    label: 'Host',
    sort: 'name',
    cell: ({ name }) => (
      <a href={hostPath(name)} title={name}>
        {name}
      </a>
    ),
  },
  { label: 'State', sort: 'state', cell: (host) => <span class="word">{stateText(host)}</span> },
  { label: 'Guests', sort: 'guests', isNumber: true, cell: (host) => host.running_guests },
  {
    label: 'vCPUs used',
    sort: 'vcpus',
    isNumber: true,
    cell: (host) => <Used used={host.vcpus_used} of={host.vcpus} />,
  },
  {
    label: 'Memory used, GiB',
    sort: 'memory',
    isNumber: true,
    cell: (host) => <Used used={gib(host.memory_mb_used)} of={gib(host.memory_mb)} />,
  },
  {
    label: 'Disk used, GiB',
    sort: 'disk',
    isNumber: true,
    cell: (host) => <Used used={host.disk_gb_used} of={host.disk_gb} />,
  },
  { label: 'Devices free', sort: 'devices', isNumber: true, cell: (host) => host.devices_free },
  { label: 'Zone', sort: 'zone', cell: (host) => host.availability_zone },
  { label: 'Address', cell: (host) => host.host_ip },
  {
    label: 'Last seen',
    cell: ({ state, last_seen_at: at }) => (state === 'up' || at === null ? '' : dayTime(at)),
  },
  { label: 'Problems', cell: ({ problems }) => problems.map(({ message }) => message).join('; ') },
];

const share = (used: number, of: number) => (of === 0 ? 0 : -used / of);

const keys: Record<string, (host: HostView) => number | string> = {
  name: ({ name }) => name,
  state: (host) => ['down', 'forced down', 'problem', 'disabled', 'up'].indexOf(standing(host)),
  guests: (host) => -host.running_guests,
  vcpus: (host) => share(host.vcpus_used, host.vcpus),
  memory: (host) => share(host.memory_mb_used, host.memory_mb),
  disk: (host) => share(host.disk_gb_used, host.disk_gb),
  devices: (host) => -host.devices_free,
  zone: (host) => host.availability_zone,
};

export function HostsPage() {
  const [query, setQuery] = useQuery();
  const { q = '', show = '', sort = '' } = query;
  const { reply: all, refusal } = useReply('hosts', fleet.value, readHosts);
  const shown = all?.filter((host) => {
    const isNamed = host.name.toLowerCase().includes(q.toLowerCase());
    return isNamed && (show === '' || standing(host) !== 'up');
  });
  return (
    <>
      <div class="head">
        <h1>Hosts</h1>
        {all !== undefined && <p class="muted">{all.length.toLocaleString('en')} in all</p>}
      </div>
      <ActionButtons actions={[enrolNew]} onDone={() => undefined} />
      {shown === undefined || refusal !== undefined ? (
        <Reading what="the hosts" refusal={refusal} />
      ) : null}
      {shown !== undefined && (
        <>
          <search class="filters">
            <SearchField
              label="Name contains"
              value={q}
              onInput={(value) => setQuery({ q: value })}
            />
            <Choice
              label="Show"
              value={show}
              options={[
                ['', 'All hosts'],
                ['problem', 'Down, disabled or with problems'],
              ]}
              onChoose={(value) => setQuery({ show: value })}
            />
          </search>
          {shown.length === 0 ? (
            <p class="empty">
              {all?.length === 0 ? 'No host has reported yet.' : 'No host matches.'}
            </p>
          ) : (
            <DataTable
              label="Hosts with their resources"
              columns={columns}
              rows={sorted(shown, sort, keys)}
              keyOf={({ name }) => name}
              standingOf={standing}
              sort={sort === '' ? 'name' : sort}
              onSort={(by) => setQuery({ sort: by === 'name' ? '' : by })}
            />
          )}
        </>
      )}
    </>
  );
}

/** All pages; the fleet has thousands of hosts at most. */
async function readHosts(signal: AbortSignal): Promise<HostView[]> {
  const all: HostView[] = [];
  for (;;) {
    const marker = all.at(-1)?.name;
    const { hosts, hosts_links: more } = await get('/hosts', {
      query: { limit: '1000', marker },
      signal,
    });
    all.push(...hosts);
    if (more === undefined) return all;
  }
}

function standing(host: HostView): string {
  if (host.forced_down) return 'forced down';
  if (host.state === 'down') return 'down';
  if (host.problems.length > 0) return 'problem';
  return host.status === 'disabled' ? 'disabled' : 'up';
}

function stateText(host: HostView): string {
  const word = standing(host);
  const shown = word === 'problem' ? 'up, problem' : word;
  return host.status === 'disabled' && word !== 'disabled' ? `${shown}, disabled` : shown;
}

function Used({ used, of }: { used: number; of: number }) {
  return (
    <>
      {used.toLocaleString('en')}
      <small> of {of.toLocaleString('en')}</small>
    </>
  );
}

function gib(mib: number): number {
  return Math.round(mib / 1024);
}
