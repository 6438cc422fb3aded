/**
 * A host's report, as a schema. It matches the contract: a key that only one of them has does not
 * compile.
 */
import { type Static, type TSchema, Type } from 'typebox';
import type * as Contract from '#contracts/host/host-link.ts';
import { mostOffered } from '#core/pci/specs/host-offer.ts';
import { Address, Count, orNull, ShortText, Text } from './message-fields.ts';

/** A large host: 16 ports of 255 VFs each, and the ports. */
const mostDevices = 4_096;
/** Far more than one hypervisor runs. */
const mostGuests = 4_096;

const NumaNode = Type.Object({
  id: Count,
  socket: orNull(Count),
  cpus: Type.Array(Count, { maxItems: 8192 }),
  dedicatedCpus: Type.Array(Count, { maxItems: 8192 }),
  memoryMib: Count,
});

const Facts = Type.Object({
  type: ShortText,
  version: Count,
  vcpus: Count,
  memoryMib: Count,
  diskGib: Count,
  cpuModel: ShortText,
  architecture: ShortText,
  numaNodes: Type.Optional(Type.Array(NumaNode, { maxItems: 1024 })),
  movesGuests: Type.Optional(Type.Literal(true)),
  sharedStorage: Type.Optional(ShortText),
});

const DeviceType = Type.Enum(['type-PCI', 'type-PF', 'type-VF', 'vdpa']);

const PciFunction = Type.Object({
  address: Address,
  vendorId: ShortText,
  productId: ShortText,
  deviceType: DeviceType,
  parentAddress: orNull(Address),
  numaNode: orNull(Count),
  ifname: orNull(ShortText),
  otherIfnames: Type.Optional(Type.Array(ShortText, { maxItems: 256 })),
  parentIfname: orNull(ShortText),
  otherParentIfnames: Type.Optional(Type.Array(ShortText, { maxItems: 256 })),
  vfProductId: Type.Optional(ShortText),
  isInfiniBand: Type.Optional(Type.Literal(true)),
  link: Type.Optional(orNull(Type.Enum(['up', 'down']))),
  quarantine: Type.Optional(Text),
  macAddress: orNull(ShortText),
  capabilities: Type.Object({
    sriov: Type.Optional(
      Type.Object({ pfMacAddress: Type.Optional(ShortText), vfNum: Type.Optional(Count) }),
    ),
    vpd: Type.Optional(Type.Object({ cardSerialNumber: Type.Optional(ShortText) })),
    network: Type.Optional(Type.Array(ShortText, { maxItems: 64 })),
  }),
});

const Offer = Type.Object({
  entries: Type.Array(
    Type.Object({
      entry: Count,
      source: Type.String({ maxLength: 4096 }),
      deviceSpec: Type.Record(ShortText, Type.Unknown()),
      admits: Count,
    }),
    { maxItems: mostOffered.entries },
  ),
  leftOut: Type.Array(
    Type.Object({
      address: Address,
      vendorId: ShortText,
      productId: ShortText,
      deviceType: DeviceType,
      parentAddress: orNull(Address),
      numaNode: orNull(Count),
      ifname: orNull(ShortText),
      vfNum: orNull(Count),
      nearest: orNull(
        Type.Object({ entry: Count, failed: Type.Array(ShortText, { maxItems: 16 }) }),
      ),
    }),
    { maxItems: mostOffered.leftOut },
  ),
});

const guestStates = ['running', 'paused', 'shutOff', 'crashed', 'saved'] as const;

/** The state of an inspected guest. */
export const GuestState = Type.Enum([...guestStates, 'gone']);

const FoundGuest = Type.Object({
  id: ShortText,
  name: ShortText,
  state: Type.Enum([...guestStates]),
  devices: Type.Array(
    Type.Object({
      address: Address,
      through: Type.Enum(['hostdev', 'macvtap', 'vdpa']),
      isConfigured: Type.Boolean(),
      trust: Type.Boolean(),
      isUnmanaged: Type.Optional(Type.Literal(true)),
    }),
    { maxItems: 256 },
  ),
});

