/** The topics that have a runner. The cases of any other topic count as failed. */
import { binding } from './topics/binding.ts';
import { devspec } from './topics/devspec.ts';
import { lifecycle } from './topics/lifecycle.ts';
import { nodedev } from './topics/nodedev.ts';
import { requests } from './topics/requests.ts';
import { scheduler } from './topics/scheduler.ts';
import { stats } from './topics/stats.ts';
import type { Topic } from './topic.ts';
import { vifXml } from './topics/vif-xml.ts';

export const topics: readonly Topic[] = [
  binding,
  devspec,
  lifecycle,
  nodedev,
  requests,
  scheduler,
  stats,
  vifXml,
];
