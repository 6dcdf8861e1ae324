/**
 * The two times of a message, for terminal and window: when it was said, which is shown, and when it came, by which
 * conversations are ordered. Pure.
 */
import type { Message } from './model.ts'
import { day } from '../base/units.ts'

/** Milliseconds. Whoever says that a message waited longer has a wrong clock. */
const longestWait = 366 * day

/**
 * When the message was said, by the sender's clock. Where that cannot be, because it is later than the arrival or more
 * than a year earlier, the arrival.
 */
export function saidAt({ sentAt, receivedAt = sentAt }: Pick<Message, 'sentAt' | 'receivedAt'>): number {
  return sentAt <= receivedAt && receivedAt - sentAt <= longestWait ? sentAt : receivedAt
}

/** When the message came into the conversation, by the clock of this computer. */
export function addedAt({ sentAt, receivedAt }: Pick<Message, 'sentAt' | 'receivedAt'>): number {
  return receivedAt ?? sentAt
}
