/**
 * `GET /servers/detail` with 1,000 servers, of the real Nova and of Novella in turns, both beside
 * the same Keystone and Neutron. Needs root and apt.
 */
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { openSession, type Session } from '#client/session/session.ts';
import { startOpenStack } from '../test/openstack/environment/openstack.ts';
import { bootServers, createPorts, prepareGround } from './boot-servers.ts';
import { copyServer } from './many-servers.ts';
import { type RunningNova, startNova } from './nova-api.ts';
import { openstackSection, uploadTinyImage } from './openstack.ts';
import { printFigure } from './figure.ts';
import { cpuSeconds } from './process-tree.ts';
import { printTimes } from './response-times.ts';
import { startNovella } from './running-novella.ts';
import { median } from './statistics.ts';

const servers = 1_000;
const requests = 20;
const warmUp = 2;
const microversion = '2.79';

/**
 * Prints for each `nova_list.response_ms`, the median with p99, and `nova_list.cpu_ms`, the processor
 * time of the process that answers.
 */
export async function novaList(): Promise<void> {
  const cloud = await startOpenStack();
  const novella = await startNovella({ hosts: 100, pfs: 1, vfs: 32 }, openstackSection(cloud));
  let nova: RunningNova | undefined;
  try {
    cloud.agent('host-0001', { physnet1: ['pf'] });
    await cloud.register('compute', novella.computeUrl);
    await uploadTinyImage(cloud);
    const session = await openSession(readCloud(cloud.cloudsYaml, 'admin'));
    const ground = await prepareGround(session);
    const { results } = await bootServers(ground, await createPorts(ground, 1), 1);
    copyServer(novella.databaseFile, results[0] ?? '', servers - 1);
    nova = await startNova(cloud, { servers, project: session.projectId });
    const sides: Side[] = [
      { name: `Nova ${nova.version}`, url: nova.computeUrl, pid: nova.pid, lists: [] },
      { name: 'Novella', url: novella.computeUrl, pid: novella.pid, lists: [] },
    ];
    for (let at = -warmUp; at < requests; at += 1) {
      for (const side of sides) {
        const list = await getList(session, side);
        if (at >= 0) side.lists.push(list);
      }
    }
    for (const side of sides) print(side);
  } finally {
    await nova?.stop();
    await novella.stop();
    await cloud.stop();
  }
}

interface Side {
  name: string;
  url: string;
  pid: number;
  lists: List[];
}

/** `ms` until all of it is here; `cpuMs` of the process that answers; `kib` of the answer. */
interface List {
  ms: number;
  cpuMs: number;
  kib: number;
}

async function getList({ token }: Session, { url, pid }: Side): Promise<List> {
  const headers = { 'x-auth-token': token, 'openstack-api-version': `compute ${microversion}` };
  const before = cpuSeconds(pid);
  const began = performance.now();
  const reply = await fetch(`${url}/servers/detail?limit=${servers}`, { headers });
  const text = await reply.text();
  const ms = performance.now() - began;
  const found = reply.ok ? (JSON.parse(text) as { servers: unknown[] }).servers.length : 0;
  if (found !== servers) {
    throw new Error(`${url}: ${reply.status} with ${found} servers: ${text.slice(0, 500)}`);
  }
  return { ms, cpuMs: (cpuSeconds(pid) - before) * 1_000, kib: text.length / 1_024 };
}

function print({ name, lists }: Side): void {
  const details = { of: name, servers, kib: Math.round(lists[0]?.kib ?? 0) };
  printTimes('nova_list.response_ms', { times: lists.map(({ ms }) => ms) }, details);
  const cpuMs = median(lists.map((list) => list.cpuMs));
  printFigure({ figure: 'nova_list.cpu_ms', value: cpuMs, unit: 'ms', ...details });
}
