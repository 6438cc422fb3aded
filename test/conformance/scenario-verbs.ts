/** The steps of a scenario other than `boot`. Each returns when the cloud has settled, and throws what the API refuses. */
import { deleteServer } from './scenario-boot.ts';
import type { ScenarioStep } from './scenario-case.ts';
import type { World } from './scenario-world.ts';

type Verb = (world: World, step: ScenarioStep) => Promise<void>;

export const verbs: Record<string, Verb> = {
  delete: (world, step) => deleteServer(world, step.server ?? ''),
};
