/** The port where Prometheus reads the metrics. */
import { prometheusContentType } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { ComputeError } from '#core/errors.ts';
import { createHttpService } from '#http/service.ts';
import { statusOf } from '#http/status.ts';
import { listen } from '#http/listen.ts';
import type { VacuumFigures } from '#integrations/database/postgres/vacuum-figures.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { FabricView } from '#workflows/hosts/fabric-view.ts';
import type { Config } from '../config/config.ts';
import type { TlsFiles } from '../config/doors-config.ts';
import { databaseMetrics } from './database-metrics.ts';
import { cloudMetrics, type Sources } from './cloud-metrics.ts';
import type { Metrics } from './metrics.ts';
import { vfMetrics } from './vf-metrics.ts';

interface Measured extends Pick<Sources, 'disks'> {
  context: WorkflowContext;
  metrics: Metrics | undefined;
  vacuum: () => Promise<VacuumFigures | undefined>;
  tls: TlsFiles | undefined;
  log: Logger;
  stops: (() => void | Promise<void>)[];
}

/**
 * Listens, and returns the URL, such as `http://127.0.0.1:9510/metrics`; nothing where nothing is
 * measured.
 */
export async function openMetrics(
  { metrics: at }: Pick<Config, 'metrics'>,
  { context, metrics, disks, vacuum, tls, log, stops }: Measured,
): Promise<{ metrics?: string }> {
  if (at === undefined || metrics === undefined) return {};
  const readCloud = cloudMetrics(metrics, { context, fabric: new FabricView(context), disks });
  const readVfs = vfMetrics(metrics, { context, most: at.vfs });
  const readDatabase = databaseMetrics(metrics, vacuum);
  const read = async (): Promise<void> => {
    await readCloud();
    await readVfs();
    await readDatabase();
  };
  const app = createMetricsService(metrics, { read, tls, log });
  stops.push(() => app.close());
  const port = await listen(app, 'metrics', at.listen, at.port);
  const host = at.listen.includes(':') ? `[${at.listen}]` : at.listen;
  const url = `${tls === undefined ? 'http' : 'https'}://${host}:${port}/metrics`;
  log.info({ url }, 'metrics for Prometheus');
  return { metrics: url };
}

/**
 * `GET /metrics`, without sign-in: it names hosts, servers and projects, so its port is for the
 * operator's network only. `read`: sets what is read at a scrape; scrapes at the same time share
 * it.
 */
function createMetricsService(
  metrics: Metrics,
  { read, tls, log }: { read: () => Promise<void>; tls: TlsFiles | undefined; log: Logger },
): FastifyInstance {
  const app = createHttpService({
    log,
    toErrorReply: ({ kind, message }) => ({
      status: statusOf(kind),
      body: { error: { code: statusOf(kind), message } },
    }),
    unknownRoute: () => new ComputeError('notFound', 'The metrics are at /metrics.'),
    ...(tls !== undefined && { tls }),
  });
  let scrape: Promise<string> | undefined;
  app.get('/metrics', async (_request, reply) => {
    scrape ??= read()
      .then(() => metrics.text())
      .finally(() => {
        scrape = undefined;
      });
    return reply.type(prometheusContentType).send(await scrape);
  });
  return app;
}
