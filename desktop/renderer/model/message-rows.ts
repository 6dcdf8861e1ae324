/**
 * A conversation as rows of a list: a beginning, days, where the unread ones start, and messages that know whether they
 * open or close a group of the same person. Pure.
 */
import type { Message } from '#protocol'
import { dayStart } from './format.ts'
import type { Talk } from '../state/state.ts'

/** Messages of one person within this, in milliseconds, belong together. */
const together = 5 * 60_000

export type Row =
  | { kind: 'beginning'; key: string }
  | { kind: 'day'; key: string; time: number }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean }

export function rowsOf({
  messages,
  complete,
  firstUnread,
}: Pick<Talk, 'messages' | 'complete' | 'firstUnread'>): Row[] {
  const rows: Row[] = complete ? [{ kind: 'beginning', key: 'beginning' }] : []
  let day: number | undefined
  let before: Message | undefined
  for (const [index, message] of messages.entries()) {
    const time = timeOf(message)
    const newDay = dayStart(time) !== day
    if (newDay) {
      day = dayStart(time)
      rows.push({ kind: 'day', key: `day ${message.id}`, time })
    }
    const unread = message.id === firstUnread
    if (unread) rows.push({ kind: 'unread', key: 'unread' })
    const next = messages[index + 1]
    rows.push({
      kind: 'message',
      key: message.id,
      message,
      first: newDay || unread || !belong(before, message),
      last: next === undefined || next.id === firstUnread || !belong(message, next) || dayStart(timeOf(next)) !== day,
    })
    before = message
  }
  return rows
}

/** By this machine's clock where it can be: the sender's may be wrong. */
export function timeOf({ receivedAt, sentAt }: Message): number {
  return receivedAt ?? sentAt
}

function belong(a: Message | undefined, b: Message): boolean {
  return a !== undefined && a.direction === b.direction && Math.abs(timeOf(b) - timeOf(a)) < together
}
