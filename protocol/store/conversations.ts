/**
 * What was said, on an open database: two numbered sequences a conversation, ours and theirs, the hash of each body,
 * and one order in which both were added here. It keeps sequences whole and states moving forward only, and refuses
 * an id used twice; whether a message is genuine was decided above.
 */

import { QuorumError } from '../base/errors.ts'
import type { Database } from './database.ts'
import type { Conversation, Draft, Message, MessageContent, OutgoingMessage, ReceivedMessage, Store } from './store.ts'

type Conversations = Pick<
  Store,
  | 'conversation'
  | 'unread'
  | 'queueMessage'
  | 'outgoing'
  | 'bodyHash'
  | 'markSent'
  | 'markDelivered'
  | 'markReadByThem'
  | 'continueAfter'
  | 'recall'
  | 'receiveMessage'
  | 'markReadByMe'
  | 'message'
  | 'messages'
  | 'search'
>

interface MessageColumns {
  position: number
  peer: string
  direction: Message['direction']
  seq: number
  id: string
  text: string
  sentAt: number
  receivedAt: number | null
  state: Message['state']
  replyTo: string | null
  transfer: string | null
  hash: Uint8Array | null
  content: 'text' | MessageContent['kind']
  contentBytes: Uint8Array | null
}

/** Recalled messages of ours are shown as such, theirs never, news of transfers neither. Spelled as in `messageShown`. */
const shown = `(direction = 'out' OR state <> 'recalled') AND content <> 'news'`

/** Trigrams find nothing shorter, and read no text beyond a NUL. */
const indexed = (text: string): boolean => Array.from(text).length >= 3 && !text.includes('\0')

/** The database must have been migrated. */
export function conversationsOn(database: Database): Conversations {
  database.define('contains', (text, part) => String(text).toLowerCase().includes(String(part)))

  function conversation(peer: string): Conversation {
    const row = database.get<Conversation>('SELECT * FROM conversation WHERE peer = ?', peer)
    if (!row) return newConversation(peer)
    return { ...row, sentHash: new Uint8Array(row.sentHash), receivedHash: new Uint8Array(row.receivedHash) }
  }

  /** Messages of `direction` in `from` < sequence <= `upTo` and one of `states` get `state`; in order. */
  function advance(
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
    return rows
      .filter(({ content }) => content !== 'news')
      .toSorted((a, b) => a.seq - b.seq)
      .map(messageFrom)
  }

  return {
    conversation,

    unread(peer) {
      const sql = `SELECT count(*) AS count FROM message
        WHERE peer = ? AND direction = 'in' AND state = 'delivered' AND content <> 'news'`
      return database.get<{ count: number }>(sql, peer)?.count ?? 0
    },

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
        const message: Message = { ...fields(draft), peer, direction: 'out', state: 'queued', seq: row?.seq ?? 1 }
        insert(database, message, draft.content)
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

    bodyHash(peer, direction, seq) {
      const sql = 'SELECT hash FROM message WHERE peer = ? AND direction = ? AND seq = ?'
      const hash = database.get<{ hash: Uint8Array | null }>(sql, peer, direction, seq)?.hash
      return hash ? new Uint8Array(hash) : undefined
    },

    markSent: (peer, bodies) =>
      database.transaction(() => {
        const { sent, queued } = conversation(peer)
        const last = bodies.at(-1)
        if (!last) return []
        if (last.seq > queued || bodies.some(({ seq }, index) => seq !== sent + 1 + index)) {
          throw new QuorumError('internal', 'Messages must leave in the order of their sequence')
        }
        const setHash = `UPDATE message SET hash = ? WHERE peer = ? AND direction = 'out' AND seq = ?`
        for (const { seq, hash } of bodies) database.run(setHash, hash, peer, seq)
        database.run('UPDATE conversation SET sent = ?, sentHash = ? WHERE peer = ?', last.seq, last.hash, peer)
        return advance(peer, 'out', { from: sent, upTo: last.seq }, ['queued'], 'sent')
      }),

    markDelivered: (peer, upTo) =>
      database.transaction(() => {
        const { sent, delivered } = conversation(peer)
        // Nobody can have received what never left.
        const to = Math.min(upTo, sent)
        if (to <= delivered) return []
        database.run('UPDATE conversation SET delivered = ? WHERE peer = ?', to, peer)
        return advance(peer, 'out', { from: delivered, upTo: to }, ['sent'], 'delivered')
      }),

    markReadByThem: (peer, upTo) =>
      database.transaction(() => {
        const { sent, delivered, readByThem } = conversation(peer)
        const to = Math.min(upTo, sent)
        if (to <= readByThem) return []
        const sql = 'UPDATE conversation SET readByThem = ?, delivered = ? WHERE peer = ?'
        database.run(sql, to, Math.max(to, delivered), peer)
        return advance(peer, 'out', { from: readByThem, upTo: to }, ['sent', 'delivered'], 'read')
      }),

    continueAfter: (peer, seq, hash) =>
      database.transaction(() => {
        const { sent, queued } = conversation(peer)
        if (seq <= sent) throw new QuorumError('internal', 'The sequence to continue after is known here')
        // Through negative numbers, since (peer, direction, seq) is unique at every step of an UPDATE.
        const waiting = `WHERE peer = ? AND direction = 'out' AND seq`
        database.run(`UPDATE message SET seq = -(seq + ?) ${waiting} > ?`, seq - sent, peer, sent)
        database.run(`UPDATE message SET seq = -seq ${waiting} < 0`, peer)
        database.run(
          `INSERT INTO conversation (peer, queued, sent, sentHash) VALUES (?, ?, ?, ?) ON CONFLICT (peer)
           DO UPDATE SET queued = excluded.queued, sent = excluded.sent, sentHash = excluded.sentHash`,
          peer,
          queued + seq - sent,
          seq,
          hash,
        )
      }),

    recall: (id) =>
      database.transaction(() => {
        const row = database.get<MessageColumns>(
          `UPDATE message SET state = 'recalled', text = '', content = 'text', contentBytes = NULL WHERE id = ? AND direction = 'out' AND state = 'queued'
           RETURNING *`,
          id,
        )
        if (!row) return undefined
        database.erased()
        return messageFrom(row)
      }),

    receiveMessage: (peer, received) =>
      database.transaction(() => {
        if (received.seq !== conversation(peer).received + 1) {
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
          ...fields(received),
          peer,
          direction: 'in',
          receivedAt,
          state: recalled ? 'recalled' : 'delivered',
          seq,
        }
        if (recalled) message.text = ''
        insert(database, message, received.content, hash)
        return message
      }),

    markReadByMe: (peer, upTo) =>
      database.transaction(() => {
        const { received, readByMe } = conversation(peer)
        const to = Math.min(upTo, received)
        if (to <= readByMe) return []
        database.run('UPDATE conversation SET readByMe = ? WHERE peer = ?', to, peer)
        return advance(peer, 'in', { from: readByMe, upTo: to }, ['delivered'], 'read')
      }),

    message(id) {
      // Another friend may have taken over an id it was shown: ours comes first, then the one that was here first.
      const row = database.get<MessageColumns>(
        `SELECT * FROM message WHERE id = ? AND ${shown} ORDER BY direction = 'in', position LIMIT 1`,
        id,
      )
      return row && messageFrom(row)
    },

    messages(peer, limit, { before, after } = {}) {
      const place = (name: string): string => `(SELECT position FROM message WHERE id = ${name} AND peer = $peer)`
      const earlier = before === undefined ? '' : `AND position < ${place('$before')}`
      const later = after === undefined ? '' : `AND position > ${place('$after')}`
      const sql = `SELECT * FROM message INDEXED BY messageShown WHERE peer = $peer AND ${shown} ${earlier} ${later}
        ORDER BY position ${after === undefined ? 'DESC' : 'ASC'} LIMIT $limit`
      const range = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
      const found = database.all<MessageColumns>(sql, { peer, limit, ...range }).map(messageFrom)
      return after === undefined ? found.toReversed() : found
    },

    search(text, limit, peer) {
      if (text === '') return []
      const within = '($peer IS NULL OR peer = $peer)'
      const sql = indexed(text)
        ? `SELECT message.* FROM messageText JOIN message ON position = messageText.rowid
           WHERE messageText MATCH $sought AND ${within} ORDER BY messageText.rowid DESC LIMIT $limit`
        : `SELECT * FROM message WHERE contains(text, $sought) AND ${within} ORDER BY position DESC LIMIT $limit`
      const sought = indexed(text) ? `"${text.replaceAll('"', '""')}"` : text.toLowerCase()
      return database.all<MessageColumns>(sql, { sought, peer: peer ?? null, limit }).map(messageFrom)
    },
  }
}

