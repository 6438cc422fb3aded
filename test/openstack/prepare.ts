/** Before the test files, which run side by side: trees and first state are made once. */
import { brokerTree } from './environment/broker-tree.ts';
import { firstState } from './environment/first-state.ts';
import { openstackTree } from './environment/tree.ts';

export async function setup(): Promise<void> {
  await firstState(await openstackTree());
  await brokerTree();
}
