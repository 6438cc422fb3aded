/**
 * Schemas of task rows. They match the contract: a key in only one of them does not compile. They
 * are here, not beside the workflows, because a row is validated where it enters the program, as a
 * message is at the link; contracts hold interfaces only.
 */
import { type Static, type TObject, type TSchema, Type } from 'typebox';
import type * as Contract from '#contracts/store/task-data.ts';
import type { TaskKind, TaskStepOf } from '#contracts/store/task.ts';
import { errorKinds } from '#core/errors.ts';
import type { GuestState } from '#core/guests/follow-guest.ts';
import type { VmState } from '#core/servers/server.ts';
import { vnicTypes } from '#core/networking/vnic-types.ts';
import { numaPolicies } from '#core/pci/requests/request.ts';

/**
 * The version of written data. An incompatible change increments it and comes with a migration that
 * rewrites older rows. 1 is the column's default.
 */
export const taskVersion: number = 1;

const { Optional, Boolean, Integer, String: Text } = Type;
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const Time = Type.Number();

/** The schema of an object with exactly the keys of this type. */
function shapeOf<Described>() {
  type Fields = { [Key in keyof Required<Described>]: TSchema };
  return <Given extends Fields>(
    fields: Static<TObject<Given>> extends Described ? Given : never,
  ): TObject<Given> => Type.Object(fields);
}

const retry = { tries: Optional(Integer()) };

const removal = {
  ...retry,
  hostIsSilent: Optional(Boolean()),
  startedAt: Optional(Time),
};

const plug = {
  unwired: Optional(Type.Array(Text())),
  plug: Optional(Type.Object({ startedAt: Time, deadline: Time, looks: Integer() })),
};

const DevicePorts = shapeOf<Contract.DevicePorts>()({
  ports: Type.Array(
    Type.Object({
      id: Text(),
      vnicType: Type.Enum([...vnicTypes]),
      profile: Type.Record(Text(), Type.Unknown()),
    }),
  ),
  readAt: Time,
});

const FailedHosts = Type.Array(Type.Object({ host: Text(), reason: Text() }));

const Boot = shapeOf<Contract.BootData>()({
  ...removal,
  ...plug,
  attempt: Integer(),
  availabilityZone: orNull(Text()),
  forcedHost: orNull(Text()),
  numa: orNull(
    Type.Object({
      isPinned: Boolean(),
      cells: Type.Array(Type.Object({ vcpus: Integer(), memoryMib: Integer() })),
    }),
  ),
  claimedAt: Optional(Integer()),
  hasWaited: Optional(Boolean()),
  failedHosts: FailedHosts,
  devicePorts: Optional(DevicePorts),
  sameHost: Optional(Type.Array(Text())),
  differentHost: Optional(Type.Array(Text())),
  failure: Optional(
    Type.Object({
      message: Text(),
      detail: Text(),
      retry: Boolean(),
      kind: Optional(Type.Enum([...errorKinds])),
    }),
  ),
});

const ImageFailure = Optional(
  Type.Object({ message: Text(), detail: Text(), kind: Optional(Type.Enum([...errorKinds])) }),
);

const Act = shapeOf<Contract.ActData>()({
  ...retry,
  act: Type.Enum([
    'reboot',
    'hard-reboot',
    'stop',
    'start',
    'pause',
    'unpause',
    'suspend',
    'resume',
    'rebuild',
    'rescue',
    'unrescue',
    'snapshot',
    'backup',
    'crash-dump',
  ]),
  staysOff: Optional(Boolean()),
  rescueImage: Optional(Type.Object({ id: Text(), properties: Type.Record(Text(), Text()) })),
  image: Optional(
    Type.Object({
      id: Text(),
      rotation: Optional(Type.Object({ backupType: Text(), keep: Integer() })),
    }),
  ),
  startedAt: Optional(Time),
  failure: ImageFailure,
});

const nicRemoval = {
  ...retry,
  nicId: Text(),
  startedAt: Optional(Time),
  portIsGone: Optional(Type.Literal(true)),
  saidWhy: Optional(Boolean()),
};

const Attach = shapeOf<Contract.AttachData>()({
  ...nicRemoval,
  ...plug,
  nic: Type.Object({
    networkId: orNull(Text()),
    fixedIp: orNull(Text()),
    portId: orNull(Text()),
    tag: orNull(Text()),
    pciRequestId: orNull(Text()),
  }),
  pciRequest: orNull(
    Type.Object({
      requestId: Text(),
      count: Integer(),
      spec: Type.Array(Type.Record(Text(), orNull(Text()))),
      needsInterface: Type.Boolean(),
      aliasName: orNull(Text()),
      numaPolicy: orNull(Type.Enum([...numaPolicies])),
      requesterId: orNull(Text()),
    }),
  ),
  devicePorts: Optional(DevicePorts),
  failure: Optional(Type.Object({ message: Text(), kind: Optional(Type.Enum([...errorKinds])) })),
});

