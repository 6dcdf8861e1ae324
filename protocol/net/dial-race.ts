/**
 * Dials several addresses of one peer side by side, each a short stagger after the one before, so that a dead address
 * delays nothing. The first address that answers ends the other dials, with one exception: a direct dial continues when
 * a circuit was first, because a direct path replaces a relayed one.
 */
import type { Connection } from '@libp2p/interface'
import { pause } from '../base/backoff.ts'
import { netLimits } from './limits.ts'

export interface DialRace {
  /** Direct addresses, the most promising first. */
  addresses: readonly string[]
  /** Circuit addresses; all of them start together, `circuitsAfter` milliseconds after the first direct address. */
  circuits?: readonly string[]
  circuitsAfter?: number
  /** Ends every dial. */
  signal: AbortSignal
  /** One dial. `over` aborts when its result is no longer needed. */
  dial(address: string, over: AbortSignal): Promise<Connection>
  /** Receives each direct connection that was made although another direct address had answered. */
  surplus?(connection: Connection): void
}

/**
 * Returns the first connection. Errors: an AggregateError with the error of every dial, in the order of the addresses
 * and then of the circuits; its list is empty when there was nothing to dial.
 */
export async function raceDials(race: DialRace): Promise<Connection> {
  const { addresses, circuits = [], circuitsAfter = 0, signal, surplus } = race
  const answered = new AbortController()
  const answeredDirectly = new AbortController()

  const dial = async (address: string, delay: number, over: AbortSignal): Promise<Connection> => {
    await pause(delay, over)
    over.throwIfAborted()
    return race.dial(address, over)
  }
  const dialDirectly = async (address: string, index: number): Promise<Connection> => {
    const over = AbortSignal.any([signal, answeredDirectly.signal])
    const connection = await dial(address, index * netLimits.dialStagger, over)
    if (answeredDirectly.signal.aborted) surplus?.(connection)
    answered.abort(new Error('Another path was faster'))
    answeredDirectly.abort(new Error('Another direct path was faster'))
    return connection
  }
  const dialCircuit = async (address: string): Promise<Connection> => {
    const connection = await dial(address, circuitsAfter, AbortSignal.any([signal, answered.signal]))
    answered.abort(new Error('Another path was faster'))
    return connection
  }
  return Promise.any([...addresses.map(dialDirectly), ...circuits.map(dialCircuit)])
}
