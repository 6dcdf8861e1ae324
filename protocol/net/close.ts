/** Closes a connection or stream without waiting forever for a peer that no longer answers. */
import type { Connection, Stream } from '@libp2p/interface'
import { toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'

/** Closes `closable`; aborts it when that fails or takes longer than `within` milliseconds. Never throws. */
export async function closeOrAbort(
  closable: Pick<Connection, 'close' | 'abort'> | Pick<Stream, 'close' | 'abort'>,
  within: number = limits.stop,
): Promise<void> {
  try {
    await closable.close({ signal: AbortSignal.timeout(within) })
  } catch (error) {
    closable.abort(toError(error))
  }
}
