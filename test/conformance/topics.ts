/** The topics that have a runner. The cases of any other topic count as failed. */
import { devspec } from './devspec.ts';
import { requests } from './requests.ts';
import { stats } from './stats.ts';
import type { Topic } from './topic.ts';

export const topics: readonly Topic[] = [devspec, requests, stats];
