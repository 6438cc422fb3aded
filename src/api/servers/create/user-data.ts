/** What a user passes to the guest's first start, as base64. */
import { Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';

export const userDataText = Type.String({ maxLength: 65_535, nullIsAbsent: true });

/** As it came; null stays. Throws `invalid` for a text that is not base64. */
export function userDataOf(text: string | null): string | null {
  if (text === null) return null;
  const bare = text.replaceAll(/\s/g, '');
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(bare) && bare.length % 4 === 0) return text;
  throw new ComputeError(
    'invalid',
    'Invalid input for field/attribute user_data. It must be base64 text.',
  );
}
