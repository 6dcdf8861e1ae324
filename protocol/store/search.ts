/**
 * The search on an open database: an index of trigrams over folded text (base/folded-text.ts), which triggers keep
 * equal to the rows. Trigrams find any part of a word of three characters or more; shorter ones are looked for in what
 * the longer ones found, or in all messages.
 */
import { searchTerms } from '../base/folded-text.ts'
import type { Database } from './database.ts'
import { charactersSearched, foldedColumn, messageFrom, namesIn, shown, type MessageColumns } from './messages.ts'
import type { Store } from './store.ts'

/** Trigrams find nothing shorter. */
const shortestIndexed = 3

/** What the search compares, as SQL: `folded`, or the text as it would be. SQLite lowers the letters of ASCII only. */
const compared = `coalesce(message.folded, lower(substr(message.text, 1, ${charactersSearched})))`

/** The database must have been migrated. */
export function searchOn(database: Database): Pick<Store, 'search' | 'foldOlder'> {
  const unfolded = (): number | undefined => {
    const row = database.get<{ upTo: number }>(
      `SELECT CAST(CAST(value AS TEXT) AS INTEGER) AS upTo FROM setting WHERE key = 'unfolded'`,
    )
    return row?.upTo
  }

  return {
    search(text, limit, peer) {
      const terms = termsAsSql(searchTerms(text), compared)
      if (terms === undefined) return []
      const { match, contains } = terms
      // What is not folded yet is found as it was written.
      const asWritten = unfolded() === undefined ? undefined : text.trim().replaceAll('\0', '')
      const other = asWritten !== undefined && Array.from(asWritten).length >= shortestIndexed ? asWritten : undefined
      const values: Record<string, string | number> = {
        ...terms.values,
        limit,
        ...(peer === undefined ? {} : { peer }),
      }
      // Messages that are not shown have no text.
      const within = peer === undefined ? '' : `AND peer = $peer AND ${shown}`
      const scanned = peer === undefined ? 'message' : 'message INDEXED BY messageShown'
      if (match !== undefined && other !== undefined) values['sought'] = `(${match}) OR ${phrase(other)}`
      const sql =
        match !== undefined
          ? `SELECT message.* FROM messageText JOIN message ON position = messageText.rowid
             WHERE messageText MATCH $sought ${within} ${contains} ORDER BY messageText.rowid DESC LIMIT $limit`
          : `SELECT * FROM ${scanned} WHERE TRUE ${within} ${contains} ORDER BY position DESC LIMIT $limit`
      return database.all<MessageColumns>(sql, values).map(messageFrom)
    },

    foldOlder: (count) =>
      database.transaction(() => {
        const upTo = unfolded()
        if (upTo === undefined) return false
        const rows = database.all<Older>(
          `SELECT position, text, state, content, contentBytes FROM message WHERE position <= ?
           ORDER BY position DESC LIMIT ?`,
          upTo,
          count,
        )
        // What can still be recalled must leave no trace in the index. The others stay, and that is fifteen times
        // faster.
        for (const row of rows) if (row.state === 'queued') foldRow(database, row)
        secureDelete(database, false)
        for (const row of rows) if (row.state !== 'queued') foldRow(database, row)
        secureDelete(database, true)
        const last = rows.at(-1)?.position
        if (last === undefined || rows.length < count) database.run(`DELETE FROM setting WHERE key = 'unfolded'`)
        else database.run(`UPDATE setting SET value = ? WHERE key = 'unfolded'`, Buffer.from(String(last - 1)))
        return last !== undefined && rows.length === count
      }),
  }
}

/**
 * Translates the terms of a search to SQL; undefined if there are none. `match`: what the index must match (`$sought`),
 * undefined if all terms are too short for it. `contains`: what the text in `column` must contain.
 */
export function termsAsSql(
  terms: readonly string[],
  column: string,
): { match: string | undefined; contains: string; values: Record<string, string> } | undefined {
  if (terms.length === 0) return undefined
  const indexed = terms.filter((term) => Array.from(term).length >= shortestIndexed)
  const short = terms.filter((term) => !indexed.includes(term))
  const match = indexed.length === 0 ? undefined : indexed.map(phrase).join(' AND ')
  const values: Record<string, string> = match === undefined ? {} : { sought: match }
  for (const [index, term] of short.entries()) values[`short${index}`] = term
  return { match, contains: short.map((_, index) => `AND instr(${column}, $short${index})`).join(' '), values }
}

type Older = Pick<MessageColumns, 'position' | 'text' | 'state' | 'content' | 'contentBytes'>

function foldRow(database: Database, { position, text, content, contentBytes }: Older): void {
  const offer = content === 'offer' && contentBytes !== null ? { kind: content, bytes: contentBytes } : undefined
  const folded = foldedColumn(text, namesIn(offer))
  database.run('UPDATE message SET folded = ? WHERE position = ? AND folded IS NOT ?', folded, position, folded)
}

/** Whether words that are removed from the index are overwritten at once, as after the creation of its table. */
function secureDelete(database: Database, on: boolean): void {
  database.run(`INSERT INTO messageText (messageText, rank) VALUES ('secure-delete', ${on ? 1 : 0})`)
}

/** A phrase of FTS5. */
function phrase(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
