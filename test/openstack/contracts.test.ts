/** The contracts of identity and network, kept by the clients of a real Keystone and Neutron: `npm run test:openstack`. */
import { describe } from 'vitest';
import { describeIdentityService } from '#contracts/identity.contract.ts';
import { describeNetworkService } from '#contracts/network.contract.ts';
import { isThere, realIdentity, realNetwork } from './real-services.ts';

describe.runIf(isThere)('with OS_AUTH_URL', () => {
  describeIdentityService('a real Keystone', realIdentity);
  describeNetworkService('a real Neutron', realNetwork);
});
