/**
 * The actions that move a server: resize and its confirmation, cold and live migration, evacuation.
 * Source: Nova compute API reference, "Servers - run an administrative action".
 */
import { randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import type { RuleName } from '#core/access/rules/standard-rules.ts';
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import * as field from '../../requests/fields.ts';
import { closed, keysIf } from '../../requests/json-schema.ts';
import { requireRule, targetOf } from '../../requests/permission.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { refuseLocked } from '../create/locked.ts';
import { refuseUnknownZone } from '../create/placement.ts';
import { findServer } from '../read/find.ts';

const flavorReference = Type.Union([
  Type.String({ minLength: 1, maxLength: 255 }),
  Type.Integer({ minimum: 0 }),
]);
const hostName = Type.String({ minLength: 1, maxLength: 255 });
const hostOrNull = Type.Union([hostName, Type.Null()]);

const resizeSchema = closed({
  resize: closed({
    flavorRef: flavorReference,
    'OS-DCF:diskConfig': Type.Optional(field.diskConfig),
  }),
});
export const resizeBody = () => resizeSchema;

export async function resizeServer(call: Call<Static<typeof resizeSchema>>): Promise<Reply> {
  const { flavorRef, 'OS-DCF:diskConfig': diskConfig } = call.body.resize;
  const flavorId = field.idOfReference(String(flavorRef));
  return move(call, { type: 'resize', flavorId, ...(diskConfig !== undefined && { diskConfig }) });
}

export async function confirmResize(call: Call): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  await call.context.workflows.confirmMove(call.caller, server, call.requestId);
  return {};
}

export async function revertResize(call: Call): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  await call.context.workflows.revertMove(call.caller, server, call.requestId);
  return {};
}

const migrateBefore = closed({ migrate: Type.Unknown() });
const migrateSince = closed({
  migrate: Type.Union([Type.Null(), closed({ host: Type.Optional(hostOrNull) })]),
});
/** 2.56 brought the host. */
export const migrateBody = (version: number) => (version >= 56 ? migrateSince : migrateBefore);

export async function migrateServer(call: Call<{ migrate?: unknown }>): Promise<Reply> {
  const requested =
    call.version >= 56 ? (call.body.migrate as { host?: string | null } | null) : null;
  return migrate(call, { type: 'migration', host: requested?.host || null });
}

const liveSchemas = {
  first: closed({
    'os-migrateLive': closed({
      host: hostOrNull,
      block_migration: field.flag,
      disk_over_commit: field.flag,
    }),
  }),
  automatic: liveSchemaWith(false),
  forced: liveSchemaWith(true),
};

function liveSchemaWith(hasForce: boolean) {
  return closed({
    'os-migrateLive': closed({
      host: hostOrNull,
      block_migration: Type.Union([field.flag, Type.Literal('auto')]),
      ...keysIf(hasForce, { force: Type.Optional(field.flag) }),
    }),
  });
}

/** 2.25 removed the overcommit, 2.30 to 2.67 had `force`. */
export function liveBody(version: number) {
  if (version < 25) return liveSchemas.first;
  return version >= 30 && version <= 67 ? liveSchemas.forced : liveSchemas.automatic;
}

interface LiveBody {
  'os-migrateLive': { host: string | null; force?: unknown };
}

export async function migrateLive(call: Call<LiveBody>): Promise<Reply> {
  const { host, force } = call.body['os-migrateLive'];
  refuseForced(host, force);
  return migrate(call, { type: 'live-migration', host });
}

/** Of a migration to a host of choice, and of one to any host. */
export const migrationRules = {
  migration: {
    toHost: 'os_compute_api:os-migrate-server:migrate:host',
    anywhere: 'os_compute_api:os-migrate-server:migrate',
  },
  'live-migration': {
    toHost: 'os_compute_api:os-migrate-server:migrate_live:host',
    anywhere: 'os_compute_api:os-migrate-server:migrate_live',
  },
} as const satisfies Record<string, Record<string, RuleName>>;

async function migrate(
  call: Call,
  request: Request & { type: keyof typeof migrationRules },
): Promise<Reply> {
  const server = await findServer(call);
  const { toHost, anywhere } = migrationRules[request.type];
  requireRule(call, request.host === null ? anywhere : toHost, targetOf(server));
  return moveServer(call, server, request);
}

