/**
 * Boots per second to ACTIVE on simulated hosts with the durable store, and the steps of one boot's
 * time.
 */
import { microversion } from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { type BootGround, bootServers, createPorts, prepareGround } from './boot-servers.ts';
import { printFigure } from './figure.ts';
import { startNovella } from './running-novella.ts';

const fleet = { hosts: 50, pfs: 2, vfs: 64 };
const warmUp = 20;
const serial = 100;
const parallel = 256;
const inFlight = 32;

/**
 * Prints `boots.serial_per_s`, `boots.inflight_32_per_s` and `boots.step_share`, a line per step.
 */
export async function boots(): Promise<void> {
  const novella = await startNovella(fleet);
  try {
    const ground = await prepareGround(await novella.login());
    await timeBoots(ground, warmUp, 1);
    const one = await timeBoots(ground, serial, 1);
    const details = { unit: 'boots/s', hosts: fleet.hosts };
    printFigure({
      figure: 'boots.serial_per_s',
      value: one.perSecond,
      ...details,
      servers: serial,
    });
    const many = await timeBoots(ground, parallel, inFlight);
    printFigure({
      figure: 'boots.inflight_32_per_s',
      value: many.perSecond,
      ...details,
      servers: parallel,
    });
    for (const [step, value] of await stepShares(ground.session, one.servers)) {
      printFigure({ figure: 'boots.step_share', value, unit: 'ratio', step, servers: serial });
    }
  } finally {
    await novella.stop();
  }
}

async function timeBoots(
  ground: BootGround,
  count: number,
  inFlight: number,
): Promise<{ perSecond: number; servers: string[] }> {
  const ports = await createPorts(ground, count);
  const { results, seconds } = await bootServers(ground, ports, inFlight);
  return { perSecond: count / seconds, servers: results };
}

interface ActionView {
  action: string;
  request_id: string;
  start_time: string;
  events: { event: string; start_time: string; finish_time: string | null }[];
}

/**
 * Each step's part of the time from the acceptance of a boot to its last event; `between` is what
 * no event covers.
 */
async function stepShares(
  session: Session,
  servers: readonly string[],
): Promise<Map<string, number>> {
  const spent = new Map<string, number>();
  let whole = 0;
  let covered = 0;
  for (const server of servers) {
    const action = await createAction(session, server);
    const ends = action.events.map((event) => epochMs(event.finish_time ?? event.start_time));
    whole += Math.max(...ends) - epochMs(action.start_time);
    action.events.forEach((event, at) => {
      const took = (ends[at] ?? 0) - epochMs(event.start_time);
      spent.set(event.event, (spent.get(event.event) ?? 0) + took);
      covered += took;
    });
  }
  spent.set('between', whole - covered);
  return new Map([...spent].map(([step, took]) => [step, took / whole]));
}

async function createAction(session: Session, server: string): Promise<ActionView> {
  const get = <T>(path: string) => request<T>(session, { service: 'compute', path, microversion });
  const path = `/servers/${server}/os-instance-actions`;
  const { instanceActions } = await get<{ instanceActions: ActionView[] }>(path);
  const created = instanceActions.find((one) => one.action === 'create');
  if (created === undefined) throw new Error(`server ${server}: no create action`);
  const reply = await get<{ instanceAction: ActionView }>(`${path}/${created.request_id}`);
  return reply.instanceAction;
}

/** The API's times are UTC without a zone. */
function epochMs(time: string): number {
  return Date.parse(time.endsWith('Z') ? time : `${time}Z`);
}
