/** Topic `lifecycle`: what happens to a server's devices and ports during its life. */
import { playScenario } from '../scenario/scenario.ts';
import type { Topic } from '../topic.ts';

export const lifecycle: Topic = { name: 'lifecycle', run: playScenario };
