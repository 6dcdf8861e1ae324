/**
 * Transfers in the store: one row each. What may be long is read only on request: offer, paths and missing entries as
 * details, the manifest in parts.
 */
import type { ErrorCode } from '../base/errors.ts'
import { MiB } from '../base/units.ts'
import { entriesFromBits, entriesToBits } from '../wire/entry-bits.ts'
import type { Database } from './database.ts'
import type { Store, TransferChanges, TransferDetails, TransferRow } from './store.ts'
import type { TransferSummary } from './transfer-summary.ts'

/** Bytes of a part of a manifest. All but the last of one are as long, also those that a migration made. */
const partBytes = 1 * MiB

interface RowColumns {
  position: number
  id: string
  peer: string
  direction: TransferRow['direction']
  state: TransferRow['state']
  pausedByMe: number
  pausedByThem: number
  message: string
  offeredAt: number
  entries: number
  summary: string | null
  directory: string | null
  savedTo: string | null
  doneBytes: number
  errorCode: ErrorCode | null
  errorMessage: string | null
}

interface DetailColumns {
  offer: Uint8Array
  sources: string | null
  places: string
  missing: Uint8Array | null
}

const rowNames = [
  'id',
  'peer',
  'direction',
  'state',
  'pausedByMe',
  'pausedByThem',
  'message',
  'offeredAt',
  'entries',
  'summary',
  'directory',
  'savedTo',
  'doneBytes',
  'errorCode',
  'errorMessage',
] as const satisfies (keyof RowColumns)[]
const detailNames = ['offer', 'sources', 'places', 'missing'] as const satisfies (keyof DetailColumns)[]
const names = [...rowNames, ...detailNames]

const select = `SELECT position, ${rowNames.join(', ')} FROM transfer`
const insert = `INSERT INTO transfer (${names.join(', ')}) VALUES (${names.map((name) => `$${name}`).join(', ')})`

/** Not over; `mayBeOpen` is the condition of an index, and a part of it. */
const resumable = `errorCode IN ('disk-full', 'not-writable')`
const mayBeOpen = `state IN ('offered', 'accepted', 'failed')`
const open = `${mayBeOpen} AND (state <> 'failed' OR coalesce(${resumable}, FALSE))`
/** Received, over, and nothing of it is here. */
const ended = `direction = 'in' AND state IN ('declined', 'cancelled', 'failed')`

type Transfers = Pick<
  Store,
  | 'openTransfers'
  | 'acceptedTransfers'
  | 'transfers'
  | 'unanswered'
  | 'transfer'
  | 'transferDetails'
  | 'addTransfer'
  | 'updateTransfer'
  | 'emptyTransfer'
  | 'manifestLength'
  | 'manifestPart'
  | 'putManifest'
>

