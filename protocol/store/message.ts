export type MessageState = 'queued' | 'sent' | 'delivered' | 'read' | 'recalled'

/** A message as callers see it. Times are milliseconds since the epoch. */
export interface Message {
  /** UUID v7. */
  id: string
  /** The friend's PeerId; in a group that of the author. */
  peer: string
  /** In groups: which one, and the author's PeerId. */
  group?: string
  author?: string
  direction: 'in' | 'out'
  text: string
  /** By the sender's clock: shown, never used to order. */
  sentAt: number
  receivedAt?: number
  state: MessageState
  replyTo?: string
  transfer?: string
  /** Its content is of a later version, and `text` is empty. */
  unknown?: true
  /** Its sender invites the friend to a group, and `text` is empty. Names are foreign text, of the first members. */
  invitation?: { group: string; name: string; members: readonly string[]; count: number }
  /** Own, state `sent`: since when a node has held it for the friend, who is away. */
  leftAt?: number
  /** Position in the sender's sequence, from 1; in a group in one of the author's. */
  seq: number
}

/**
 * The content of a message besides text: an offer of files, shown with its note as text, a status update, never
 * shown, an invitation to a group, a consent to one, never shown, or what only a later version knows.
 */
export interface MessageContent {
  kind: 'offer' | 'news' | 'invitation' | 'joining' | 'unknown'
  /**
   * Wire form (wire/offer.ts, wire/group-card.ts): a body that is encoded again must have the same hash. Of what is
   * not known the whole body, which is only received.
   */
  bytes: Uint8Array
}
