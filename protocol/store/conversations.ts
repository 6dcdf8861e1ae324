/**
 * Conversations on an open database: two numbered sequences each, sent and received, with the hash of each body, and
 * one order in which the messages of both were added here. It keeps sequences without gaps, moves states forward only
 * and refuses an id that is used twice. Whether a message is genuine is checked before (chat/conversation.ts).
 */

import { QuorumError } from '../base/errors.ts'
import type { Database } from './database.ts'
import { contentFrom, fieldsOf, insertMessage, messageFrom, shownContent, type MessageColumns } from './messages.ts'
import type { Conversation, Message, OutgoingMessage, Store } from './store.ts'

type Sending = Pick<
  Store,
  'queueMessage' | 'outgoing' | 'markSent' | 'markDelivered' | 'markReadByThem' | 'adopt' | 'rewind' | 'recall'
>
type Receiving = Pick<Store, 'receiveMessage' | 'receivedWithId' | 'setTaken' | 'markReadByMe'>

/** The database must have been migrated. */
export function conversationsOn(database: Database): Sending & Receiving & Pick<Store, 'conversation' | 'bodyHash'> {
  return {
    conversation: (peer) => conversationOf(database, peer),

    bodyHash(peer, direction, seq) {
      const sql = 'SELECT hash FROM message WHERE peer = ? AND direction = ? AND seq = ?'
      const hash = database.get<{ hash: Uint8Array | null }>(sql, peer, direction, seq)?.hash
      return hash ? new Uint8Array(hash) : undefined
    },

    ...sendingOn(database),
    ...receivingOn(database),
  }
}

