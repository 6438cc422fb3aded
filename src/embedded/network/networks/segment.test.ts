import { expect, test } from 'vitest';
import { chooseSegment, type Segment } from './segment.ts';

const tunnel = (id: number): Segment => ({
  networkType: 'vxlan',
  physicalNetwork: null,
  segmentationId: id,
});

test('a tunnelled network gets the requested id, or the first that is free among its type', () => {
  const requested = { 'provider:network_type': 'vxlan' };
  const used: Segment[] = [tunnel(1), tunnel(2), { ...tunnel(3), networkType: 'geneve' }];
  expect(chooseSegment(requested, [], used)).toEqual(tunnel(3));
  const wanted = (id: string) => ({ ...requested, 'provider:segmentation_id': id });
  expect(chooseSegment(wanted('16777215'), [], used)).toEqual(tunnel(16_777_215));
  expect(() => chooseSegment(wanted('2'), [], used)).toThrow('The tunnel ID 2 is in use.');
});
