/** Topic `lifecycle`: what becomes of a server's devices and ports while it lives. */
import { playScenario } from '../scenario/scenario.ts';
import type { Topic } from '../topic.ts';

export const lifecycle: Topic = { name: 'lifecycle', run: playScenario };
