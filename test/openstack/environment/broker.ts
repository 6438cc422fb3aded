/**
 * RabbitMQ on free ports of the loopback, for messages between Neutron and its agents. All its
 * files are in the run folder.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '#test/processes/free-ports.ts';
import { brokerTree } from './broker-tree.ts';
import { home, type Running, startInside } from './inside.ts';

const readyLimitMs = 120_000;

export interface Broker {
  /** For clients. */
  port: number;
  /** All that it listens on. */
  ports: number[];
  kill(): Promise<void>;
}

/**
 * Settles when it accepts clients. Its node has a name server of its own (epmd), which ends with
 * it.
 */
export async function startBroker(runFolder: string): Promise<Broker> {
  const { path: tree } = await brokerTree();
  const folder = join(runFolder, 'broker');
  mkdirSync(folder);
  const [port = 0, between = 0, names = 0] = await freePorts(3);
  const loopback = '{127,0,0,1}';
  const env = {
    RABBITMQ_NODENAME: 'novella@localhost',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_DIST_PORT: `${between}`,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface ${loopback} +S 1:1 +A 8`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: `${names}`,
    RABBITMQ_MNESIA_BASE: `${home}/data`,
    RABBITMQ_LOGS: '-',
    RABBITMQ_ENABLED_PLUGINS_FILE: `${home}/plugins`,
    RABBITMQ_FEATURE_FLAGS_FILE: `${home}/feature-flags`,
    RABBITMQ_GENERATED_CONFIG_DIR: `${home}/config`,
  };
  const log = join(folder, 'log');
  const command = ['/usr/lib/rabbitmq/bin/rabbitmq-server'];
  const running = startInside({ tree, folder }, command, { env, log });
  await letsClientsIn(port, running, log);
  return { port, ports: [port, between, names], kill: () => running.kill() };
}

async function letsClientsIn(port: number, running: Running, log: string): Promise<void> {
  const end = performance.now() + readyLimitMs;
  while (!(await answers(port))) {
    const late = performance.now() > end;
    if (late || !running.isRunning()) {
      await running.kill();
      const messages = existsSync(log) ? readFileSync(log, 'utf8').slice(-4_000) : '';
      throw new Error(`RabbitMQ ${late ? 'is not ready in time' : 'ended'}:\n${messages}`);
    }
    await delay(50);
  }
}

/** A broker sends its AMQP greeting only once it has started: before, it refuses, or is silent. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('AMQP\0\0\x09\x01'));
    const done = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once('data', () => done(true));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}
