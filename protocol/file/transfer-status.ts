/** What the news of a friend change about a transfer. */
import type { ErrorCode } from '../base/errors.ts'
import { isOpen } from './progress.ts'
import type { TransferChanges, TransferRow } from '../store/store.ts'
import type { TransferNews } from '../wire/offer.ts'

/** Undefined: nothing, because it is over here. */
export function changesOf(row: TransferRow, { what, code = 'internal' }: TransferNews): TransferChanges | undefined {
  const fromReceiver = row.direction === 'out'
  if (what === 'done') return fromReceiver && row.state !== 'done' ? { state: 'done', error: undefined } : undefined
  if (!isOpen(row)) return undefined
  switch (what) {
    case 'accepted':
      return fromReceiver && row.state === 'offered' ? { state: 'accepted' } : undefined
    case 'declined':
      return fromReceiver && row.state === 'offered' ? { state: 'declined' } : undefined
    case 'cancelled':
      return { state: 'cancelled' }
    case 'paused':
      return { pausedByThem: true }
    case 'resumed':
      if (row.state === 'failed' && fromReceiver) return { state: 'accepted', pausedByThem: false, error: undefined }
      return { pausedByThem: false }
    case 'failed':
      return { state: 'failed', error: { code, message: failures[code] ?? 'It failed at their side' } }
  }
}

const failures: Partial<Record<ErrorCode, string>> = {
  'disk-full': 'Their disk is full: it goes on when they have made room',
  'not-writable': 'Their disk refuses to be written to: it goes on when they have mended that',
  'source-changed': 'What they offered was changed, moved or removed since: ask them to send it again',
  'verification-failed': 'What arrived at their side is not what was sent: it was thrown away',
}
