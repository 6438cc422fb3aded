/** A second Novella that uses the services of a first one; any of its calls to them may fail. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePorts, parseConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import { Cloud, type CloudPlace } from './cloud.ts';
import { type FaultyProxy, faultyProxy, type Mischief } from './faulty-proxy.ts';
import { startNovella, temporaryDirectory } from '../processes/novella-process.ts';
import { silentLog } from '../silent-log.ts';

/** In this process. Waits 3 s for answers by default. */
export async function besideFaulty(first: CloudPlace, mischief: Mischief, { timeout = 3 } = {}) {
  const services = await faultyServices(first, mischief);
  const state = temporaryDirectory();
  const parsed = parseConfig(services.config(timeout), 'novella.yaml');
  const config = { ...parsed, stateDir: state.path, ports: freePorts };
  const running = await startAllInOne(config, silentLog);
  return {
    cloud: await atSecond(first, running.urls.compute),
    calm: services.calm,
    faults: services.faults,
    async stop() {
      await running.stop();
      await services.stop();
      state.remove();
    },
  };
}

/**
 * In a process of its own, which can be killed and restarted on the same state. Waits 30 s for
 * answers.
 */
export async function killableBesideFaulty(first: CloudPlace, mischief: Mischief) {
  const services = await faultyServices(first, mischief);
  const state = temporaryDirectory();
  const file = join(state.path, 'novella.yaml');
  writeFileSync(file, services.config(30));
  const start = () => startNovella(state.path, ['--config', file]);
  let running = await start();
  return {
    cloud: () => atSecond(first, running.urls.compute),
    kill: () => running.kill(),
    async start() {
      running = await start();
    },
    async stop() {
      await running.stop();
      await services.stop();
      state.remove();
    },
  };
}

function atSecond({ urls, cloudsYaml }: CloudPlace, compute: string): Promise<Cloud> {
  return Cloud.at({ urls: { ...urls, compute }, cloudsYaml });
}

async function faultyServices({ urls, cloudsYaml }: CloudPlace, mischief: Mischief) {
  let isCalm = false;
  const beside = (url: string): Promise<FaultyProxy> =>
    faultyProxy(url, (call) => (isCalm ? undefined : mischief(call)));
  const [identity, network, image] = [
    await beside(urls.identity),
    await beside(urls.network),
    await beside(urls.image),
  ];
  const proxies = [identity, network, image];
  return {
    /** `timeout` in seconds. */
    config: (timeout: number): string =>
      JSON.stringify({
        openstack: {
          auth_url: identity.url,
          network_url: network.url,
          image_url: image.url,
          username: 'admin',
          password_file: join(dirname(cloudsYaml), 'admin-password'),
          project_name: 'admin',
          timeout,
          token_cache_time: 1,
        },
      }),
    calm: () => {
      isCalm = true;
    },
    faults: () => proxies.map(({ done }) => done),
    stop: () => Promise.all(proxies.map((proxy) => proxy.stop())),
  };
}