const vmStates: readonly VmState[] = [
  'building',
  'active',
  'stopped',
  'paused',
  'suspended',
  'rescued',
  'resized',
  'shelved',
  'shelved_offloaded',
  'error',
  'deleted',
];

const Shelve = shapeOf<Contract.ShelveData>()({
  ...removal,
  imageId: Text(),
  vmState: Type.Enum([...vmStates]),
  failure: ImageFailure,
});

const Move = shapeOf<Contract.MoveData>()({
  ...retry,
  moveId: Text(),
  forcedHost: orNull(Text()),
  availabilityZone: orNull(Text()),
  lostNics: Optional(Type.Array(Text())),
  startedAt: Optional(Time),
  files: Optional(Text()),
  imageId: Optional(Text()),
  sourceMayBeOut: Optional(Boolean()),
  targetMayHaveGuest: Optional(Boolean()),
  isSilent: Optional(Boolean()),
  sourceProblem: Optional(Text()),
  triesNext: Optional(Boolean()),
  failedHosts: Optional(FailedHosts),
  failure: Optional(
    Type.Object({
      message: Text(),
      detail: Text(),
      retry: Optional(Boolean()),
      kind: Optional(Type.Enum([...errorKinds])),
      wasAborted: Optional(Type.Literal(true)),
    }),
  ),
});

const guestStates: readonly GuestState[] = [
  'running',
  'paused',
  'shutOff',
  'crashed',
  'saved',
  'gone',
];

const Vif = Type.Object({
  portId: Text(),
  macAddress: Text(),
  vnicType: Type.Enum([...vnicTypes]),
  vifType: Text(),
  details: Type.Record(Text(), Type.Unknown()),
  profile: Type.Record(Text(), Type.Unknown()),
  network: Type.Object({
    id: Text(),
    name: Text(),
    mtu: orNull(Integer()),
    bridge: orNull(Text()),
  }),
  fixedIps: Type.Array(Type.Object({ subnetId: Text(), ipAddress: Text() })),
  devName: Text(),
  tag: orNull(Text()),
});

/** The data of each kind of workflow. Unknown keys are kept. */
export const taskData = {
  boot: Boot,
  delete: shapeOf<Contract.DeleteData>()({
    ...removal,
    moveId: Optional(Text()),
    otherIsSilent: Optional(Boolean()),
    images: Optional(
      Type.Array(Type.Object({ id: Text(), staysIfCopied: Optional(Type.Literal(true)) })),
    ),
    portsMayCome: Optional(Type.Literal(true)),
  }),
  move: Move,
  shelve: Shelve,
  act: Act,
  attach: Attach,
  detach: shapeOf<Contract.DetachData>()(nicRemoval),
  follow: shapeOf<Contract.FollowData>()({
    state: Type.Enum([...guestStates]),
    startedAt: Time,
  }),
  'follow-ports': shapeOf<Contract.FollowPortsData>()({
    moved: Type.Array(Type.Object({ nicId: Text(), before: Vif, now: Vif })),
    upTo: Integer(),
    needsHost: Optional(Boolean()),
    startedAt: Optional(Time),
  }),
} satisfies Record<TaskKind, TSchema>;

const removalSteps = {
  'remove-guest': true,
  'guest-removed': true,
  'unbind-ports': true,
  release: true,
  'host-returned': true,
  'remove-guest-again': true,
} as const;

const nicRemovalSteps = {
  'detach-nic': true,
  'nic-detached': true,
  'unbind-ports': true,
  release: true,
} as const;

/** The steps of each kind of workflow. */
export const taskSteps: { [Kind in TaskKind]: Record<TaskStepOf[Kind], true> } = {
  boot: {
    schedule: true,
    'bind-ports': true,
    'guest-started': true,
    'wait-for-plug': true,
    ...removalSteps,
  },
  delete: {
    ...removalSteps,
    'delete-late-ports': true,
    'drop-images': true,
    'remove-elsewhere': true,
    'elsewhere-removed': true,
    'release-elsewhere': true,
  },
  act: { 'command-host': true, 'host-answered': true, 'drop-image': true },
  attach: {
    claim: true,
    'bind-ports': true,
    'nic-attached': true,
    'wait-for-plug': true,
    ...nicRemovalSteps,
  },
  detach: nicRemovalSteps,
  follow: { follow: true },
  'follow-ports': { follow: true, 'host-answered': true },
  shelve: {
    'stop-guest': true,
    'guest-stopped': true,
    'image-copied': true,
    'remove-guest': true,
    'guest-removed': true,
    'unbind-ports': true,
    release: true,
    'start-guest': true,
    'guest-started': true,
    'drop-image': true,
  },
  move: {
    reserve: true,
    'bind-target': true,
    offered: true,
    prefetched: true,
    expected: true,
    'source-left': true,
    'switch-ports': true,
    'target-started': true,
    'drop-image': true,
    'clear-target': true,
    'target-cleared': true,
    'restore-ports': true,
    'restore-source': true,
    'source-restored': true,
    'release-target': true,
    'clear-source': true,
    'source-cleared': true,
    'release-source': true,
  },
};