function newConversation(peer: string): Conversation {
  return {
    peer,
    queued: 0,
    sent: 0,
    sentHash: new Uint8Array(),
    delivered: 0,
    readByThem: 0,
    received: 0,
    receivedHash: new Uint8Array(),
    readByMe: 0,
  }
}

function fields(draft: Draft | ReceivedMessage): Pick<Message, 'id' | 'text' | 'sentAt' | 'replyTo' | 'transfer'> {
  const { id, text, sentAt, replyTo, transfer } = draft
  return { id, text, sentAt, ...(replyTo !== undefined && { replyTo }), ...(transfer !== undefined && { transfer }) }
}

function insert(database: Database, message: Message, content?: MessageContent, hash?: Uint8Array): void {
  database.run(
    `INSERT INTO message (peer, direction, seq, id, text, sentAt, receivedAt, state, replyTo, transfer, content,
       contentBytes, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    message.peer,
    message.direction,
    message.seq,
    message.id,
    message.text,
    message.sentAt,
    message.receivedAt ?? null,
    message.state,
    message.replyTo ?? null,
    message.transfer ?? null,
    content?.kind ?? 'text',
    content?.bytes ?? null,
    hash ?? null,
  )
}

function contentFrom({ content, contentBytes }: MessageColumns): MessageContent | undefined {
  return content === 'text' || contentBytes === null
    ? undefined
    : { kind: content, bytes: new Uint8Array(contentBytes) }
}

function messageFrom(row: MessageColumns): Message {
  return {
    id: row.id,
    peer: row.peer,
    direction: row.direction,
    text: row.text,
    sentAt: row.sentAt,
    ...(row.receivedAt !== null && { receivedAt: row.receivedAt }),
    state: row.state,
    ...(row.replyTo !== null && { replyTo: row.replyTo }),
    ...(row.transfer !== null && { transfer: row.transfer }),
    seq: row.seq,
  }
}
