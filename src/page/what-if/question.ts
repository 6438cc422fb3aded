/** The question of the what-if page, as it is in the address and in the API. Pure. */
import { decoded } from '../parts/decoded.ts';

export interface QuestionNic {
  vnicType: string;
  /** '': a network without one, such as a tunnelled one. */
  physicalNetwork: string;
}

export interface Question {
  /** An id; '' for none yet. */
  flavor: string;
  nics: QuestionNic[];
  /** A whole number of 1 or more, or `max`. */
  count: string;
}

/**
 * Example: `{ flavor: '2', nics: 'direct@physnet1;normal@', count: 'max' }`. Without `nics` there
 * is `fallback`; `nics` of `none` is none.
 */
export function questionIn(
  query: Record<string, string>,
  fallback: Pick<Question, 'flavor' | 'nics'>,
): Question {
  const { flavor = fallback.flavor, nics, count = '1' } = query;
  return { flavor, nics: nics === undefined ? fallback.nics : nicsIn(nics), count };
}

function nicsIn(text: string): QuestionNic[] {
  if (text === 'none') return [];
  return text.split(';').map((part) => {
    const [vnicType = '', physicalNetwork = ''] = part.split('@');
    return { vnicType, physicalNetwork: decoded(physicalNetwork) ?? physicalNetwork };
  });
}

/** The inverse for the address. Example: `direct@physnet1;normal@`. */
export function printNics(nics: readonly QuestionNic[]): string {
  if (nics.length === 0) return 'none';
  return nics
    .map(({ vnicType, physicalNetwork }) => `${vnicType}@${encodeURIComponent(physicalNetwork)}`)
    .join(';');
}

/** The body of `POST /novella/v1/what-if`. */
export function bodyOf({ flavor, nics, count }: Question) {
  return {
    flavor: { id: flavor },
    nics: nics.map(({ vnicType, physicalNetwork }) => ({
      vnic_type: vnicType,
      physical_network: physicalNetwork === '' ? null : physicalNetwork,
    })),
    count: count === 'max' ? ('max' as const) : Number(count),
  };
}
