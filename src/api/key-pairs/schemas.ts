/**
 * The body of POST /os-keypairs: 2.2 brought the type, 2.10 the user; 2.92 needs a public key and
 * allows more characters in names. Source: Nova `schemas/keypairs.py`.
 */
import { type Static, type TOptional, Type } from 'typebox';
import { keyTypes } from '#core/key-pairs/key-pair.ts';
import * as field from '../requests/fields.ts';
import { closed, keysIf } from '../requests/json-schema.ts';
import type { BodySchema } from '../requests/route.ts';

const name = (characters: string, rule: string) =>
  Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: `^(?! )[${characters}]+(?<! )$`,
    rule,
    trimmed: true,
  });

const plainName = name(
  '_\\- a-zA-Z0-9',
  "must hold only letters, digits, '_', '-' and inner spaces",
);
const longerName = name(
  '_\\-@. a-zA-Z0-9',
  "must hold only letters, digits, '_', '-', '@', '.' and inner spaces",
);

/** Far longer than any key. */
const publicKey = Type.String({ maxLength: 65_535 });

/** Required from 2.92 on; of all versions together it is optional. */
function publicKeyOf(version: number): TOptional<typeof publicKey> {
  return (version >= 92 ? publicKey : Type.Optional(publicKey)) as TOptional<typeof publicKey>;
}

const bodySince = (version: number) =>
  closed({
    keypair: closed({
      name: version >= 92 ? longerName : plainName,
      public_key: publicKeyOf(version),
      ...keysIf(version >= 2, { type: Type.Optional(field.oneOf(keyTypes)) }),
      ...keysIf(version >= 10, { user_id: Type.Optional(Type.String({ maxLength: 255 })) }),
    }),
  });

const bodies = new Map([1, 2, 10, 92].map((since) => [since, bodySince(since)]));
const [oldest] = bodies.values();

export const createKeyPairBody: BodySchema<NonNullable<typeof oldest>> = (version) => {
  const since = [...bodies.keys()].findLast((start) => start <= version) ?? 1;
  return bodies.get(since) ?? bodySince(since);
};

export type CreateKeyPairBody = Static<NonNullable<typeof oldest>>;
