/**
 * Messages of the link as JSON text. Neither end trusts the other: each message is validated before
 * it is used, and unknown keys are dropped.
 */
import { type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { ToAgent, ToController } from '#contracts/host/host-link.ts';
import { ComputeError } from '#core/errors.ts';
import { excessOf } from '#runtime/json-size.ts';
import { faultOf, plainPhrasing } from '#runtime/schema-fault.ts';
import { CommandResult, GuestState, HostReport, Uptime, VfsTraffic } from './wire-report.ts';
import { HostId, HostName, SequenceNumber, ShortText, Text } from './message-fields.ts';

/** The maximum length: a report of 4,096 devices has a fifth of it. */
export const maxMessageBytes = 16 * 1024 * 1024;

/** A report of 4,096 devices has some 160,000 values, and 7 levels. */
const bounds = { levels: 64, values: 250_000 };

const ConsolePlace = Type.Union([
  Type.Object({ port: Type.Integer({ minimum: 1, maximum: 65_535 }) }),
  Type.Object({ path: ShortText }),
]);

type MessageSchemas<Message extends { type: string }> = Record<Message['type'], TSchema>;

const toController: MessageSchemas<ToController> = {
  hello: Type.Object({
    type: Type.Literal('hello'),
    host: HostName,
    link: Type.Optional(SequenceNumber),
    report: HostReport,
  }),
  report: Type.Object({ type: Type.Literal('report'), report: HostReport }),
  result: Type.Object({ type: Type.Literal('result'), seq: SequenceNumber, result: CommandResult }),
  'guest-changed': Type.Object({
    type: Type.Literal('guest-changed'),
    guestId: HostId,
    state: GuestState,
  }),
  heartbeat: Type.Object({
    type: Type.Literal('heartbeat'),
    uptime: Type.Optional(Uptime),
  }),
  traffic: Type.Object({ type: Type.Literal('traffic'), vfs: VfsTraffic }),
  console: Type.Object({
    type: Type.Literal('console'),
    answer: Type.Union([
      Type.Object({ id: HostId, place: Type.Union([Type.Null(), ConsolePlace]) }),
      Type.Object({ id: HostId, problem: Text, isConflict: Type.Boolean() }),
    ]),
  }),
};

/**
 * A command's details are left to its executor: an agent reports an unknown command, it does not
 * close the link.
 */
const Body = Type.Intersect([
  Type.Object({ do: ShortText }),
  Type.Union([
    Type.Object({ guestId: HostId }),
    Type.Object({ guest: Type.Object({ id: HostId }) }),
  ]),
]);

const toAgent: MessageSchemas<ToAgent> = {
  welcome: Type.Object({
    type: Type.Literal('welcome'),
    hostId: HostId,
    offer: Type.Optional(
      Type.Object({
        port: Type.Integer({ minimum: 1, maximum: 65_535 }),
        url: Type.Optional(Type.String({ pattern: '^https://', maxLength: 1024 })),
        authority: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      }),
    ),
    countsTraffic: Type.Optional(Type.Literal(true)),
  }),
  command: Type.Object({
    type: Type.Literal('command'),
    command: Type.Object({
      seq: SequenceNumber,
      serverId: HostId,
      body: Body,
      requestId: Type.Optional(ShortText),
    }),
  }),
  recorded: Type.Object({ type: Type.Literal('recorded'), seq: SequenceNumber }),
  'outdated-link': Type.Object({ type: Type.Literal('outdated-link'), newest: SequenceNumber }),
  'renew-certificate': Type.Object({ type: Type.Literal('renew-certificate') }),
  'cache-image': Type.Object({ type: Type.Literal('cache-image'), imageId: HostId }),
  console: Type.Object({
    type: Type.Literal('console'),
    request: Type.Object({
      id: HostId,
      act: Type.Enum(['find', 'open']),
      guestId: HostId,
      kind: Type.Enum(['vnc', 'serial']),
      at: Type.Optional(Type.String({ pattern: '^https://', maxLength: 1024 })),
    }),
  }),
};

/** Parses an agent's message. Throws `invalid`, naming message, key and rule. */
export const readFromAgent: (text: string) => ToController = reader<ToController>(toController, {
  drops: true,
});

/** Parses a controller's message. Throws `invalid`, naming message, key and rule. */
export const readFromController: (text: string) => ToAgent = reader<ToAgent>(toAgent, {
  drops: false,
});

function reader<Message extends { type: string }>(
  schemas: MessageSchemas<Message>,
  { drops }: { drops: boolean },
): (text: string) => Message {
  const validators = new Map<string, Validator>();
  const validatorOf = (type: string): Validator | undefined => {
    const schema = Object.hasOwn(schemas, type) ? schemas[type as Message['type']] : undefined;
    if (schema !== undefined && !validators.has(type)) validators.set(type, Compile(schema));
    return validators.get(type);
  };
  return (text) => {
    const message = parse(text);
    const type = (message as { type?: unknown } | null)?.type;
    const validator = typeof type === 'string' ? validatorOf(type) : undefined;
    if (validator === undefined)
      throw refused(`type ${JSON.stringify(type)?.slice(0, 40)}: no such message`);
    if (!validator.Check(message)) {
      const checked = { value: message, schema: schemas[type as Message['type']] };
      const { names, rule } = faultOf(checked, plainPhrasing);
      throw refused(`${[type, ...names].join('.')}: ${rule}`);
    }
    return (drops ? validator.Clean(message) : message) as Message;
  };
}

function parse(text: string): unknown {
  const excess = excessOf(text, bounds);
  if (excess !== undefined) throw refused(`the message ${excess}`);
  try {
    return JSON.parse(text);
  } catch {
    throw refused('not JSON');
  }
}

function refused(rule: string): ComputeError {
  return new ComputeError('invalid', rule);
}
