/**
 * A Debian tree with nothing but RabbitMQ: apart from the services' tree, which most tests need
 * without it.
 */
import { debianTree, leanDpkgOptions, type Tree } from '#test/debian/debian-tree.ts';
import { noAutostart, openstackCache } from './tree.ts';

/** The tree, built (a minute), unpacked from the cached archive, or existing. */
export function brokerTree(): Promise<Tree> {
  return debianTree(openstackCache(), {
    packages: ['rabbitmq-server'],
    dpkgOptions: leanDpkgOptions,
    scripts: { ...noAutostart, 'etc/hosts': '127.0.0.1 localhost\n' },
  });
}
