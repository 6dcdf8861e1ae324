/** What the queries of the store cost: which index each of them uses, by SQLite's own plan over the real tables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Database } from '../../../protocol/store/database.ts'
import { migrate, migrations } from '../../../protocol/store/migrations.ts'
import type { Store } from '../../../protocol/store/store.ts'
import { storeOn } from '../../../protocol/store/tables.ts'

type Values = Parameters<Database['run']> extends [string, ...infer Rest] ? Rest : never

/** Notes each statement, and SQLite's plan for it. */
class Explained extends Database {
  readonly plans = new Map<string, string[]>()

  // oxlint-disable-next-line no-unnecessary-type-parameters -- as in Database
  override get<Row>(sql: string, ...values: Values) {
    this.#explain(sql, values)
    return super.get<Row>(sql, ...values)
  }

  override all<Row>(sql: string, ...values: Values) {
    this.#explain(sql, values)
    return super.all<Row>(sql, ...values)
  }

  override run(sql: string, ...values: Values) {
    this.#explain(sql, values)
    return super.run(sql, ...values)
  }

  #explain(sql: string, values: Values): void {
    // An INSERT reads nothing but what its keys name.
    if (!/^(SELECT|UPDATE|DELETE)/.test(sql)) return
    const rows = super.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)
    this.plans.set(
      sql.replaceAll(/\s+/g, ' '),
      rows.map(({ detail }) => detail),
    )
  }
}

const hash = new Uint8Array(32)
const draft = (id: string) => ({ id, text: 'text', sentAt: 1 })
const transfer: Parameters<Store['addTransfer']>[0] = {
  id: 't',
  peer: 'a',
  direction: 'in',
  state: 'offered',
  pausedByMe: false,
  pausedByThem: false,
  message: 'm',
  offeredAt: 1,
  entries: 1,
  offer: new Uint8Array(),
  places: [],
  doneBytes: 0,
}

/** Every call of the store that reads or changes messages or transfers. */
function everyCall(store: Store, database: Database): void {
  store.queueMessage('a', draft('1'))
  store.queueMessage('a', draft('2'))
  store.outgoing('a', 0, 10)
  store.markSent('a', [{ seq: 1, hash }])
  store.markDelivered('a', 1)
  store.markReadByThem('a', 1)
  store.rewind('a', 0, hash)
  store.adopt('a', { received: 5, hash, agreed: 0 })
  store.recall('2')
  const arrived = { seq: 1, hash, recalled: false, receivedAt: 1 }
  store.receiveMessage('a', { ...draft('3'), ...arrived })
  store.bodyHash('a', 'in', 1)
  store.receivedWithId('a', '3')
  store.unread('a')
  store.message('3')
  store.messages('a', 10)
  store.messages('a', 10, { before: '3' })
  store.messages('a', 10, { after: '3' })
  for (const text of ['text', 'te']) for (const peer of ['a', undefined]) store.search(text, 10, peer)
  database.run(`INSERT INTO setting (key, value) VALUES ('unfolded', x'39')`)
  store.foldOlder(1)
  store.markReadByMe('a', 1)
  store.addTransfer(transfer)
  store.transfer('t')
  store.transferDetails('t')
  store.openTransfers('a')
  store.openTransfers()
  store.acceptedTransfers('a')
  for (const peer of ['a', undefined]) {
    for (const range of [{}, { before: 't' }, { after: 't' }, { over: true }]) store.transfers(1, { peer, ...range })
  }
  store.unanswered('a')
  store.updateTransfer('t', { state: 'accepted' })
  store.putManifest('t', hash)
  store.manifestPart('t', 0)
  store.manifestLength('t')
  store.emptyTransfer('t', 1)
}

/** What grows with the number of messages of a friend, of all messages, or of all transfers. */
function grows(step: string): boolean {
  // A row of a sequence is found by its number; without one, all messages of a direction are read.
  if (/sqlite_autoindex_message_1/.test(step)) return !/seq[=><]/.test(step)
  return /^SCAN (message|transfer)\b/.test(step) || /TEMP B-TREE/.test(step)
}

/**
 * All transfers; a search for one or two letters, which no index has; one message by its id, of which the few that
 * friends may reuse are ordered.
 */
const known =
  /^SELECT [^()]+ FROM transfer WHERE TRUE|FROM message WHERE TRUE AND instr|FROM message WHERE id = \? .* LIMIT 1$/

test('a query about one friend, message or transfer reads no more for there being many others', () => {
  const database = new Explained()
  migrate(database, migrations, () => {})
  everyCall(storeOn(database), database)
  const growing = [...database.plans].filter(([sql, plan]) => plan.some(grows) && !known.test(sql))
  assert.deepEqual(growing, [])
  const unread = [...database.plans].find(([sql]) => sql.startsWith('SELECT count(*) AS count FROM message'))
  assert.match(unread?.[1].join() ?? '', /USING (COVERING )?INDEX messageUnread \(peer=\?\)/)
  // The rows themselves may be long.
  const waiting = [...database.plans].find(([sql]) => sql.startsWith('SELECT count(*) AS offers'))
  assert.match(waiting?.[1].join() ?? '', /USING COVERING INDEX transferUnanswered \(peer=\?\)/)
  database.close()
})
