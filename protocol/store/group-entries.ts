/**
 * What is said in groups, on an open database. An entry is shown if it counts (its chain says up to where) and is the
 * first of those with its author and id. Everybody shows them in one order: by lamport, author, chain and sequence.
 */
import { searchTerms } from '../base/folded-text.ts'
import type { Database } from './database.ts'
import type { ChainEnd, GroupEntries, GroupEntryRow, HeldEntry, ShownEntry } from './group-store.ts'
import { charactersSearched, foldedColumn, namesIn } from './messages.ts'
import { termsAsSql } from './search.ts'

interface EntryColumns {
  position: number
  chain: string
  author: string
  sequence: number
  hash: string
  lamport: number
  id: string
  time: number
  receivedAt: number | null
  read: number
  content: 'text' | 'offer' | 'news' | 'unknown'
  text: string
  replyTo: string | null
  transfer: string | null
}

type Shown = 'groupMessages' | 'groupMessagesOf' | 'groupMessage' | 'searchGroups' | 'groupUnread' | 'markGroupRead'

const number = `(SELECT number FROM "group" WHERE id = $group)`
const chainNumber = `(SELECT number FROM groupChain WHERE "group" = ${number} AND chain = $chain)`
const withChain = `groupEntry AS entry JOIN groupChain ON groupChain.number = entry.chain`
const visible = `shown = 1 AND content <> 'news'`
/** As SQL: what everybody orders by, of `entry` joined with its chain. */
const place = `lamport, groupChain.author, groupChain.chain, sequence`
const columns = `position, groupChain.chain, groupChain.author, sequence, hash, lamport, entry.id, time, receivedAt,
  read, content, entry.text, replyTo, transfer`

/** The database must have been migrated. */
export function groupEntriesOn(database: Database): GroupEntries {
  return { ...heldOn(database), ...shownOn(database) }
}

/** Entries of a chain that counted up to `before` do so up to `now`. */
export function showCounted(database: Database, group: string, chain: string, before: number, now: number): void {
  const range = { group, chain, above: Math.min(before, now), upTo: Math.max(before, now) }
  const changed = `chain = ${chainNumber} AND aside = 0 AND sequence > $above AND sequence <= $upTo`
  database.run(`UPDATE groupEntry SET shown = $shown WHERE ${changed}`, { ...range, shown: Number(now > before) })
  const repeated = database.all<{ id: string; author: string }>(
    `SELECT DISTINCT id, author FROM ${withChain} WHERE entry.${changed} AND EXISTS (
       SELECT 1 FROM groupEntry AS other WHERE other."group" = entry."group" AND other.id = entry.id
       AND other.position <> entry.position)`,
    range,
  )
  for (const { id, author } of repeated) showFirst(database, group, author, id)
}

/** Of those with that author and id that count, the first one in order is shown. Returns its hash. */
function showFirst(database: Database, group: string, author: string, id: string): string | undefined {
  const all = database.all<{ position: number; hash: string; counts: number }>(
    `SELECT position, hash, aside = 0 AND sequence <= counted AS counts FROM ${withChain}
     WHERE entry."group" = ${number} AND id = $id AND author = $author ORDER BY ${place}`,
    { group, id, author },
  )
  const first = all.find(({ counts }) => counts === 1)
  for (const { position } of all)
    database.run('UPDATE groupEntry SET shown = ? WHERE position = ?', Number(position === first?.position), position)
  return first?.hash
}

