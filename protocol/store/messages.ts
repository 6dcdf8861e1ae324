/**
 * The rows of messages on an open database, and what callers read of them: one message, a part of a conversation. The
 * search is in search.ts; conversations.ts writes them.
 */
import type { Database } from './database.ts'
import { fold } from '../base/folded-text.ts'
import { QuorumError } from '../base/errors.ts'
import { hex } from '../base/hex.ts'
import { invitationFromWire } from '../wire/group-card.ts'
import { offerFromWire } from '../wire/offer.ts'
import type { Draft, Message, MessageContent, ReceivedMessage, Store } from './store.ts'

export interface MessageColumns {
  position: number
  peer: string
  direction: Message['direction']
  seq: number
  id: string
  text: string
  folded: string | null
  sentAt: number
  receivedAt: number | null
  state: Message['state']
  replyTo: string | null
  transfer: string | null
  hash: Uint8Array | null
  leftAt: number | null
  /** `text` with `contentBytes`: a body that only a later version can read. */
  content: 'text' | 'offer' | 'news'
  contentBytes: Uint8Array | null
  /** `invitation` beside `text`, `joining` beside `news`, which is never shown. */
  groupContent: 'invitation' | 'joining' | null
}

/**
 * Recalled messages of this peer are shown, those of the friend are not; status updates never. As in index
 * `messageShown`.
 */
export const shown = `(direction = 'out' OR state <> 'recalled') AND content <> 'news'`

/** Nobody types more to be found, and trigrams take several times the room of the text. */
export const charactersSearched = 4096
/** The database must have been migrated. */
export function messagesOn(database: Database): Pick<Store, 'message' | 'messages' | 'unread'> {
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
  }
}

/** The column `folded` of a message: null where the text in lower case is the same. */
export function foldedColumn(text: string, names: readonly string[]): string | null {
  const beginning = Array.from([text, ...names].join('\n').slice(0, 2 * charactersSearched))
  const written = beginning.slice(0, charactersSearched).join('')
  const folded = fold(written)
  return names.length === 0 && folded === written.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) ? null : folded
}

/** The names of the files that a message offers; none if it cannot be read here. */
export function namesIn(content: MessageContent | undefined): readonly string[] {
  if (content?.kind !== 'offer') return []
  try {
    return offerFromWire(content.bytes).first.map(({ path }) => path)
  } catch (error) {
    if (error instanceof QuorumError) return []
    throw error
  }
}

/** The columns that a draft and a received message have in common. */
export function fieldsOf(
  draft: Draft | ReceivedMessage,
): Pick<Message, 'id' | 'text' | 'sentAt' | 'replyTo' | 'transfer'> {
  const { id, text, sentAt, replyTo, transfer } = draft
  return { id, text, sentAt, ...(replyTo !== undefined && { replyTo }), ...(transfer !== undefined && { transfer }) }
}

/** `files`: paths by which the search finds it, besides its text. */
export function insertMessage(
  database: Database,
  message: Message,
  content?: MessageContent,
  hash?: Uint8Array,
  files = namesIn(content),
): void {
  database.run(
    `INSERT INTO message (peer, direction, seq, id, text, folded, sentAt, receivedAt, state, replyTo, transfer,
       content, contentBytes, groupContent, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    message.peer,
    message.direction,
    message.seq,
    message.id,
    message.text,
    foldedColumn(message.text, files),
    message.sentAt,
    message.receivedAt ?? null,
    message.state,
    message.replyTo ?? null,
    message.transfer ?? null,
    columnOf(content),
    content?.bytes ?? null,
    content?.kind === 'invitation' || content?.kind === 'joining' ? content.kind : null,
    hash ?? null,
  )
}

/** The table allows no other ones. */
function columnOf(content: MessageContent | undefined): MessageColumns['content'] {
  if (content?.kind === 'offer') return 'offer'
  return content?.kind === 'news' || content?.kind === 'joining' ? 'news' : 'text'
}

export function contentFrom({ content, contentBytes, groupContent }: MessageColumns): MessageContent | undefined {
  if (groupContent !== null && contentBytes !== null) return { kind: groupContent, bytes: new Uint8Array(contentBytes) }
  if (contentBytes === null) return undefined
  return { kind: content === 'text' ? 'unknown' : content, bytes: new Uint8Array(contentBytes) }
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
    ...(row.leftAt !== null && row.state === 'sent' && { leftAt: row.leftAt }),
    ...shownContent(contentFrom(row)),
    seq: row.seq,
  }
}

/** What callers see of the content of a message. Errors: those of the codec. */
export function shownContent(content: MessageContent | undefined): Pick<Message, 'invitation' | 'unknown'> {
  if (content?.kind === 'unknown') return { unknown: true }
  if (content?.kind !== 'invitation') return {}
  const { group, name, members, count } = invitationFromWire(content.bytes)
  return { invitation: { group: hex(group), name, members, count } }
}