function sendingOn(database: Database): Sending {
  return {
    queueMessage: (peer, draft) =>
      database.transaction(() => {
        if (database.get(`SELECT 1 FROM message WHERE id = ? AND (direction = 'out' OR peer = ?)`, draft.id, peer)) {
          throw new QuorumError('bad-request', 'A message with this id exists')
        }
        const row = database.get<{ seq: number }>(
          `INSERT INTO conversation (peer, queued) VALUES (?, 1)
           ON CONFLICT (peer) DO UPDATE SET queued = queued + 1 RETURNING queued AS seq`,
          peer,
        )
        const shown = { ...fieldsOf(draft), ...shownContent(draft.content) }
        const message: Message = { ...shown, peer, direction: 'out', state: 'queued', seq: row?.seq ?? 1 }
        insertMessage(database, message, draft.content)
        return message
      }),

    outgoing(peer, after, limit) {
      const sql = `SELECT * FROM message WHERE peer = ? AND direction = 'out' AND seq > ? ORDER BY seq LIMIT ?`
      return database.all<MessageColumns>(sql, peer, after, limit).map((row): OutgoingMessage => {
        const content = contentFrom(row)
        return {
          ...messageFrom(row),
          ...(row.hash && { hash: new Uint8Array(row.hash) }),
          ...(content && { content }),
        }
      })
    },

    markSent: (peer, bodies) =>
      database.transaction(() => {
        const { sent, queued } = conversationOf(database, peer)
        const last = bodies.at(-1)
        if (!last) return []
        if (last.seq > queued || bodies.some(({ seq }, index) => seq !== sent + 1 + index)) {
          throw new QuorumError('internal', 'Messages must be sent in the order of their sequence')
        }
        const setHash = `UPDATE message SET hash = ? WHERE peer = ? AND direction = 'out' AND seq = ?`
        for (const { seq, hash } of bodies) database.run(setHash, hash, peer, seq)
        database.run('UPDATE conversation SET sent = ?, sentHash = ? WHERE peer = ?', last.seq, last.hash, peer)
        return advance(database, peer, 'out', { from: sent, upTo: last.seq }, ['queued'], 'sent')
      }),

    markDelivered: (peer, upTo) =>
      database.transaction(() => {
        const { sent, delivered } = conversationOf(database, peer)
        // A receipt cannot be for messages that were never sent.
        const to = Math.min(upTo, sent)
        if (to <= delivered) return []
        putDelivered(database, peer, to)
        return advance(database, peer, 'out', { from: delivered, upTo: to }, ['sent'], 'delivered')
      }),

    markReadByThem: (peer, upTo) =>
      database.transaction(() => {
        const { sent, delivered, readByThem } = conversationOf(database, peer)
        const to = Math.min(upTo, sent)
        if (to <= readByThem) return []
        if (to > delivered) putDelivered(database, peer, to)
        database.run('UPDATE conversation SET readByThem = ? WHERE peer = ?', to, peer)
        return advance(database, peer, 'out', { from: readByThem, upTo: to }, ['sent', 'delivered'], 'read')
      }),

    adopt: (peer, { received, hash, agreed }) =>
      database.transaction(() => {
        const before = conversationOf(database, peer)
        const known = advance(database, peer, 'out', { from: before.delivered, upTo: agreed }, ['sent'], 'delivered')
        const own = `peer = $peer AND direction = 'out' AND seq`
        // By way of negative numbers, since (peer, direction, seq) must be unique at every step of an UPDATE.
        const count = database.run(
          `UPDATE message SET hash = NULL, leftAt = NULL, seq = -behind,
             state = iif(state IN ('delivered', 'read'), 'sent', state)
           FROM (SELECT position AS place, $received + row_number() OVER (ORDER BY seq) AS behind FROM message
             WHERE ${own} > $agreed) WHERE position = place`,
          { peer, received, agreed },
        )
        const again = database.all<MessageColumns>(`UPDATE message SET seq = -seq WHERE ${own} < 0 RETURNING *`, {
          peer,
        })
        putPosition(database, {
          ...before,
          queued: received + count,
          sent: received,
          sentHash: hash,
          delivered: received,
          deliveredHash: hash,
          readByThem: Math.min(before.readByThem, agreed),
        })
        return [...known, ...shownInOrder(again.filter(({ state }) => state === 'sent'))]
      }),

    rewind: (peer, received, hash) =>
      database.transaction(() => {
        const before = conversationOf(database, peer)
        const readByThem = Math.min(before.readByThem, received)
        putPosition(database, { ...before, delivered: received, deliveredHash: hash, readByThem })
        const left = `UPDATE message SET leftAt = NULL WHERE peer = ? AND direction = 'out' AND seq > ? AND seq <= ?`
        database.run(left, peer, received, before.delivered)
        return advance(database, peer, 'out', { from: received, upTo: before.sent }, ['delivered', 'read'], 'sent')
      }),

    recall: (id) =>
      database.transaction(() => {
        const row = database.get<MessageColumns>(
          `UPDATE message SET state = 'recalled', text = '', folded = NULL, content = 'text', contentBytes = NULL,
             groupContent = NULL
           WHERE id = ? AND direction = 'out' AND state = 'queued' RETURNING *`,
          id,
        )
        if (!row) return undefined
        database.erased()
        return messageFrom(row)
      }),
  }
}

function receivingOn(database: Database): Receiving {
  return {
    receiveMessage: (peer, received) =>
      database.transaction(() => {
        if (received.seq !== conversationOf(database, peer).received + 1) {
          throw new QuorumError('verification-failed', 'A message does not follow the one before it')
        }
        if (database.get('SELECT 1 FROM message WHERE id = ? AND peer = ?', received.id, peer)) {
          throw new QuorumError('verification-failed', 'A message carries the id of another one')
        }
        const { seq, hash, recalled, receivedAt } = received
        database.run(
          `INSERT INTO conversation (peer, received, receivedHash) VALUES (?, ?, ?) ON CONFLICT (peer)
           DO UPDATE SET received = excluded.received, receivedHash = excluded.receivedHash`,
          peer,
          seq,
          hash,
        )
        const message: Message = {
          ...fieldsOf(received),
          ...shownContent(received.content),
          peer,
          direction: 'in',
          receivedAt,
          state: recalled ? 'recalled' : 'delivered',
          seq,
        }
        if (recalled) message.text = ''
        insertMessage(database, message, received.content, hash, recalled ? [] : received.files)
        return message
      }),

    receivedWithId(peer, id) {
      const sql = `SELECT text, state FROM message WHERE id = ? AND peer = ? AND direction = 'in'`
      const row = database.get<Pick<MessageColumns, 'text' | 'state'>>(sql, id, peer)
      return row && { text: row.text, recalled: row.state === 'recalled' }
    },

    setTaken(peer, { taken, takenAt }) {
      const sql = `INSERT INTO conversation (peer, taken, takenAt) VALUES (?, ?, ?) ON CONFLICT (peer)
        DO UPDATE SET taken = excluded.taken, takenAt = excluded.takenAt`
      database.run(sql, peer, Math.ceil(taken), takenAt)
    },

    markReadByMe: (peer, upTo) =>
      database.transaction(() => {
        const { received, readByMe } = conversationOf(database, peer)
        const to = Math.min(upTo, received)
        if (to <= readByMe) return []
        database.run('UPDATE conversation SET readByMe = ? WHERE peer = ?', to, peer)
        return advance(database, peer, 'in', { from: readByMe, upTo: to }, ['delivered'], 'read')
      }),
  }
}

