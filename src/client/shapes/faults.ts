/** Replies with an error, of the compute API as of the operator API. */
import { type Static, type TSchema, Type } from 'typebox';
import { shape } from './shape.ts';

/** The names of faults: each is the only key of its reply. Source: Nova, `Fault._fault_names`. */
export const faultNames = [
  'badRequest',
  'unauthorized',
  'forbidden',
  'itemNotFound',
  'badMethod',
  'computeFault',
  'conflictingRequest',
  'overLimit',
  'badMediaType',
  'notImplemented',
  'serviceUnavailable',
] as const;
export type FaultName = (typeof faultNames)[number];

const Fault = shape({ code: Type.Integer({ minimum: 400, maximum: 599 }), message: Type.String() });

/** What the check of a token answers, as Keystone's token layer does. */
const TokenFault = shape({
  error: shape({
    code: Type.Literal(401),
    title: Type.Literal('Unauthorized'),
    message: Type.String(),
  }),
});

type Fault = Static<typeof Fault>;

/** Example: `{"conflictingRequest": {"code": 409, "message": …}}`. */
export type FaultReply = Partial<Record<FaultName, Fault>> | Static<typeof TokenFault>;
export const FaultReply = Type.Union([
  ...faultNames.map((name): TSchema => shape({ [name]: Fault })),
  TokenFault,
]);
