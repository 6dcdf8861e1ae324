/** Transfers in the store: one row each. The manifest, which may be large, is read and written separately. */
import type { ErrorCode } from '../base/errors.ts'
import { entriesFromBits, entriesToBits } from '../wire/entry-bits.ts'
import type { Database } from './database.ts'
import type { Store, TransferRow } from './store.ts'

interface TransferColumns {
  id: string
  peer: string
  direction: TransferRow['direction']
  state: TransferRow['state']
  pausedByMe: number
  pausedByThem: number
  message: string
  offeredAt: number
  offer: Uint8Array
  sources: string | null
  directory: string | null
  places: string
  savedTo: string | null
  doneBytes: number
  missing: Uint8Array | null
  errorCode: ErrorCode | null
  errorMessage: string | null
}

/** All columns except the manifest. */
const names = [
  'id',
  'peer',
  'direction',
  'state',
  'pausedByMe',
  'pausedByThem',
  'message',
  'offeredAt',
  'offer',
  'sources',
  'directory',
  'places',
  'savedTo',
  'doneBytes',
  'missing',
  'errorCode',
  'errorMessage',
] as const satisfies (keyof TransferColumns)[]

const select = `SELECT ${names.join(', ')} FROM transfer`
const insert = `INSERT INTO transfer (${names.join(', ')}) VALUES (${names.map((name) => `$${name}`).join(', ')})`
const update = `UPDATE transfer SET ${names.map((name) => `${name} = $${name}`).join(', ')} WHERE id = $id`

type Transfers = Pick<
  Store,
  | 'transfers'
  | 'offersFrom'
  | 'transfer'
  | 'addTransfer'
  | 'updateTransfer'
  | 'transferManifest'
  | 'putTransferManifest'
>

/** The database must have been migrated. */
export function transfersOn(database: Database): Transfers {
  function transfer(id: string): TransferRow | undefined {
    const row = database.get<TransferColumns>(`${select} WHERE id = ?`, id)
    return row && rowFrom(row)
  }

  return {
    transfer,

    transfers(peer, open) {
      const states = open === undefined ? '' : `AND state IN ('offered', 'accepted', 'failed')`
      // Without a condition on `peer` that is always true: SQLite uses no index for one that may be.
      const of = peer === undefined ? 'TRUE' : 'peer = $peer'
      const sql = `${select} WHERE ${of} ${states} ORDER BY position`
      return database.all<TransferColumns>(sql, peer === undefined ? {} : { peer }).map(rowFrom)
    },

    offersFrom(peer) {
      const sql = `SELECT count(*) AS count FROM transfer WHERE peer = ? AND direction = 'in' AND state = 'offered'`
      return database.get<{ count: number }>(sql, peer)?.count ?? 0
    },

    addTransfer(row) {
      database.run(insert, { ...columnsOf(row) })
    },

    updateTransfer: (id, changes) =>
      database.transaction(() => {
        const row = transfer(id)
        if (row === undefined) return
        const { error, ...rest } = { ...row, ...changes }
        database.run(update, { ...columnsOf({ ...rest, ...(error !== undefined && { error }) }) })
      }),

    transferManifest(id) {
      const row = database.get<{ manifest: Uint8Array | null }>('SELECT manifest FROM transfer WHERE id = ?', id)
      return row?.manifest ? new Uint8Array(row.manifest) : undefined
    },

    putTransferManifest(id, manifest) {
      database.run('UPDATE transfer SET manifest = ? WHERE id = ?', manifest, id)
    },
  }
}

function columnsOf(row: TransferRow): TransferColumns {
  const { error, sources, directory, savedTo, pausedByMe, pausedByThem, places, missing, ...same } = row
  return {
    ...same,
    pausedByMe: Number(pausedByMe),
    pausedByThem: Number(pausedByThem),
    sources: sources === undefined ? null : JSON.stringify(sources),
    directory: directory ?? null,
    places: JSON.stringify(places),
    savedTo: savedTo ?? null,
    missing: missing === undefined ? null : entriesToBits(missing),
    errorCode: error?.code ?? null,
    errorMessage: error?.message ?? null,
  }
}

function rowFrom(row: TransferColumns): TransferRow {
  const { errorCode, errorMessage, sources, directory, savedTo, pausedByMe, pausedByThem, places, ...rest } = row
  const { offer, missing, ...same } = rest
  return {
    ...same,
    offer: new Uint8Array(offer),
    pausedByMe: pausedByMe === 1,
    pausedByThem: pausedByThem === 1,
    ...(sources !== null && { sources: JSON.parse(sources) as string[] }),
    ...(directory !== null && { directory }),
    places: JSON.parse(places) as string[],
    ...(savedTo !== null && { savedTo }),
    ...(missing !== null && missing.byteLength > 0 && { missing: entriesFromBits(missing) }),
    ...(errorCode !== null && { error: { code: errorCode, message: errorMessage ?? '' } }),
  }
}
