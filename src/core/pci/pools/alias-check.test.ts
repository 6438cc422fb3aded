import { aCard } from '#test/hosts/pci-cards.ts';
import { expect, test } from 'vitest';
import { parseAliases } from '../requests/alias.ts';
import { checkAliases } from './alias-check.ts';
import { poolsOf } from './pool.ts';

/** A card with one PF (15b3:1017) and two VFs (15b3:1018). */
const pools = poolsOf(aCard({ vfs: 2 }));

test.each([
  {
    alias: { product_id: '1018' },
    gives: { takes: 2, types: ['type-VF'], warning: null },
  },
  {
    alias: { product_id: '1017', device_type: 'type-PF' },
    gives: { takes: 1, types: ['type-PF'], warning: null },
  },
  {
    alias: { product_id: '1017', device_type: 'type-PCI' },
    gives: {
      takes: 0,
      warning: {
        code: 'alias-wrong-type',
        message: 'alias a asks for type-PCI, 15b3:1017 is offered as type-PF',
      },
    },
  },
  {
    alias: { product_id: '1017' },
    gives: {
      warning: { message: 'alias a asks for no device_type, 15b3:1017 is offered as type-PF' },
    },
  },
  {
    alias: { product_id: '1db4' },
    gives: { takes: 0, warning: { message: 'no offered device is of alias a' } },
  },
])('alias $alias', ({ alias, gives }) => {
  const text = JSON.stringify({ name: 'a', vendor_id: '15b3', ...alias });
  const [checked] = checkAliases(parseAliases([{ text, source: 'x' }]), pools);
  expect(checked).toMatchObject(gives);
});

test('one matching definition of an alias is enough', () => {
  const definitions = ['1db4', '1018'].map((id) => ({
    text: `{"name": "a", "vendor_id": "15b3", "product_id": "${id}", "device_type": "type-VF"}`,
    source: 'x',
  }));
  expect(checkAliases(parseAliases(definitions), pools)).toMatchObject([{ takes: 2 }]);
});
