/** Topic `scheduler`: which hosts a server may be placed on, and what it takes there. */
import { playScenario } from '../scenario/scenario.ts';
import type { Topic } from '../topic.ts';

export const scheduler: Topic = { name: 'scheduler', run: playScenario };
