/**
 * A task row outlives the version that wrote it: it is read unchanged, or the error says why it
 * cannot be.
 */
import type { Selectable } from 'kysely';
import { expect, test } from 'vitest';
import type { TaskDataOf, TaskKind, TaskStepOf } from '#contracts/store/store.ts';
import type { Vif } from '#core/networking/vif.ts';
import { bootData } from '#test/worlds/store-rows.ts';
import type { TaskRow } from '../engine/tables.ts';
import { newTaskRow, readTask } from './task-row.ts';

const vif: Vif = {
  portId: 'p',
  macAddress: 'fa:16:3e:00:00:01',
  vnicType: 'direct',
  vifType: 'hw_veb',
  details: { vlan: '42' },
  profile: { pci_slot: '0000:81:00.1' },
  network: {
    id: 'n',
    name: 'red',
    mtu: null,
    bridge: null,
    subnets: [],
  },
  fixedIps: [{ subnetId: 's', ipAddress: '192.0.2.7' }],
  devName: 'tap6d0f5f54-9a',
  tag: null,
};

const nic = { networkId: 'n', fixedIp: null, portId: 'p', tag: null, pciRequestId: 'r' };
const profile = { trusted: 'true', capabilities: ['switchdev'] };
const devicePorts = {
  ports: [{ id: 'p', vnicType: 'direct', profile } as const],
  readAt: 1,
};

interface Kept<Kind extends TaskKind = TaskKind> {
  kind: Kind;
  step: TaskStepOf[Kind];
  data: TaskDataOf[Kind];
}
const kept = <Kind extends TaskKind>(
  kind: Kind,
  step: TaskStepOf[Kind],
  data: TaskDataOf[Kind],
): Kept<Kind> => ({ kind, step, data });

const whole: Kept[] = [
  kept('boot', 'schedule', bootData),
  kept('boot', 'wait-for-plug', {
    ...bootData,
    numa: { isPinned: true, cells: [{ vcpus: 2, memoryMib: 512 }] },
    hasWaited: true,
    failedHosts: [{ host: 'host-1', reason: 'no KVM' }],
    devicePorts,
    sameHost: ['s'],
    differentHost: [],
    startedAt: 5,
    unwired: ['p'],
    plug: { startedAt: 1, deadline: 2, looks: 0 },
  }),
  kept('boot', 'release', {
    ...bootData,
    tries: 2,
    hostIsSilent: true,
    failure: { message: 'no KVM', detail: '…', retry: true },
  }),
  kept('delete', 'delete-late-ports', {}),
  kept('delete', 'host-returned', { hostIsSilent: true, startedAt: 5, tries: 1 }),
  kept('act', 'host-answered', { act: 'rebuild', staysOff: true, startedAt: 5 }),
  kept('attach', 'claim', {
    nicId: 'x',
    nic,
    pciRequest: {
      requestId: 'r',
      count: 1,
      spec: [{ physical_network: 'physnet1', remote_managed: null }],
      needsInterface: true,
      aliasName: null,
      numaPolicy: 'required',
      requesterId: 'p',
    },
    devicePorts,
  }),
  kept('attach', 'detach-nic', {
    nicId: 'x',
    nic,
    pciRequest: null,
    failure: { message: 'no' },
    saidWhy: true,
  }),
  kept('detach', 'unbind-ports', { nicId: 'x', portIsGone: true }),
  kept('follow', 'follow', { state: 'gone', startedAt: 5 }),
  kept('follow-ports', 'host-answered', {
    moved: [{ nicId: 'x', before: vif, now: vif }],
    upTo: 7,
    needsHost: true,
    startedAt: 5,
  }),
];

const row = (change: Partial<TaskRow> = {}): Selectable<TaskRow> => {
  const task = { id: 't', serverId: 's', actionId: 'a', dueAt: 9 };
  const written = newTaskRow({ ...task, ...kept('boot', 'schedule', bootData) });
  return { version: 1, ...written, ...change } as Selectable<TaskRow>;
};

test.each(whole)('$kind at $step is read as written', ({ kind, step, data }) => {
  const task = readTask(row({ kind, step, data: JSON.stringify(data) }));
  expect(task).toEqual({
    id: 't',
    serverId: 's',
    actionId: 'a',
    epoch: 1,
    dueAt: 9,
    kind,
    step,
    data,
  });
});

const unreadable: { name: string; change: Partial<TaskRow>; why: string }[] = [
  { name: 'a newer version', change: { version: 2 } as never, why: 'its version is newer' },
  { name: 'an unknown workflow', change: { kind: 'migrate' }, why: 'it has no workflow migrate' },
  { name: 'an unknown step', change: { step: 'fly' }, why: 'boot has no step fly' },
  {
    name: 'the step of another workflow',
    change: { step: 'claim' },
    why: 'boot has no step claim',
  },
  { name: 'a name of every object', change: { kind: 'toString' }, why: 'no workflow toString' },
  { name: 'no JSON', change: { data: '{"attempt":' }, why: 'its data is not JSON' },
  { name: 'null', change: { data: 'null' }, why: 'data: must be object' },
  {
    name: 'a missing key',
    change: { data: JSON.stringify({ ...bootData, attempt: undefined }) },
    why: "data: required key 'attempt' is missing",
  },
  {
    name: 'a key of another type',
    change: { data: JSON.stringify({ ...bootData, attempt: '1' }) },
    why: 'data.attempt: must be integer',
  },
];

test.each(unreadable)(
  'a row with $name is not a task, and the error names both versions',
  ({ change, why }) => {
    const given = row(change);
    const task = readTask(given);
    const { kind, step, version } = given;
    expect(task).toMatchObject({ id: 't', serverId: 's', epoch: 1, kind, step });
    const problem = 'problem' in task ? task.problem : '';
    const versions = `was written in version ${version}, and this Novella reads version 1: `;
    expect(problem).toContain(`the task of this server (${kind}, step ${step}) ${versions}`);
    expect(problem).toContain(why);
  },
);

test('the readable part of an unreadable row is available to its undo', () => {
  expect(readTask(row({ kind: 'attach', step: 'fly', data: '{"nicId":"x"}' }))).toMatchObject({
    data: { nicId: 'x' },
  });
  expect(readTask(row({ data: '{' }))).toMatchObject({ data: null });
});
