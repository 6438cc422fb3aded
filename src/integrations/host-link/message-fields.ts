/** The small fields of messages on the link, with their bounds. */
import { type TSchema, Type } from 'typebox';
import { hostNameRule } from '#core/host-name.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';

export const ShortText = Type.String({ maxLength: 255 });
/** Its reader cuts it, where people read it. */
export const Text = Type.String({ maxLength: 1024 * 1024 });
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const SequenceNumber = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
/** A UUID, or another id that is valid in a file name. */
export const HostId = Type.String({ pattern: '^[0-9A-Za-z][0-9A-Za-z-]{0,63}$' });
export const HostName = Type.String({ pattern: hostNameRule });
export const Address = Type.Unsafe<PciAddress>(
  Type.String({ pattern: '^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]$' }),
);
export const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
