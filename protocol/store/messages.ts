/**
 * The rows of messages on an open database, and what callers read of them: one message, a part of a conversation, a
 * search. conversations.ts writes them.
 */
import type { Database } from './database.ts'
import type { Draft, Message, MessageContent, ReceivedMessage, Store } from './store.ts'

export interface MessageColumns {
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

/**
 * Recalled messages of this peer are shown, those of the friend are not; status updates never. As in index
 * `messageShown`.
 */
const shown = `(direction = 'out' OR state <> 'recalled') AND content <> 'news'`

/** The index of trigrams finds nothing shorter than three characters, and stops at a NUL. */
const indexed = (text: string): boolean => Array.from(text).length >= 3 && !text.includes('\0')

/** The database must have been migrated. */
export function messagesOn(database: Database): Pick<Store, 'message' | 'messages' | 'search' | 'unread'> {
  database.define('contains', (text, part) => String(text).toLowerCase().includes(String(part)))

  return {
    unread(peer) {
      // Named, because SQLite prefers the index of all sequences, which has every message ever received.
      const sql = `SELECT count(*) AS count FROM message INDEXED BY messageUnread
        WHERE peer = ? AND direction = 'in' AND state = 'delivered' AND content <> 'news'`
      return database.get<{ count: number }>(sql, peer)?.count ?? 0
    },

    message(id) {
      // A friend may reuse an id that it was sent: the own message comes first, then the one that was added first.
      const row = database.get<MessageColumns>(
        `SELECT * FROM message WHERE id = ? AND ${shown} ORDER BY direction = 'in', position LIMIT 1`,
        id,
      )
      return row && messageFrom(row)
    },

    messages(peer, limit, { before, after } = {}) {
      const position = (name: string): string => `(SELECT position FROM message WHERE id = ${name} AND peer = $peer)`
      const earlier = before === undefined ? '' : `AND position < ${position('$before')}`
      const later = after === undefined ? '' : `AND position > ${position('$after')}`
      const sql = `SELECT * FROM message INDEXED BY messageShown WHERE peer = $peer AND ${shown} ${earlier} ${later}
        ORDER BY position ${after === undefined ? 'DESC' : 'ASC'} LIMIT $limit`
      const range = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
      const found = database.all<MessageColumns>(sql, { peer, limit, ...range }).map(messageFrom)
      return after === undefined ? found.toReversed() : found
    },

    search(text, limit, peer) {
      if (text === '') return []
      // Messages that are not shown have no text.
      const [source, within] =
        peer === undefined ? ['message', ''] : ['message INDEXED BY messageShown', `AND peer = $peer AND ${shown}`]
      const sql = indexed(text)
        ? `SELECT message.* FROM messageText JOIN message ON position = messageText.rowid
           WHERE messageText MATCH $sought ${within} ORDER BY messageText.rowid DESC LIMIT $limit`
        : `SELECT * FROM ${source} WHERE contains(text, $sought) ${within} ORDER BY position DESC LIMIT $limit`
      const sought = indexed(text) ? `"${text.replaceAll('"', '""')}"` : text.toLowerCase()
      const values = { sought, limit, ...(peer === undefined ? {} : { peer }) }
      return database.all<MessageColumns>(sql, values).map(messageFrom)
    },
  }
}

/** The columns that a draft and a received message have in common. */
export function fieldsOf(
  draft: Draft | ReceivedMessage,
): Pick<Message, 'id' | 'text' | 'sentAt' | 'replyTo' | 'transfer'> {
  const { id, text, sentAt, replyTo, transfer } = draft
  return { id, text, sentAt, ...(replyTo !== undefined && { replyTo }), ...(transfer !== undefined && { transfer }) }
}

export function insertMessage(database: Database, message: Message, content?: MessageContent, hash?: Uint8Array): void {
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

export function contentFrom({ content, contentBytes }: MessageColumns): MessageContent | undefined {
  return content === 'text' || contentBytes === null
    ? undefined
    : { kind: content, bytes: new Uint8Array(contentBytes) }
}

export function messageFrom(row: MessageColumns): Message {
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
