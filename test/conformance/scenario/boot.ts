/**
 * The step `boot` of a scenario: the product chooses, its choice is compared, and where the
 * recording chose another host the server goes there.
 */
import {
  createServer,
  deleteServer,
  type ServerView,
  showServer,
  waitForServerGone,
} from '#client/servers.ts';
import { type PollLimits, waitFor } from '#client/wait-for.ts';
import type { ExpectedStep, ScenarioStep } from './case.ts';
import type { World } from './world.ts';

/** How long a step of a scenario may take, and between two polls. */
export const patience: PollLimits = { limitMs: 20_000, pauseMs: 2, longestPauseMs: 50 };

/** How a boot ended. `validHosts`: those that passed every filter, by name. */
export interface BootOutcome {
  status: string;
  host: string | null;
  validHosts: string[];
}

/** A boot with what was recorded of it. */
export interface BootStep {
  step: ScenarioStep;
  expected: ExpectedStep;
}

/**
 * Boots these servers at the same time (one, unless a scheduler was stale). Refusals are thrown.
 * The valid hosts are those of the first decision, made before a host gets a command.
 */
export async function bootAll(world: World, boots: readonly BootStep[]): Promise<BootOutcome[]> {
  const outcomes = await bootOnce(world, boots, ({ step }) => step.host);
  const isElsewhere = boots.some(
    ({ expected }, at) =>
      expected.reference_host !== undefined &&
      outcomes[at]?.host !== expected.reference_host &&
      outcomes[at]?.validHosts.includes(expected.reference_host),
  );
  if (!isElsewhere) return outcomes;
  for (const { step } of boots) await removeServer(world, step.server ?? '');
  const again = await bootOnce(world, boots, ({ expected }) => expected.reference_host);
  return again.map((outcome, at) => ({
    ...outcome,
    validHosts: outcomes[at]?.validHosts ?? [],
  }));
}

async function bootOnce(
  world: World,
  boots: readonly BootStep[],
  hostOf: (boot: BootStep) => string | undefined,
): Promise<BootOutcome[]> {
  const ids: string[] = [];
  for (const boot of boots) ids.push(await create(world, boot.step, hostOf(boot)));
  const outcomes: BootOutcome[] = [];
  for (const id of ids) outcomes.push(await outcomeOf(world, id));
  return outcomes;
}

async function create(world: World, step: ScenarioStep, host: string | undefined): Promise<string> {
  const ports = (step.ports ?? []).map((name) => ({ port: world.ports.get(name) }));
  const id = await createServer(world.session, {
    name: step.server,
    flavorRef: await flavorOf(world, step.flavor),
    imageRef: world.imageId,
    networks: ports.length === 0 ? 'none' : ports,
    ...(host !== undefined && { availability_zone: `nova:${host}` }),
  });
  world.servers.set(step.server ?? '', id);
  return id;
}

/**
 * The smallest flavor, or a new one with these extra specs; of two vcpus, so that they can be
 * spread over two NUMA nodes.
 */
async function flavorOf(world: World, request: ScenarioStep['flavor']): Promise<string> {
  if (request === undefined) return '1';
  const { flavor } = await world.ask<{ flavor: { id: string } }>({
    service: 'compute',
    path: '/flavors',
    method: 'POST',
    body: {
      flavor: {
        name: `flavor-${crypto.randomUUID()}`,
        vcpus: request.vcpus ?? 2,
        ram: request.memory_mb ?? 512,
        disk: 1,
      },
    },
  });
  if (request.extra_specs !== undefined && Object.keys(request.extra_specs).length > 0) {
    await world.ask({
      service: 'compute',
      path: `/flavors/${flavor.id}/os-extra_specs`,
      method: 'POST',
      body: { extra_specs: request.extra_specs },
    });
  }
  return flavor.id;
}

/** A flavor to resize to: with these extra specs, and never the one that servers have. */
export function otherFlavor(world: World, request: ScenarioStep['flavor']): Promise<string> {
  return flavorOf(world, request ?? {});
}

interface Explained {
  decisions: {
    candidates: { host: string }[];
    rejections: { host: string; filter: string }[];
  }[];
}

async function outcomeOf(world: World, id: string): Promise<BootOutcome> {
  const server = await settled(world, id);
  const { decisions } = await world.ask<Explained>({
    service: 'operator',
    path: `/servers/${id}/explain`,
  });
  const [first] = decisions;
  const refused = new Set(first?.rejections.map(({ host }) => host));
  const validHosts = (first?.candidates ?? []).map(({ host }) => host);
  return {
    status: server.status,
    host: server['OS-EXT-SRV-ATTR:host'],
    validHosts: validHosts.filter((host) => !refused.has(host)).toSorted(),
  };
}

/** The server once no task is running. Throws when that takes too long. */
export function settled({ session }: World, id: string): Promise<ServerView> {
  const poll = async () => {
    const server = await showServer(session, id);
    const isSettled = server['OS-EXT-STS:task_state'] === null && server.status !== 'BUILD';
    return { done: isSettled, value: server };
  };
  return waitFor(`server ${id} to settle`, poll, patience);
}

/** Deletes a server and waits until it is deleted. */
export async function removeServer(world: World, name: string): Promise<void> {
  const id = world.servers.get(name) ?? '';
  await deleteServer(world.session, id);
  await waitForServerGone(world.session, id, patience);
  world.servers.delete(name);
}
