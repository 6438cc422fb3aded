/** Which controller each host is linked to: rows that change when a link opens or closes. */
import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import type { ChangeMark } from '#contracts/store/store.ts';
import type {
  HostLinkStore,
  OpenedLink,
  StoredLink,
} from '#contracts/store/controllers/controller-store.ts';
import { keptRow, larger } from '../engine/dialect.ts';
import { engineOf } from '../engine/per-engine.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { inTransaction } from '../engine/transaction.ts';
import { newestLink } from '../rows/current-link.ts';
import { isUnseen, nothingSeen, snapshotNow } from '../hosts/host-changes.ts';
import { prepared } from '../rows/prepared.ts';

type Db = Kysely<ComputeTables>;

export function hostLinkStore(db: Db): HostLinkStore {
  return {
    open: (links) =>
      inTransaction(db, async (trx) => {
        const opened = new Set<string>();
        const [first] = links;
        if (first === undefined || !(await keepsController(trx, first.controllerId))) return opened;
        for (const { compute_node_id: hostId } of await openLinks(trx, newestOf(links))) {
          opened.add(hostId);
        }
        return opened;
      }),
    close: (links, at) =>
      inTransaction(db, async (trx) => {
        for (const { hostId, controllerId, link, sentUpTo } of links) {
          await closeLink(trx, { hostId, controllerId: controllerId ?? '', link, sentUpTo, at });
        }
      }),
    newest: (hostId) => newestLink(db, hostId),
    changedSince: (mark) => linksChangedSince(db, mark),
  };
}

/** The links of a controller that has ended: all that waits for its hosts may have been sent. */
export async function closeLinksOf(db: Db, controllerId: string, at: number): Promise<void> {
  await db
    .updateTable('host_links')
    .set((eb) => ({
      controller_uuid: null,
      closed_at: at,
      sent_up_to: allMayBeSent(eb),
    }))
    .where('controller_uuid', '=', controllerId)
    .execute();
}

/** `sent_up_to` where any pending command may have reached the host. */
function allMayBeSent(eb: ExpressionBuilder<ComputeTables, 'host_links'>) {
  return eb.fn.coalesce(
    eb
      .selectFrom('host_commands')
      .select((of) => of.fn.max('seq').as('newest'))
      .whereRef('host_commands.compute_node_id', '=', 'host_links.compute_node_id')
      .where('succeeded', 'is', null),
    'host_links.sent_up_to',
  );
}

const heldController = prepared((db: Db, given: { id: string }) =>
  db
    .selectFrom('controllers')
    .select('uuid')
    .where('uuid', '=', given.id)
    .where('beats', '>=', 0)
    .modifyEnd(keptRow),
);

/**
 * Whether this controller was not removed; its row is not deleted before this transaction ends. The
 * controller can still show that it is alive.
 */
async function keepsController(trx: Db, id: string): Promise<boolean> {
  return (await heldController(trx, { id })).rows.length > 0;
}

/** One for each host: a statement writes no row twice. */
function newestOf(links: readonly OpenedLink[]): OpenedLink[] {
  const newest = new Map<string, OpenedLink>();
  for (const one of links) {
    if ((newest.get(one.hostId)?.link ?? 0) < one.link) newest.set(one.hostId, one);
  }
  return [...newest.values()];
}

/** In one statement: a transaction of many would hold up others for long. */
function openLinks(trx: Db, links: readonly OpenedLink[]) {
  const rows = links.map(({ hostId, controllerId, link }) => ({
    compute_node_id: hostId,
    controller_uuid: controllerId,
    link,
    sent_up_to: 0,
    closed_at: null,
  }));
  return trx
    .insertInto('host_links')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column('compute_node_id')
        .doUpdateSet((eb) => ({
          controller_uuid: eb.ref('excluded.controller_uuid'),
          link: eb.ref('excluded.link'),
          closed_at: null,
          // The close of a link that this one replaces is not recorded any more.
          sent_up_to: eb
            .case()
            .when('host_links.controller_uuid', 'is', null)
            .then(eb.ref('host_links.sent_up_to'))
            .else(allMayBeSent(eb))
            .end(),
        }))
        .whereRef('host_links.link', '<', 'excluded.link'),
    )
    .returning('compute_node_id')
    .execute();
}

const closeLink = prepared(
  (
    db: Db,
    given: { hostId: string; controllerId: string; link: number; sentUpTo: number; at: number },
  ) =>
    db
      .updateTable('host_links')
      .set({
        controller_uuid: null,
        closed_at: given.at,
        sent_up_to: larger(
          sql<number>`sent_up_to`,
          sql<number>`cast(${given.sentUpTo} as integer)`,
        ),
      })
      .where('compute_node_id', '=', given.hostId)
      .where('controller_uuid', '=', given.controllerId)
      .where('link', '=', given.link),
);

function changedLinks(db: Db) {
  return db
    .selectFrom('host_changes')
    .innerJoin('host_links', 'host_links.compute_node_id', 'host_changes.uuid')
    .selectAll('host_links');
}

const linksAfter = prepared((db: Db, given: { mark: number }) =>
  changedLinks(db)
    .select('host_changes.number as mark')
    .where('host_changes.number', '>', given.mark)
    .orderBy('host_changes.number'),
);

const linksUnseen = prepared((db: Db, given: { mark: string }) =>
  changedLinks(db).select(snapshotNow.as('mark')).where(isUnseen(given.mark)),
);

async function linksChangedSince(
  db: Db,
  since: ChangeMark | undefined,
): ReturnType<HostLinkStore['changedSince']> {
  const isSqlite = engineOf(db) === 'sqlite';
  const mark = since ?? (isSqlite ? -1 : nothingSeen);
  const { rows } = isSqlite
    ? await linksAfter(db, { mark: Number(mark) })
    : await linksUnseen(db, { mark: String(mark) });
  const links = rows.map(
    (row): StoredLink => ({
      hostId: row.compute_node_id,
      controllerId: row.controller_uuid,
      link: row.link,
      sentUpTo: row.sent_up_to,
      closedAt: row.closed_at,
    }),
  );
  return { links, mark: rows.at(-1)?.mark ?? mark };
}
