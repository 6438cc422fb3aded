/** The texts that two agents exchange about a guest, by way of the controller. */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ComputeError } from '#core/errors.ts';

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const file = Type.Object({
  name: Type.String({ pattern: '^[\\w.-]{1,255}$' }),
  bytes: count,
  version: Type.Optional(Type.String({ maxLength: 100 })),
});
const place = {
  address: Type.String({ minLength: 1, maxLength: 255 }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  key: Type.String({ pattern: '^[\\w-]{20,100}$' }),
};

/** Where a guest's files can be fetched, and what its host says of it. */
const Offer = Type.Object({
  ...place,
  files: Type.Array(file, { maxItems: 20 }),
  disk: Type.Union([
    Type.Null(),
    Type.Object({ virtualBytes: count, base: Type.Union([Type.Null(), file]) }),
  ]),
  /** Of the guest's folder there. Absent: the agent is older. */
  owner: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
  /** Of a guest that runs: its XML, by which the other host decides whether it can run it. */
  running: Type.Optional(Type.String({ maxLength: 1_000_000 })),
});
export type Offer = Static<typeof Offer>;

/** Where a running guest can be sent. */
const Arrival = Type.Object({
  ...place,
  /** The guest's definition there. */
  definition: Type.String({ maxLength: 1_000_000 }),
  /** Methods by which its memory can be received. Absent: the agent is older. */
  compressions: Type.Optional(Type.Array(Type.String({ maxLength: 20 }), { maxItems: 20 })),
  /** The guest's disk is there already. */
  sharesDisk: Type.Optional(Type.Literal(true)),
});
export type Arrival = Static<typeof Arrival>;

const offers = Compile(Offer);
const arrivals = Compile(Arrival);

/** Throws `invalid` for a text that no agent of this version writes. */
export function parseOffer(text: string): Offer {
  return parse(text, offers, 'offer');
}

/** Throws `invalid` for a text that no agent of this version writes. */
export function parseArrival(text: string): Arrival {
  return parse(text, arrivals, 'arrival');
}

function parse<Value>(
  text: string,
  checker: { Check(value: unknown): value is Value },
  what: string,
): Value {
  try {
    const value: unknown = JSON.parse(text);
    if (checker.Check(value)) return value;
  } catch {
    // Refused below.
  }
  const hint = 'are both agents of one version?';
  throw new ComputeError('invalid', `the ${what} of the other host cannot be read: ${hint}`);
}
