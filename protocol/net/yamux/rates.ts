/**
 * How much the other side of a connection may cause for nothing: streams that it opens, however soon they are reset,
 * and frames without data.
 */
import type { MessageStream } from '@libp2p/interface'
import { isRelayed } from '../../address/address.ts'
import { quotaKeysOf } from '../../address/quota-key.ts'
import { SharedRate } from '../../base/rate-limit.ts'
import { netLimits } from '../limits.ts'
import { remoteAddress } from '../noise/noise.ts'

export interface ConnectionRates {
  /** The other side opens a stream: false if it may not now. */
  opening(): boolean
  /** The same for a frame without data. */
  idle(): boolean
}

/** The rates of all connections of one host. */
export function muxRates(): (connection: MessageStream) => ConnectionRates {
  const openings = new SharedRate(netLimits.muxOpenings, netLimits.muxOpeningsPerAddress, now)
  const idle = new SharedRate(netLimits.muxIdleFrames, netLimits.muxIdleFramesPerAddress, now)
  return (connection) => {
    const key = addressKey(connection)
    return { opening: openings.of(key), idle: idle.of(key) }
  }
}

/** Undefined for a connection inside a circuit: its address is the relay's, and nobody gets one unasked. */
function addressKey(connection: MessageStream): string | undefined {
  const address = remoteAddress(connection)
  return address == null || isRelayed(address) ? undefined : quotaKeysOf(address).at(-1)
}

function now(): number {
  return performance.now()
}