const Problem = Type.Object({
  code: ShortText,
  message: Text,
  data: Type.Optional(Type.Record(ShortText, Type.Unknown())),
  blocks: Type.Enum(['all', 'passthrough', 'none']),
});

/** One line of text. */
export const Uptime = Type.String({ maxLength: 256, pattern: '^[ -~]*$' });

export const HostReport = sameAs<Contract.HostReport>()(
  Type.Object({
    facts: Facts,
    hostIp: ShortText,
    physicalNetworks: Type.Array(ShortText, { maxItems: 1024 }),
    offloadBridge: Type.Optional(ShortText),
    devices: Type.Array(
      Type.Object({
        function: PciFunction,
        tags: Type.Record(ShortText, orNull(Type.String({ maxLength: 4096 }))),
      }),
      { maxItems: mostDevices },
    ),
    offer: Type.Optional(Offer),
    guests: Type.Array(FoundGuest, { maxItems: mostGuests }),
    unsettledGuests: Type.Optional(Type.Array(ShortText, { maxItems: mostGuests })),
    hypervisorIsSilent: Type.Optional(Type.Literal(true)),
    problems: Type.Optional(Type.Array(Problem, { maxItems: 1024 })),
    uptime: Type.Optional(Uptime),
    hasConsoles: Type.Optional(Type.Literal(true)),
    cachesImages: Type.Optional(Type.Literal(true)),
  }),
);

const Milliseconds = Type.Number({ minimum: 0 });
const Steps = Type.Array(
  Type.Object({
    step: ShortText,
    milliseconds: Milliseconds,
    after: Type.Optional(Milliseconds),
  }),
  { maxItems: 10_000 },
);

const Counter = orNull(Type.Number({ minimum: 0 }));
const Traffic = Type.Object({ bytes: Counter, packets: Counter, errors: Counter, drops: Counter });

/** Of the VFs of a host. */
export const VfsTraffic = Type.Array(
  Type.Object({ address: Address, received: Traffic, sent: Traffic }),
  { maxItems: mostDevices },
);

/** Numbers, not whole ones: a host's counters may exceed what a double counts exactly. */
const Counters = Type.Object({
  cpuNanoseconds: Type.Array(Counter, { maxItems: 8192 }),
  memory: Type.Object({ maximum: Count, current: Count, resident: Counter, unused: Counter }),
  disks: Type.Array(
    Type.Object({
      name: ShortText,
      readBytes: Counter,
      readRequests: Counter,
      writeBytes: Counter,
      writeRequests: Counter,
      errors: Counter,
    }),
    { maxItems: 256 },
  ),
  nics: Type.Array(
    Type.Object({ name: ShortText, macAddress: ShortText, received: Traffic, sent: Traffic }),
    { maxItems: 256 },
  ),
});

const Sent = Type.Object({ total: Count, processed: Count, remaining: Count });
const MoveProgress = Type.Object({ memory: Sent, disk: Sent });

export const CommandResult = sameAs<Contract.CommandResult>()(
  Type.Union([
    Type.Object({
      ok: Type.Literal(true),
      domainXml: Type.Optional(Text),
      output: Type.Optional(Text),
      counters: Type.Optional(Counters),
      progress: Type.Optional(orNull(MoveProgress)),
      steps: Steps,
    }),
    Type.Object({
      ok: Type.Literal(false),
      message: Text,
      detail: Text,
      sameElsewhere: Type.Optional(Type.Literal(true)),
      undone: Type.Optional(Type.Literal(true)),
      aborted: Type.Optional(Type.Literal(true)),
      steps: Steps,
    }),
  ]),
);

/** The keys of a type, deeply, with their types and optionality. */
type Shape<T> = T extends string | number | boolean | null
  ? T
  : T extends readonly (infer Item)[]
    ? Shape<Item>[]
    : {
        [Key in keyof T]-?: {
          mayBeAbsent: object extends Pick<T, Key> ? true : false;
          is: Shape<T[Key]>;
        };
      };
type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

/** The schema, if it describes exactly this type. */
function sameAs<Described>(): <Schema extends TSchema>(
  schema: Same<Shape<Static<Schema>>, Shape<Described>> extends true ? Schema : never,
) => Schema {
  return (schema) => schema;
}
