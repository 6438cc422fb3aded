/** Checks a request body against its schema, and reports errors by field name. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ComputeError } from '#core/errors.ts';
import { faultOf, plainPhrasing } from '#runtime/schema-fault.ts';

/** A body of one schema: checked, it is what the schema describes. */
export interface CheckedBody<Body> {
  schema: () => TSchema;
  read: (body: unknown) => Body;
}

/**
 * The body that a row with this schema takes. Its reader throws `invalid`, naming field, value and
 * rule. Example: "port.binding:vnic_type: 'bogus' is not allowed: must be one of normal, direct".
 */
export function checkedBody<Schema extends TSchema>(schema: Schema): CheckedBody<Static<Schema>> {
  const validator = Compile(schema);
  const read = (body: unknown): Static<Schema> => {
    if (body === undefined) throw new ComputeError('invalid', 'The request has no JSON body.');
    if (validator.Check(body)) return body;
    throw new ComputeError('invalid', explain(body, schema));
  };
  return { schema: () => schema, read };
}

/** The keys and values of an object; undefined for a value that is not an object. */
export function fieldsOf(value: unknown): Record<string, unknown> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? { ...value } : undefined;
}

function explain(body: unknown, schema: TSchema): string {
  const { names, keys, shown, rule } = faultOf({ value: body, schema }, plainPhrasing);
  const field = names.length === 0 ? 'body' : names.join('.');
  return keys.length > 0 ? `${field}: ${rule}` : `${field}: ${shown} is not allowed: ${rule}`;
}
