/** What-if: where servers would be placed, and how many more fit. Nothing is claimed or stored. */
import { type Static, Type } from 'typebox';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { WhatIfHostView } from '#client/shapes/what-if.ts';
import { ComputeError } from '#core/errors.ts';
import { vnicTypes } from '#core/networking/vnic-types.ts';
import { numaPolicies } from '#core/pci/requests/request.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import { mostServers, type WhatIfAnswer } from '#workflows/what-if/what-if.ts';
import type {
  RequestedDevices,
  RequestedNic,
  WhatIfQuestion,
} from '#workflows/what-if/requested-server.ts';
import * as field from '../requests/fields.ts';
import { closed } from '../requests/json-schema.ts';
import type { Call, Reply } from '../requests/route.ts';
import { refuseUnknown } from '../servers/create/placement.ts';
import { viewDecision, viewRequest } from './views.ts';

const may = Type.Optional;
const most = { nics: 64, devices: 64, specs: 16, perRequest: 256, servers: 100 } as const;
const size = (minimum: number) => Type.Integer({ minimum, maximum: 0x7fffffff });
const hostIds = may(Type.Union([field.uuid, Type.Array(field.uuid, { maxItems: most.servers })]));

const nicBody = closed({
  vnic_type: may(field.oneOf(vnicTypes)),
  physical_network: may(Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Null()])),
  network_id: may(field.uuid),
  numa_affinity_policy: may(field.oneOf(numaPolicies)),
  profile: may(
    closed({
      trusted: may(field.flag),
      capabilities: may(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 20 })),
    }),
  ),
});

const specBody = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,255}$' }),
  Type.Union([Type.String({ maxLength: 255 }), Type.Null()]),
  { additionalProperties: false, maxProperties: 20 },
);

const devicesBody = closed({
  alias: may(Type.String({ minLength: 1, maxLength: 256 })),
  spec: may(Type.Array(specBody, { minItems: 1, maxItems: most.specs })),
  count: may(Type.Integer({ minimum: 1, maximum: most.perRequest })),
  numa_affinity_policy: may(field.oneOf(numaPolicies)),
});

const flavorBody = closed({
  id: may(Type.String({ minLength: 1, maxLength: 255 })),
  vcpus: may(size(1)),
  memory_mb: may(size(1)),
  disk_gb: may(size(0)),
  ephemeral_gb: may(size(0)),
  extra_specs: may(field.textMap),
});

export const whatIfBody = closed({
  flavor: flavorBody,
  image_id: may(field.uuid),
  image_properties: may(field.textMap),
  nics: may(Type.Array(nicBody, { maxItems: most.nics })),
  devices: may(Type.Array(devicesBody, { maxItems: most.devices })),
  availability_zone: may(field.name),
  host: may(Type.String({ minLength: 1, maxLength: 255 })),
  scheduler_hints: may(
    closed({ group: may(field.uuid), same_host: hostIds, different_host: hostIds }),
  ),
  count: may(
    Type.Union([Type.Integer({ minimum: 1, maximum: mostServers }), field.oneOf(['max'])]),
  ),
});
type WhatIfBody = Static<typeof whatIfBody>;

/** Throws `invalid` for what a boot would refuse, naming the field. */
export async function answerWhatIf(call: Call<WhatIfBody>): Promise<Reply> {
  const question = questionOf(call.body);
  await refuseUnknown(call, question.availabilityZone ?? '', question.forcedHost);
  const answer = await call.context.workflows.whatIf(call.caller, question);
  const body = {
    fits: answer.fits,
    ended_by: answer.endedBy,
    decision: viewDecision(answer.first),
    pci_requests: answer.requests.map(viewRequest),
    hosts: await mapInTurns(answer.hosts, viewHost),
  };
  return { body: body satisfies OperatorReply<'POST /what-if'> };
}

function questionOf(body: WhatIfBody): WhatIfQuestion {
  const {
    group,
    same_host: sameHost = [],
    different_host: differentHost = [],
  } = body.scheduler_hints ?? {};
  return {
    flavor: flavorOf(body.flavor),
    imageId: body.image_id ?? null,
    imageProperties: body.image_properties ?? {},
    nics: (body.nics ?? []).map(nicOf),
    devices: (body.devices ?? []).map(devicesOf),
    availabilityZone: body.availability_zone ?? null,
    forcedHost: body.host ?? null,
    hints: {
      group: group ?? null,
      sameHost: [sameHost].flat(),
      differentHost: [differentHost].flat(),
    },
    count: body.count ?? 1,
  };
}

function flavorOf({ id, ...size }: WhatIfBody['flavor']): WhatIfQuestion['flavor'] {
  const given = Object.keys(size);
  if (id !== undefined && given.length === 0) return { id };
  if (id !== undefined) {
    throw new ComputeError(
      'invalid',
      `flavor: id "${id}" names a flavor, whose own size counts; leave out ${given.join(', ')}`,
    );
  }
  const { vcpus, memory_mb: memoryMib, disk_gb: diskGib } = size;
  if (vcpus === undefined || memoryMib === undefined || diskGib === undefined) {
    throw new ComputeError('invalid', 'flavor: must have id, or vcpus, memory_mb and disk_gb');
  }
  return {
    ...unnamed,
    vcpus,
    memoryMib,
    diskGib,
    ephemeralGib: size.ephemeral_gb ?? 0,
    extraSpecs: size.extra_specs ?? {},
  };
}

const unnamed: Omit<Flavor, 'vcpus' | 'memoryMib' | 'diskGib' | 'ephemeralGib' | 'extraSpecs'> = {
  id: '',
  name: 'of the request',
  swapMib: 0,
  rxtxFactor: 1,
  isPublic: false,
  isDisabled: false,
  description: null,
};

function nicOf(nic: Static<typeof nicBody>, at: number): RequestedNic {
  const { network_id: id, physical_network: physicalNetwork } = nic;
  if (id !== undefined && physicalNetwork !== undefined) {
    throw new ComputeError(
      'invalid',
      `nics[${at}]: network_id ${id} has its own physical network; leave out physical_network`,
    );
  }
  const physical = physicalNetwork === undefined ? null : { physicalNetwork };
  return {
    vnicType: nic.vnic_type ?? 'normal',
    network: id === undefined ? physical : { id },
    profile: nic.profile ?? {},
    numaPolicy: nic.numa_affinity_policy ?? null,
  };
}

function devicesOf(devices: Static<typeof devicesBody>, at: number): RequestedDevices {
  const { alias, spec, count = 1, numa_affinity_policy: numaPolicy = null } = devices;
  if (alias !== undefined && spec === undefined) return { alias, count, numaPolicy };
  if (spec !== undefined && alias === undefined) return { spec, count, numaPolicy };
  throw new ComputeError('invalid', `devices[${at}]: must have either alias or spec`);
}

function viewHost({ host, servers, refusal }: WhatIfAnswer['hosts'][number]): WhatIfHostView {
  const [reason] = refusal?.reasons ?? [];
  if (refusal === null || reason === undefined) return { host, servers, refusal: null };
  const { code, message } = reason;
  return { host, servers, refusal: { filter: refusal.filter, code, message } };
}
