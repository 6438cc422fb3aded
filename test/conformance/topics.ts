/** The topics that have a runner. The cases of any other topic count as failed. */
import { binding } from './binding.ts';
import { devspec } from './devspec.ts';
import { lifecycle } from './lifecycle.ts';
import { nodedev } from './nodedev.ts';
import { requests } from './requests.ts';
import { scheduler } from './scheduler.ts';
import { stats } from './stats.ts';
import type { Topic } from './topic.ts';
import { vifXml } from './vif-xml.ts';

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
