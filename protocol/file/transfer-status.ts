/**
 * The states of a transfer: which of them can still change, and what a friend's status update changes
 * (docs/protocol.md, "/quorum/file/1.0.0"; on the wire a status update is called `news`).
 */
import { QuorumError, type ErrorCode } from '../base/errors.ts'
import type { TransferChanges, TransferRow } from '../store/store.ts'
import type { AboutTransfer } from '../store/transfer-message.ts'
import { newsToWire, type TransferNews } from '../wire/offer.ts'

/** The message that tells the friend about a change. */
export function messageAbout(update: TransferNews): AboutTransfer {
  return { transfer: update.transfer, text: '', content: { kind: 'news', bytes: newsToWire(update) } }
}

/** The transfer is not over: it waits, moves, or failed in a way that can be resumed. */
export function isOpen({ state, error }: TransferRow): boolean {
  return state === 'offered' || state === 'accepted' || (state === 'failed' && canResume(error?.code))
}

/** It moves, or waits for what this peer does not decide. */
export function canPause({ state, direction }: TransferRow): boolean {
  return state === 'accepted' || (state === 'offered' && direction === 'out')
}

/** The error of a call that needs a transfer which is not over. */
export function over(): QuorumError {
  return new QuorumError('bad-request', 'This transfer is over')
}

/** A person can repair the disk, and then the transfer goes on from what is stored. */
export function canResume(code: string | undefined): boolean {
  return code === 'disk-full' || code === 'not-writable'
}

/** What a status update of the friend changes about `row`. Undefined: nothing, or the transfer is over here. */
export function changesOf(
  row: TransferRow,
  { what, code = 'internal', missing }: TransferNews,
): TransferChanges | undefined {
  const fromReceiver = row.direction === 'out'
  if (what === 'done') {
    if (!fromReceiver || row.state === 'done') return undefined
    return { state: 'done', error: undefined, ...(missing == null ? {} : { missing }) }
  }
  if (!isOpen(row)) return undefined
  switch (what) {
    case 'accepted':
      return fromReceiver && row.state === 'offered' ? { state: 'accepted' } : undefined
    case 'declined':
      return fromReceiver && row.state === 'offered' ? { state: 'declined' } : undefined
    case 'cancelled':
      return { state: 'cancelled' }
    case 'paused':
      return row.pausedByThem ? undefined : { pausedByThem: true }
    case 'resumed':
      if (row.state === 'failed' && fromReceiver) return { state: 'accepted', pausedByThem: false, error: undefined }
      return row.pausedByThem ? { pausedByThem: false } : undefined
    case 'failed': {
      // The disk is the receiver's: of its sender, such a transfer would wait here for ever.
      const why = canResume(code) && !fromReceiver ? 'internal' : code
      return { state: 'failed', error: { code: why, message: messageOf(why, fromReceiver) } }
    }
  }
}

/** `sending`: this side sends the files. */
function messageOf(code: ErrorCode, sending: boolean): string {
  if (code === 'source-changed') {
    return sending
      ? 'What you offered was changed, moved or removed since'
      : 'What they offered was changed, moved or removed since: ask them to send it again'
  }
  if (code === 'rate-limited' && sending) {
    return 'They have too many offers of yours to answer: send it again when they have answered some'
  }
  return failures[code] ?? 'It failed on their side'
}

const failures: Partial<Record<ErrorCode, string>> = {
  'disk-full': 'Their disk is full: the transfer goes on when they have made room and resumed it',
  'not-writable':
    'Their disk refuses to be written to: the transfer goes on when they have repaired that and resumed it',
  'verification-failed': 'What arrived on their side is not what was sent: it was thrown away',
}
