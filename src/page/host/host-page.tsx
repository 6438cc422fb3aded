/** One host: its resources and problems, its devices as a tree, and one of them beside it. */
import { useComputed } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso/router';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import { hosts } from '../data/fleet.ts';
import { get } from '../data/request.ts';
import { useReply } from '../data/use-reply.ts';
import { countsOf } from '../fleet/host-counts.ts';
import { ActionButtons } from '../host-actions/action-buttons.tsx';
import { actionsOf } from '../host-actions/host-actions.ts';
import { Figure, Figures } from '../parts/figures.tsx';
import { devicePath, hostPath } from '../parts/host-path.ts';
import { Reading } from '../parts/reading.tsx';
import { dayTime } from '../parts/time.ts';
import { DevicePanel } from './device-panel.tsx';
import { DeviceTree } from './device-tree.tsx';
import { Legend } from '../parts/legend.tsx';
import { functionsOf } from './tree-functions.ts';
import './host.css';

type HostTree = OperatorReply<'GET /hosts/:name'>;

export function HostPage() {
  const { params } = useRoute();
  const { name = '', address = '' } = params;
  const { route } = useLocation();
  const inFleet = useComputed(() => hosts.value?.find((host) => host.name === name)).value;
  const [acts, setActs] = useState(0);
  const version = useMemo(() => ({}), [inFleet, acts]);
  const { reply, refusal } = useReply(name, version, (signal) =>
    get('/hosts/:name', { path: { name }, signal }),
  );
  const { reply: enrolments } = useReply(`enrolment of ${name}`, version, (signal) =>
    get('/hosts/enrolments', { query: { host: name }, signal }),
  );
  if (reply === undefined) {
    return (
      <>
        <Crumbs name={name} />
        <Reading what="the host" refusal={refusal} />
      </>
    );
  }
  const select = (chosen: string) => route(devicePath(name, chosen), address !== '');
  return (
    <>
      <Crumbs name={name} />
      <Standing tree={reply} />
      {refusal !== undefined && <Reading what="" refusal={refusal} />}
      {enrolments !== undefined && (
        <ActionButtons
          actions={actionsOf(reply.host, enrolments.enrolments[0])}
          onDone={({ removes }) => (removes === true ? route('/ui/hosts') : setActs(acts + 1))}
        />
      )}
      <HostFigures tree={reply} counts={inFleet && countsOf(inFleet)} />
      <Problems tree={reply} />
      <div class="host-parts" data-selected={address !== ''}>
        <section>
          <h2>Devices</h2>
          {functionsOf(reply).length === 0 ? (
            <p class="empty">The host reports no PCI device that it offers, and no PF or VF.</p>
          ) : (
            <>
              <DeviceTree host={name} tree={reply} selected={address} onSelect={select} />
              <Legend />
            </>
          )}
        </section>
        {address !== '' && (
          <DevicePanel
            host={name}
            address={address}
            version={version}
            known={functionsOf(reply).find((fn) => fn.address === address)}
            onClose={() => route(hostPath(name))}
          />
        )}
      </div>
      <DeviceSpecs tree={reply} />
    </>
  );
}

function Crumbs({ name }: { name: string }) {
  return (
    <div class="head">
      <h1 class="name">{name}</h1>
    </div>
  );
}

function Standing({ tree: { host, physical_networks: networks } }: { tree: HostTree }) {
  const state = host.forced_down ? 'forced down' : host.state;
  return (
    <p class="standing-line">
      <strong class={host.state === 'up' ? undefined : 'alarm'}>{state}</strong>
      {host.status === 'disabled' && (
        <strong>disabled{host.disabled_reason === null ? '' : `: ${host.disabled_reason}`}</strong>
      )}
      <span>zone {host.availability_zone}</span>
      {host.state !== 'up' && host.last_seen_at !== null && (
        <span>last seen {dayTime(host.last_seen_at)}</span>
      )}
      <span>{host.hypervisor_type}</span>
      <span>{host.host_ip}</span>
      {networks.length > 0 && <span>physical networks {networks.join(', ')}</span>}
    </p>
  );
}

interface HostFiguresProps {
  tree: HostTree;
  counts: ReturnType<typeof countsOf> | undefined;
}

function HostFigures({ tree: { host }, counts }: HostFiguresProps) {
  return (
    <Figures>
      {counts !== undefined && (
        <>
          <Figure label="VFs free" value={counts.free} of={counts.devices} />
          <Figure label="VFs held" value={counts.held + counts.claimed} of={counts.devices} />
          <Figure
            label="cannot be given"
            value={counts.unusable}
            of={counts.devices}
            isBad={counts.bad + counts.odd > 0}
          />
        </>
      )}
      <Figure label="guests running" value={host.running_guests} />
      <Figure label="vCPUs used" value={host.vcpus_used} of={host.vcpus} />
      <Figure
        label="memory used"
        value={inGib(host.memory_mb_used)}
        of={inGib(host.memory_mb)}
        unit="GiB"
      />
      <Figure label="disk used" value={host.disk_gb_used} of={host.disk_gb} unit="GiB" />
    </Figures>
  );
}

function inGib(mib: number): number {
  return Math.round(mib / 102.4) / 10;
}

const blocked = {
  all: 'No new server is placed here.',
  passthrough: 'No server with a device is placed here.',
  none: 'Servers are placed here all the same.',
} as const;

function Problems({ tree: { host } }: { tree: HostTree }) {
  if (host.problems.length === 0) return null;
  return (
    <section class="problems">
      <h2>Problems</h2>
      <ul>
        {host.problems.map(({ code, message, blocks }) => (
          <li key={code + message} class="message">
            <p>{message}</p>
            <p class="muted">
              {blocked[blocks]} Code: <code>{code}</code>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function DeviceSpecs({ tree }: { tree: HostTree }) {
  const { device_specs: specs } = tree;
  const all = functionsOf(tree).length;
  return (
    <section>
      <h2>Device specs in force</h2>
      {specs === null ? (
        <p class="muted">The host has not reported them since this controller started.</p>
      ) : (
        <div class="wide" role="region" aria-label="Device specs in force" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">
                  Entry
                </th>
                <th scope="col" class="number">
                  Admits
                </th>
                <th scope="col">Device spec</th>
                <th scope="col">From</th>
              </tr>
            </thead>
            <tbody>
              {specs.map(({ entry, source, device_spec: spec, admits }) => (
                <tr key={entry}>
                  <td class="number">{entry}</td>
                  <td class={admits === 0 ? 'number alarm' : 'number'}>
                    {admits}
                    <small> of {all}</small>
                  </td>
                  <td>
                    <code>{JSON.stringify(spec)}</code>
                  </td>
                  <td>{source}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
