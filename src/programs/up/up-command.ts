/** `novella up`: configuration, start, greeting, and the end on request. */
import { resolve } from 'node:path';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { type Screen, writeLines } from '#cli/terminal/screen.ts';
import { type Config, freePorts, readConfig } from '../config/config.ts';
import { postgresUrl } from '../database/named-database.ts';
import { greeting, surveyLines } from './greeting.ts';
import { interruption } from '../terminal/interruption.ts';
import { logTo } from '../terminal/log.ts';
import { type LogArguments, logOptions } from '../terminal/log-choices.ts';
import { screenOn } from '../terminal/screen-on.ts';
import { returnIdleMemory } from './idle-memory.ts';
import { startAllInOne } from './up.ts';

export interface UpOptions extends LogArguments {
  config?: string;
  stateDir?: string;
  database?: string;
  freePorts?: boolean;
  libvirt?: boolean;
  readyLine?: boolean;
}

/** Returns when the cloud has stopped. Throws ComputeError for what prevents its start. */
export async function runUp(
  options: UpOptions,
  { screen, ...surroundings }: Surroundings & { screen: Screen },
): Promise<void> {
  const interrupted = interruption();
  const config = configured(options, surroundings);
  const cloud = await startAllInOne(config, logTo(process.stderr, config.log));
  if (options.readyLine === true) {
    process.stdout.write(`ready ${JSON.stringify({ urls: cloud.urls, pid: process.pid })}\n`);
    writeLines(screenOn(process.stderr), surveyLines(cloud));
  } else {
    writeLines(screen, greeting(cloud, screen));
  }
  const memory = returnIdleMemory();
  await interrupted;
  memory.stop();
  await cloud.stop();
}

function configured(options: UpOptions, surroundings: Surroundings): Config {
  const config = readConfig(options.config, surroundings);
  return {
    ...config,
    ...(options.stateDir !== undefined && { stateDir: resolve(options.stateDir) }),
    ...(options.database !== undefined && {
      database: postgresUrl('--database', options.database),
    }),
    ...(options.freePorts === true && { ports: freePorts }),
    libvirt: options.libvirt === true,
    log: logOptions(options, config.log),
  };
}
