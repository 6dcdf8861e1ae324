/**
 * Checks whether one connection still works, with libp2p's ping protocol on that connection, and aborts it if not.
 * libp2p's own ping picks any connection to the peer, so it may answer for another than the suspect one.
 */
import { randomBytes } from 'node:crypto'
import type { Connection } from '@libp2p/interface'
import { onAbort } from '../base/abort-listener.ts'
import { toError } from '../base/errors.ts'
import { pull } from './streams.ts'

const pingProtocol = '/ipfs/ping/1.0.0'
const pingLength = 32

/**
 * Aborts `connection` unless it answers within `timeout` milliseconds. `received`: whether other data has arrived on it
 * meanwhile, which counts as an answer.
 */
export type Probe = (connection: Connection, timeout: number, received?: () => boolean) => Promise<void>

/** One probe at a time for each connection: a second caller gets the result of the first. */
export function probing(): Probe {
  const running = new WeakMap<Connection, Promise<void>>()
  return (connection, timeout, received = () => false) => {
    const already = running.get(connection)
    if (already != null) return already
    const probe = ping(connection, AbortSignal.timeout(timeout))
      .catch((error: unknown) => {
        if (!received()) connection.abort(toError(error))
      })
      .finally(() => running.delete(connection))
    running.set(connection, probe)
    return probe
  }
}

async function ping(connection: Connection, signal: AbortSignal): Promise<void> {
  const stream = await connection.newStream(pingProtocol, { signal, runOnLimitedConnection: true })
  using _ = onAbort(signal, () => stream.abort(new Error('It did not answer in time')))
  try {
    stream.send(randomBytes(pingLength))
    let echoed = 0
    for await (const bytes of pull(stream)) {
      echoed += bytes.byteLength
      if (echoed >= pingLength) return
    }
    throw new Error('It ended before it answered')
  } finally {
    // Not closed but aborted: a half-closed stream would count against the next ping.
    stream.abort(new Error('The probe has ended'))
  }
}