function heldOn(database: Database): Omit<GroupEntries, Shown> {
  const put = (group: string, entry: GroupEntryRow, aside: boolean): void => {
    const { chain, sequence, hash, lamport, id, time, text, signed, content } = entry
    database.run(
      `INSERT INTO groupEntry ("group", chain, sequence, hash, lamport, id, time, receivedAt, aside, shown, read,
         content, text, folded, replyTo, transfer, signed)
       VALUES (${number}, ${chainNumber}, $sequence, $hash, $lamport, $id, $time, $receivedAt, $aside, 0, $read,
         $content, $text, $folded, $replyTo, $transfer, $signed)`,
      {
        group,
        chain,
        sequence,
        hash,
        lamport,
        id,
        time,
        text,
        signed,
        receivedAt: entry.receivedAt ?? null,
        aside: Number(aside),
        read: Number(entry.receivedAt === undefined),
        content: content?.kind ?? 'text',
        folded: foldedColumn(text, namesIn(content)),
        replyTo: entry.replyTo ?? null,
        transfer: entry.transfer ?? null,
      },
    )
  }
  return {
    groupEntry(group, chain, sequence) {
      const sql = `SELECT hash, signed FROM groupEntry
        WHERE chain = ${chainNumber} AND sequence = $sequence AND aside = 0`
      const row = database.get<HeldEntry>(sql, { group, chain, sequence })
      return row && heldFrom(row)
    },

    groupEntries(group, chain, above, upTo, most, bytes) {
      // Of many, the sizes are read first: bodies may be large.
      const rows = database.all<{ position: number; size: number }>(
        `SELECT position, length(signed) AS size FROM groupEntry WHERE chain = ${chainNumber} AND aside = 0
         AND sequence > $above AND sequence <= $upTo ORDER BY sequence LIMIT $most`,
        { group, chain, above, upTo, most },
      )
      let sum = 0
      const fitting = rows.filter(({ size }, at) => (sum += size) <= bytes || at === 0)
      return fitting.flatMap(({ position }) => {
        const row = database.get<HeldEntry>('SELECT hash, signed FROM groupEntry WHERE position = ?', position)
        return row === undefined ? [] : heldFrom(row)
      })
    },

    groupHashes: (group, chain, above, upTo) =>
      database.all<ChainEnd>(
        `SELECT sequence, hash FROM groupEntry WHERE chain = ${chainNumber} AND aside = 0
         AND sequence > $above AND sequence <= $upTo ORDER BY sequence`,
        { group, chain, above, upTo },
      ),

    addGroupEntry(group, entry) {
      put(group, entry, false)
      return showFirst(database, group, entry.author, entry.id) === entry.hash
    },

    setGroupEntriesAside(group, chain, sequence, twins) {
      const ended = database.all<{ id: string; author: string }>(
        `SELECT id, author FROM ${withChain}
         WHERE entry.chain = ${chainNumber} AND aside = 0 AND sequence >= $sequence`,
        { group, chain, sequence },
      )
      const sql = `UPDATE groupEntry SET aside = 1, shown = 0
        WHERE chain = ${chainNumber} AND aside = 0 AND sequence >= $sequence`
      database.run(sql, { group, chain, sequence })
      const known = `SELECT 1 FROM groupEntry WHERE chain = ${chainNumber} AND aside = 1 AND hash = $hash`
      for (const twin of twins)
        if (database.get(known, { group, chain, hash: twin.hash }) === undefined) put(group, twin, true)
      for (const { id, author } of ended) showFirst(database, group, author, id)
    },

    groupEntriesAside: (group, chain) =>
      database
        .all<HeldEntry>(
          `SELECT hash, signed FROM groupEntry WHERE chain = ${chainNumber} AND aside = 1 ORDER BY position`,
          { group, chain },
        )
        .map(heldFrom),

    groupBytes(group) {
      const rows = database.all<{ author: string; bytes: number }>(
        `SELECT author, sum(length(signed)) AS bytes FROM ${withChain} WHERE entry."group" = ${number} GROUP BY author`,
        { group },
      )
      return new Map(rows.map(({ author, bytes }) => [author, bytes]))
    },

    groupEntryCounts: (group, author, id) =>
      database.get(
        `SELECT 1 FROM ${withChain} WHERE entry."group" = ${number} AND id = $id AND author = $author AND aside = 0
         AND sequence <= counted`,
        { group, author, id },
      ) !== undefined,

    groupLamport: (group, chain, upTo, cap) =>
      database.get<{ most: number | null }>(
        `SELECT max(lamport) AS most FROM groupEntry WHERE chain = ${chainNumber} AND aside = 0 AND sequence <= $upTo
         AND lamport <= $cap`,
        { group, chain, upTo, cap },
      )?.most ?? 0,
  }
}

