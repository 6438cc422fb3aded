/**
 * The contracts of identity, network and image: run with the embedded services in this process, and
 * with the clients over HTTP.
 */
import { describeIdentityService } from '#contracts/services/identity.contract.ts';
import { describeImageService } from '#contracts/services/image-service.contract.ts';
import { describeNetworkService } from '#contracts/services/network.contract.ts';
import {
  identityUnderTest,
  imagesUnderTest,
  networkUnderTest,
  type Way,
} from '#test/worlds/openstack-world.ts';

const ways: Way[] = ['in process', 'over HTTP'];
for (const way of ways) {
  describeIdentityService(way, () => identityUnderTest(way));
  describeNetworkService(way, () => networkUnderTest(way));
  describeImageService(way, () => imagesUnderTest(way));
}
