export type MessageState = 'queued' | 'sent' | 'delivered' | 'read' | 'recalled'

/** A message as callers see it. Times are milliseconds since the epoch. */
export interface Message {
  /** UUID v7. */
  id: string
  /** The friend's PeerId. */
  peer: string
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
  /** Own, state `sent`: since when a node has held it for the friend, who is away. */
  leftAt?: number
  /** Position in the sender's sequence, from 1. */
  seq: number
}
