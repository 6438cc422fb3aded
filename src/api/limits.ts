/** `GET /limits`: what a project uses. Quotas are not kept, so what they would bound reads -1, Nova's word for no limit. */
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { type StepDown, steppedDown } from './microversions.ts';
import { queryValue } from './paging.ts';
import type { Call, Reply } from './route.ts';
import { mostMetadataItems } from './servers/metadata-limit.ts';

const unlimited = -1;

const steps: StepDown<unknown>[] = [
  { below: 57, undo: (view) => Object.assign(view, { maxPersonality: 0, maxPersonalitySize: 0 }) },
  { below: 39, undo: (view) => Object.assign(view, { maxImageMeta: mostMetadataItems }) },
  {
    below: 36,
    undo: (view) =>
      Object.assign(view, {
        maxSecurityGroups: unlimited,
        maxSecurityGroupRules: unlimited,
        maxTotalFloatingIps: unlimited,
        totalFloatingIpsUsed: 0,
        totalSecurityGroupsUsed: 0,
      }),
  },
];

export const limitsQuery = ['reserved', 'tenant_id'] as const;

export async function showLimits(call: Call): Promise<Reply> {
  const projectId = queryValue(call.query, 'tenant_id') ?? call.caller.projectId;
  if (projectId !== call.caller.projectId && !allows('admin', call.caller)) {
    throw new ComputeError(
      'forbidden',
      "Policy doesn't allow the limits of another project to be shown: it needs the role admin.",
    );
  }
  const { store } = call.context;
  const servers = await store.servers.list({ projectId });
  const groups = await store.serverGroups.list({ projectId });
  const sum = (read: (server: (typeof servers)[number]) => number) =>
    servers.reduce((total, server) => total + read(server), 0);
  const absolute = {
    maxTotalInstances: unlimited,
    maxTotalCores: unlimited,
    maxTotalRAMSize: unlimited,
    maxServerMeta: mostMetadataItems,
    maxTotalKeypairs: 0,
    maxServerGroups: unlimited,
    maxServerGroupMembers: unlimited,
    totalInstancesUsed: servers.length,
    totalCoresUsed: sum(({ flavor }) => flavor.vcpus),
    totalRAMUsed: sum(({ flavor }) => flavor.memoryMib),
    totalServerGroupsUsed: groups.length,
  };
  return {
    body: {
      limits: { rate: [], absolute: steppedDown(absolute, call.version, steps, undefined) },
    },
  };
}
