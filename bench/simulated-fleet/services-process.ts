/** The embedded identity, network and image service for controllers: a `novella up` without agents. */
import { noLimits } from '#core/quotas/limits.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import { answerParent } from './child.ts';
import { hostNames, physicalNetworks } from './plan.ts';

export interface ServicesRequest {
  hosts: number;
  stateDir: string;
}

export interface StartedServices {
  identityUrl: string;
  cloudsYaml: string;
}

answerParent(async ({ hosts, stateDir }: ServicesRequest): Promise<StartedServices> => {
  // Its network service must have the networks of each host; the agents are of the controllers.
  const known = hostNames(hosts).map((name) => ({
    name,
    deviceSpec: [],
    devices: [],
    bridgeMappings: physicalNetworks,
    startsDown: true,
  }));
  const usual = readConfig();
  const { urls, cloudsYaml } = await startAllInOne({
    ...usual,
    stateDir,
    ports: freePorts,
    quotas: { ...usual.quotas, default: noLimits },
    simulated: { kind: 'described', hosts: known },
  });
  return { identityUrl: urls.identity, cloudsYaml };
});