function conversationOf(database: Database, peer: string): Conversation {
  const row = database.get<Conversation>('SELECT * FROM conversation WHERE peer = ?', peer)
  if (!row) return newConversation(peer)
  const hashes = { sentHash: row.sentHash, deliveredHash: row.deliveredHash, receivedHash: row.receivedHash }
  for (const [name, hash] of Object.entries(hashes)) hashes[name as keyof typeof hashes] = new Uint8Array(hash)
  return { ...row, ...hashes }
}

/** Everything about own messages. */
function putPosition(database: Database, { peer, queued, sent, delivered, readByThem, ...hashes }: Conversation): void {
  const { sentHash, deliveredHash } = hashes
  database.run(
    `INSERT INTO conversation (peer, queued, sent, sentHash, delivered, deliveredHash, readByThem)
     VALUES ($peer, $queued, $sent, $sentHash, $delivered, $deliveredHash, $readByThem) ON CONFLICT (peer) DO UPDATE
     SET queued = $queued, sent = $sent, sentHash = $sentHash, delivered = $delivered, deliveredHash = $deliveredHash,
       readByThem = $readByThem`,
    { peer, queued, sent, sentHash, delivered, deliveredHash, readByThem },
  )
}

function putDelivered(database: Database, peer: string, delivered: number): void {
  database.run(
    `UPDATE conversation SET delivered = $delivered, deliveredHash = coalesce((
       SELECT hash FROM message WHERE peer = $peer AND direction = 'out' AND seq = $delivered
     ), iif(sent = $delivered, sentHash, x'')) WHERE peer = $peer`,
    { peer, delivered },
  )
}

/**
 * Sets `state` of messages in `from` < sequence <= `upTo` that have one of `states`; returns the shown ones, in order.
 */
function advance(
  database: Database,
  peer: string,
  direction: Message['direction'],
  range: { from: number; upTo: number },
  states: Message['state'][],
  state: Message['state'],
): Message[] {
  const rows = database.all<MessageColumns>(
    `UPDATE message SET state = $state WHERE peer = $peer AND direction = $direction AND seq > $from AND seq <= $upTo
     AND state IN (SELECT value FROM json_each($states)) RETURNING *`,
    { state, peer, direction, ...range, states: JSON.stringify(states) },
  )
  return shownInOrder(rows)
}

function shownInOrder(rows: readonly MessageColumns[]): Message[] {
  return rows
    .filter(({ content }) => content !== 'news')
    .toSorted((a, b) => a.seq - b.seq)
    .map(messageFrom)
}

function newConversation(peer: string): Conversation {
  return {
    peer,
    queued: 0,
    sent: 0,
    sentHash: new Uint8Array(),
    delivered: 0,
    deliveredHash: new Uint8Array(),
    readByThem: 0,
    received: 0,
    receivedHash: new Uint8Array(),
    readByMe: 0,
    taken: 0,
    takenAt: 0,
  }
}