function shownOn(database: Database): Pick<GroupEntries, Shown> {
  /** The first one with that id. */
  const first = (group: string, id: string): ShownEntry | undefined => {
    const row = database.get<EntryColumns>(
      `SELECT ${columns} FROM ${withChain} WHERE entry."group" = ${number} AND id = $id AND ${visible}
       ORDER BY ${place} LIMIT 1`,
      { group, id },
    )
    return row && shownFrom(row)
  }
  return {
    groupMessages(group, limit, { before, after } = {}) {
      const bounds = [before, after].map((id) => (id === undefined ? undefined : first(group, id)))
      const [end, begin] = bounds
      if ((before !== undefined && end === undefined) || (after !== undefined && begin === undefined)) return []
      const range = { ...(end && valuesAt(end, 'end')), ...(begin && valuesAt(begin, 'begin')) }
      const earlier = end === undefined ? '' : `AND ${besides('<', 'end')}`
      const later = begin === undefined ? '' : `AND ${besides('>', 'begin')}`
      const order = after === undefined ? place.replaceAll(',', ' DESC,') + ' DESC' : place
      const found = database
        .all<EntryColumns>(
          `SELECT ${columns} FROM ${withChain} WHERE entry."group" = ${number} AND ${visible} ${earlier} ${later}
           ORDER BY ${order} LIMIT $limit`,
          { group, limit, ...range },
        )
        .map(shownFrom)
      return after === undefined ? found.toReversed() : found
    },

    groupMessagesOf: (group, chain, above, upTo, limit) =>
      database
        .all<EntryColumns>(
          `SELECT ${columns} FROM ${withChain} WHERE entry.chain = ${chainNumber} AND aside = 0 AND ${visible}
           AND sequence > $above AND sequence <= $upTo ORDER BY sequence DESC LIMIT $limit`,
          { group, chain, above, upTo, limit },
        )
        .map(shownFrom)
        .toReversed(),

    groupMessage: first,

    searchGroups(text, limit, group) {
      const compared = `coalesce(entry.folded, lower(substr(entry.text, 1, ${charactersSearched})))`
      const sought = termsAsSql(searchTerms(text), compared)
      if (sought === undefined) return []
      const { match, contains, values } = sought
      const within = group === undefined ? '' : `AND entry."group" = ${number}`
      const indexed = match === undefined ? '' : 'JOIN groupText ON groupText.rowid = entry.position'
      const matches = match === undefined ? '' : 'AND groupText MATCH $sought'
      return database
        .all<EntryColumns & { group: string }>(
          `SELECT ${columns}, "group".id AS "group" FROM ${withChain}
           JOIN "group" ON "group".number = entry."group" ${indexed}
           WHERE ${visible} ${within} ${matches} ${contains} ORDER BY entry.position DESC LIMIT $limit`,
          { limit, ...values, ...(group === undefined ? {} : { group }) },
        )
        .map((row) => ({ ...shownFrom(row), group: row.group }))
    },

    groupUnread: (group, self) =>
      database.get<{ count: number }>(
        `SELECT count(*) AS count FROM ${withChain} WHERE entry."group" = ${number} AND ${visible} AND read = 0
         AND author <> $self`,
        { group, self },
      )?.count ?? 0,

    markGroupRead(group, upTo) {
      const end = upTo === undefined ? undefined : first(group, upTo)
      if (upTo !== undefined && end === undefined) return false
      const within = end === undefined ? '' : `AND ${besides('<=', 'end')}`
      const sql = `UPDATE groupEntry SET read = 1 WHERE position IN (SELECT position FROM ${withChain}
        WHERE entry."group" = ${number} AND ${visible} AND read = 0 ${within})`
      return database.run(sql, { group, ...(end && valuesAt(end, 'end')) }) > 0
    },
  }
}

/** As SQL: the place of an entry, compared with the one whose values have names with that ending. */
function besides(compare: '<' | '<=' | '>', ending: string): string {
  const lamport = `lamport ${compare === '>' ? '>=' : '<='} $lamport_${ending}`
  const other = ['lamport', 'author', 'chain', 'sequence'].map((name) => `$${name}_${ending}`).join(', ')
  return `${lamport} AND (${place}) ${compare} (${other})`
}

function valuesAt({ lamport, author, chain, sequence }: ShownEntry, ending: string): Record<string, string | number> {
  const values = { lamport, author, chain, sequence }
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${name}_${ending}`, value]))
}

function heldFrom({ hash, signed }: HeldEntry): HeldEntry {
  return { hash, signed: new Uint8Array(signed) }
}

function shownFrom(row: EntryColumns): ShownEntry {
  const { chain, author, sequence, hash, lamport, id, time, receivedAt, read, content, text, replyTo, transfer } = row
  return {
    chain,
    author,
    sequence,
    hash,
    lamport,
    id,
    time,
    text,
    ...(receivedAt !== null && { receivedAt }),
    ...(replyTo !== null && { replyTo }),
    ...(transfer !== null && { transfer }),
    unknown: content === 'unknown',
    read: read === 1,
  }
}
