/** How the shapes of replies are written: as schemas, so that types and checks are one text. */
import { type TProperties, type TSchema, Type } from 'typebox';

/** An object with these keys and no other. */
export function shape<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

/** The value, or null where there is none. Example: `nullable(Type.String())`. */
export function nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}

/** A map with keys of any name. Example: the tags of a device. */
export function mapOf<Schema extends TSchema>(schema: Schema) {
  return Type.Record(Type.String(), schema);
}

/** A moment, UTC. Example: `2026-01-02T03:04:05Z`. */
export const Moment = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' });

/** Where a list continues: beside it, under its name with `_links`. Absent on its last page. */
export const Links = Type.Array(shape({ rel: Type.String(), href: Type.String() }));
