/**
 * A conversation as rows of a list: its beginning, the days, the line above the unread messages, and the messages, each
 * with whether it is the first or the last of several by the same person. Pure.
 */
import { saidAt } from '#message-times'
import type { Message } from '#protocol'
import { dayStart } from './format.ts'
import type { LoadedConversation } from '../state/state.ts'

/** Two messages of the same person at most this far apart, in milliseconds, are shown together. */
const togetherWithin = 5 * 60_000

export type Row =
  | { kind: 'beginning'; key: string }
  | { kind: 'day'; key: string; time: number }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean }

export function rowsOf({
  messages,
  complete,
  firstUnread,
}: Pick<LoadedConversation, 'messages' | 'complete' | 'firstUnread'>): Row[] {
  const rows: Row[] = complete ? [{ kind: 'beginning', key: 'beginning' }] : []
  let day: number | undefined
  let before: Message | undefined
  for (const [index, message] of messages.entries()) {
    const time = saidAt(message)
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
      first: newDay || unread || !together(before, message),
      last: next === undefined || next.id === firstUnread || !together(message, next) || dayStart(saidAt(next)) !== day,
    })
    before = message
  }
  return rows
}

function together(a: Message | undefined, b: Message): boolean {
  return (
    a !== undefined &&
    a.direction === b.direction &&
    a.peer === b.peer &&
    Math.abs(saidAt(b) - saidAt(a)) < togetherWithin
  )
}