/** The database must have been migrated. */
export function transfersOn(database: Database): Transfers {
  /** Conditions and their parameters. Without one that is always true: SQLite uses no index for one that may be. */
  const rowsOf = (peer: string | undefined): { of: string; params: Record<string, string> } =>
    peer === undefined ? { of: 'TRUE', params: {} } : { of: 'peer = $peer', params: { peer } }

  return {
    transfer(id) {
      const row = database.get<RowColumns>(`${select} WHERE id = ?`, id)
      return row && rowFrom(row)
    },

    transferDetails(id) {
      const row = database.get<DetailColumns>(`SELECT ${detailNames.join(', ')} FROM transfer WHERE id = ?`, id)
      return row && detailsFrom(row)
    },

    openTransfers(peer) {
      const { of, params } = rowsOf(peer)
      return database.all<RowColumns>(`${select} WHERE ${of} AND ${open} ORDER BY position`, params).map(rowFrom)
    },

    acceptedTransfers(peer) {
      const accepted = `${mayBeOpen} AND direction = 'in' AND state = 'accepted'`
      const sql = `${select} WHERE peer = ? AND ${accepted} ORDER BY position`
      return database.all<RowColumns>(sql, peer).map(rowFrom)
    },

    transfers(limit, { peer, before, after, over = false } = {}) {
      const { of, params } = rowsOf(peer)
      const position = (name: string): string => `(SELECT position FROM transfer WHERE id = ${name})`
      const earlier = before === undefined ? '' : `AND position < ${position('$before')}`
      const later = after === undefined ? '' : `AND position > ${position('$after')}`
      const sql = `${select} WHERE ${of} ${over ? `AND NOT (${open})` : ''} ${earlier} ${later}
        ORDER BY position ${after === undefined ? 'DESC' : 'ASC'} LIMIT $limit`
      const range = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
      const found = database.all<RowColumns>(sql, { ...params, ...range, limit }).map(rowFrom)
      return after === undefined ? found.toReversed() : found
    },

    unanswered(peer) {
      const sql = `SELECT count(*) AS offers, coalesce(sum(entries), 0) AS entries, coalesce(max(entries), 0) AS largest
        FROM transfer WHERE peer = ? AND direction = 'in' AND state = 'offered'`
      return database.get(sql, peer) ?? { offers: 0, entries: 0, largest: 0 }
    },

    addTransfer({ offer, ...row }) {
      const none = { directory: null, savedTo: null, summary: null, sources: null, missing: null }
      database.run(insert, { ...none, errorCode: null, errorMessage: null, ...columnsOf(row), offer })
    },

    updateTransfer(id, changes) {
      const columns = columnsOf(changes)
      const assignments = Object.keys(columns).map((name) => `${name} = $${name}`)
      if (assignments.length > 0) {
        database.run(`UPDATE transfer SET ${assignments.join(', ')} WHERE id = $id`, { ...columns, id })
      }
    },

    emptyTransfer: (id, kept) =>
      database.transaction(() => {
        database.run('DELETE FROM manifestPart WHERE transfer = ?', id)
        const row = database.get<{ peer: string }>(
          `UPDATE transfer SET offer = x'' WHERE id = ? AND ${ended} RETURNING peer`,
          id,
        )
        if (row === undefined) return
        const old = `SELECT position FROM transfer WHERE peer = ? AND ${ended} AND NOT coalesce(${resumable}, FALSE)
          ORDER BY position DESC LIMIT -1 OFFSET ?`
        database.run(`DELETE FROM transfer WHERE position IN (${old}) AND id <> ?`, row.peer, kept, id)
      }),

    manifestLength(transfer) {
      const sql = 'SELECT coalesce(sum(length(bytes)), 0) AS length FROM manifestPart WHERE transfer = ?'
      return database.get<{ length: number }>(sql, transfer)?.length ?? 0
    },

    manifestPart(transfer, part) {
      const sql = 'SELECT bytes FROM manifestPart WHERE transfer = ? AND part = ?'
      const row = database.get<{ bytes: Uint8Array }>(sql, transfer, part)
      return row && new Uint8Array(row.bytes)
    },

    putManifest: (transfer, manifest) =>
      database.transaction(() => {
        database.run('DELETE FROM manifestPart WHERE transfer = ?', transfer)
        const insertPart = 'INSERT INTO manifestPart (transfer, part, bytes) VALUES (?, ?, ?)'
        for (let part = 0; part * partBytes < manifest.byteLength; part += 1) {
          database.run(insertPart, transfer, part, manifest.subarray(part * partBytes, (part + 1) * partBytes))
        }
      }),
  }
}

/** The columns of the given fields. */
function columnsOf(
  row: TransferChanges & Partial<Omit<TransferRow & TransferDetails, 'position' | 'error' | 'offer'>>,
): Partial<RowColumns & Omit<DetailColumns, 'offer'>> {
  const { error, sources, pausedByMe, pausedByThem, places, missing, summary, ...same } = row
  return {
    ...same,
    ...(pausedByMe === undefined ? {} : { pausedByMe: Number(pausedByMe) }),
    ...(pausedByThem === undefined ? {} : { pausedByThem: Number(pausedByThem) }),
    ...(summary === undefined ? {} : { summary: JSON.stringify(summary) }),
    ...(sources === undefined ? {} : { sources: JSON.stringify(sources) }),
    ...(places === undefined ? {} : { places: JSON.stringify(places) }),
    ...(missing === undefined ? {} : { missing: entriesToBits(missing) }),
    ...('error' in row ? { errorCode: error?.code ?? null, errorMessage: error?.message ?? null } : {}),
  }
}

function rowFrom(row: RowColumns): TransferRow {
  const { errorCode, errorMessage, summary, directory, savedTo, pausedByMe, pausedByThem, ...same } = row
  return {
    ...same,
    pausedByMe: pausedByMe === 1,
    pausedByThem: pausedByThem === 1,
    ...(summary !== null && { summary: JSON.parse(summary) as TransferSummary }),
    ...(directory !== null && { directory }),
    ...(savedTo !== null && { savedTo }),
    ...(errorCode !== null && { error: { code: errorCode, message: errorMessage ?? '' } }),
  }
}

function detailsFrom({ offer, sources, places, missing }: DetailColumns): TransferDetails {
  return {
    offer: new Uint8Array(offer),
    ...(sources !== null && { sources: JSON.parse(sources) as string[] }),
    places: JSON.parse(places) as string[],
    ...(missing !== null && missing.byteLength > 0 && { missing: entriesFromBits(missing) }),
  }
}
