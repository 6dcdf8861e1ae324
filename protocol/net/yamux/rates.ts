/**
 * How much the other side of a connection may cause for nothing: streams that it opens, however soon they are reset,
 * and frames without data. Each connection has a little of its own, so that nobody is locked out by a neighbour behind
 * the same router; what it wants beyond, it shares with all connections of its address, since connections are cheap.
 */
import type { MessageStream } from '@libp2p/interface'
import { isRelayed } from '../../address/address.ts'
import { quotaKeysOf } from '../../address/quota-key.ts'
import { KeyedBuckets, TokenBucket, type Rate } from '../../base/rate-limit.ts'
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
  const openings = sharedRate(netLimits.muxOpenings, netLimits.muxOpeningsPerAddress)
  const idle = sharedRate(netLimits.muxIdleFrames, netLimits.muxIdleFramesPerAddress)
  return (connection) => {
    const key = addressKey(connection)
    return { opening: openings(key), idle: idle(key) }
  }
}

function sharedRate(ofConnection: Rate, ofAddress: Rate): (key: string | undefined) => () => boolean {
  const byAddress = new KeyedBuckets(ofAddress, now)
  return (key) => {
    const own = new TokenBucket(ofConnection, now)
    const alone = new TokenBucket(ofAddress, now)
    return () => own.take() || (key == null ? alone.take() : byAddress.take(key))
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
