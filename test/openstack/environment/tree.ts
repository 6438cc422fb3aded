/**
 * A Debian tree with Keystone, Neutron, Glance and clients of OpenStack, as Debian ships them
 * together.
 */
import { cacheFolder } from '#test/debian/cache.ts';
import { debianTree, leanDpkgOptions, type Tree } from '#test/debian/debian-tree.ts';

const packages = [
  ...['keystone', 'neutron-server', 'glance-api', 'python3-openstackclient'],
  ...['uwsgi-core', 'uwsgi-plugin-python3', 'tempest', 'python3-stestr'],
  ...['golang-go', 'golang-github-gophercloud-gophercloud-dev'],
];

/**
 * Nothing of the tree may start by itself, whoever installs into it. (mmdebstrap removes its own
 * such file at its end.)
 */
export const noAutostart = { 'usr/sbin/policy-rc.d': '#!/bin/sh\nexit 101\n' };

export const openstackCache = (): string => cacheFolder('openstack');

/** The tree, built (minutes), unpacked from the cached archive, or existing. */
export function openstackTree(): Promise<Tree> {
  return debianTree(openstackCache(), {
    packages,
    dpkgOptions: leanDpkgOptions,
    scripts: noAutostart,
  });
}