const evacuateSchemas = {
  first: closed({
    evacuate: closed({
      host: Type.Optional(hostName),
      onSharedStorage: field.flag,
      adminPass: Type.Optional(Type.String()),
    }),
  }),
  since14: evacuateSchemaWith(false),
  forced: evacuateSchemaWith(true),
};

function evacuateSchemaWith(hasForce: boolean) {
  return closed({
    evacuate: closed({
      host: Type.Optional(hostName),
      adminPass: Type.Optional(Type.String()),
      ...keysIf(hasForce, { force: Type.Optional(field.flag) }),
    }),
  });
}

/** 2.14 removed the shared storage, 2.29 to 2.67 had `force`. */
export function evacuateBody(version: number) {
  if (version < 14) return evacuateSchemas.first;
  return version >= 29 && version <= 67 ? evacuateSchemas.forced : evacuateSchemas.since14;
}

interface EvacuateBody {
  evacuate: { host?: string; adminPass?: string; force?: unknown; onSharedStorage?: unknown };
}

/** Before 2.14 the reply has the password, which is not set in the guest, as with a rebuild. */
export async function evacuateServer(call: Call<EvacuateBody>): Promise<Reply> {
  const { host = null, adminPass, force, onSharedStorage } = call.body.evacuate;
  refuseForced(host, force);
  if (field.isSet(onSharedStorage ?? false)) {
    throw new ComputeError(
      'invalid',
      'evacuate.onSharedStorage: must be false: no host has its disks on shared storage',
    );
  }
  // From 2.95 on its user starts the server, once what it needs is there.
  await move(call, { type: 'evacuation', host, arrivesOff: call.version >= 95 });
  if (call.version >= 14) return {};
  return { body: { adminPass: adminPass ?? randomBytes(9).toString('base64url') } };
}

export async function shelveServer(call: Call): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  await call.context.workflows.shelveServer(call.caller, server, call.requestId);
  return {};
}

export async function offloadServer(call: Call): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  await call.context.workflows.offloadServer(call.caller, server, call.requestId);
  return {};
}

const zoneName = Type.String({ minLength: 1, maxLength: 255 });
const unshelveSchemas = {
  first: closed({ unshelve: Type.Unknown() }),
  withZone: closed({
    unshelve: Type.Union([Type.Null(), closed({ availability_zone: zoneName })]),
  }),
  withHost: closed({
    unshelve: Type.Union([
      Type.Null(),
      Type.Object(
        {
          availability_zone: Type.Optional(Type.Union([zoneName, Type.Null()])),
          host: Type.Optional(hostName),
        },
        { additionalProperties: false, minProperties: 1 },
      ),
    ]),
  }),
};

/** 2.77 brought the zone, 2.91 the host, which is for administrators. */
export function unshelveBody(version: number) {
  if (version < 77) return unshelveSchemas.first;
  return version < 91 ? unshelveSchemas.withZone : unshelveSchemas.withHost;
}

interface UnshelveBody {
  unshelve?: unknown;
}

export async function unshelveServer(call: Call<UnshelveBody>): Promise<Reply> {
  const requested = call.version < 77 ? null : (call.body.unshelve as Unshelving | null);
  const { host = null, availability_zone: zone } = requested ?? {};
  const server = await findServer(call);
  if (host !== null) {
    requireRule(call, 'os_compute_api:os-shelve:unshelve_to_host', targetOf(server));
  }
  if (typeof zone === 'string') await refuseUnknownZone(call, zone);
  const pinned = zone !== undefined && { availabilityZone: zone };
  return moveServer(call, server, { type: 'unshelve', host, ...pinned });
}

interface Unshelving {
  host?: string;
  availability_zone?: string | null;
}

/** A claim that ignores what the host has would give a device twice. */
function refuseForced(host: string | null, force: unknown): void {
  if (force === undefined || !field.isSet(force)) return;
  const message =
    host === null
      ? "Can't force to a non-provided destination"
      : 'force: must be false: the host of choice is checked as any other';
  throw new ComputeError('invalid', message);
}

type Request = Omit<Parameters<Call['context']['workflows']['moveServer']>[2], 'requestId'>;

async function move(call: Call, request: Request): Promise<Reply> {
  return moveServer(call, await findServer(call), request);
}

async function moveServer(call: Call, server: Server, request: Request): Promise<Reply> {
  refuseLocked(call, server);
  const { requestId } = call;
  await call.context.workflows.moveServer(call.caller, server, { ...request, requestId });
  return {};
}
