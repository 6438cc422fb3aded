/**
 * The contracts of identity, network and images, run with the clients of a real Keystone, Neutron
 * and Glance.
 */
import { afterAll, beforeAll } from 'vitest';
import { describeIdentityService } from '#contracts/services/identity.contract.ts';
import { describeImageService } from '#contracts/services/image-service.contract.ts';
import { describeNetworkService } from '#contracts/services/network.contract.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';
import { realIdentity, realImages, realNetwork } from './real-services.ts';

let openstack: OpenStack;

beforeAll(async () => {
  openstack = await startOpenStack();
});

afterAll(async () => {
  await openstack?.stop();
});

describeIdentityService('a real Keystone', () => realIdentity(openstack));
describeNetworkService('a real Neutron', () => realNetwork(openstack));
describeImageService('a real Glance', () => realImages(openstack));
