/** `novella up`: configuration, start, greeting, and the end on request. */
import { resolve } from 'node:path';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { ComputeError } from '#core/errors.ts';
import { isPostgresUrl } from '#integrations/database/store.ts';
import { type Screen, writeLines } from '#cli/terminal/screen.ts';
import { type Config, freePorts, readConfig } from '../config/config.ts';
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
    ...(options.database !== undefined && { database: databaseUrl(options.database) }),
    ...(options.freePorts === true && { ports: freePorts }),
    libvirt: options.libvirt === true,
    log: logOptions(options, config.log),
  };
}

function databaseUrl(text: string): string {
  if (isPostgresUrl(text)) return text;
  throw new ComputeError(
    'invalid',
    `--database: ${text} is no URL of PostgreSQL, such as postgresql:///novella?host=/run/postgresql`,
  );
}
