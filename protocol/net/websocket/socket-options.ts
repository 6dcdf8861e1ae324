/** What every WebSocket of this host keeps to, dialled or accepted. */
import { limits } from '../../base/limits.ts'
import { netLimits } from '../limits.ts'

export const socketOptions = {
  // A message is in memory as a whole before anybody has seen it.
  maxPayload: netLimits.webSocketReceive,
  maxFragments: netLimits.webSocketFragments,
  maxBufferedChunks: netLimits.webSocketFragments,
  // What is sent is encrypted, so it does not get shorter; decompressing takes memory.
  perMessageDeflate: false,
  // The connection answers, within bounds.
  autoPong: false,
  closeTimeout: limits.stop,
} as const
