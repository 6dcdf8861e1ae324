/**
 * Why a dial failed, as a code. Transports, TLS and the resolver report it by code, name or message, each in its own
 * way: this is the only file that looks at those.
 */
import type { MultiaddrConnection } from '@libp2p/interface'
import type { NodeProblem } from '../api/model.ts'
import { QuorumError, toError } from '../base/errors.ts'
import type { TransportStream } from './read-in-place.ts'

/** The first byte of libp2p: the length of `/multistream/1.0.0`. */
const libp2p = 0x13

/** Something else than libp2p answers at an address. */
class OtherService extends Error {
  readonly service: 'web' | 'ssh' | 'other-service'

  constructor(first: Uint8Array) {
    super('Something else than libp2p answers there')
    this.name = 'OtherService'
    const text = Buffer.from(first.subarray(0, 4)).toString('latin1')
    // A web server answers what is no request with HTTP, or with an alert of TLS.
    if (text === 'HTTP' || first[0] === 0x15) this.service = 'web'
    else this.service = text === 'SSH-' ? 'ssh' : 'other-service'
  }
}

/**
 * Ends `connection`, which this peer dialled, if its first byte is not libp2p's: nobody waits for the rest of a frame
 * that never comes. Returns the error to throw instead of the one that follows from it.
 */
export function refuseOtherServices(connection: MultiaddrConnection & TransportStream): () => Error | undefined {
  let other: OtherService | undefined
  const onData = connection.onData.bind(connection)
  connection.onData = (data) => {
    connection.onData = onData
    const first = data.subarray()
    if (first[0] === libp2p) return onData(data)
    other = new OtherService(first)
    connection.abort(other)
  }
  return () => other
}

const patterns: readonly [NodeProblem, RegExp][] = [
  ['refused', /ECONNREFUSED/],
  ['unknown-name', /ENOTFOUND|EAI_AGAIN|ENODATA/],
  ['no-route', /ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|ENETDOWN/],
  ['wrong-peer', /UnexpectedPeerError|InvalidCryptoExchange|does not match expected|unexpected (remote )?peer/i],
  ['certificate', /CERT_|_CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS_/],
  ['no-websocket', /Unexpected server response|Sec-WebSocket-|HPE_|EPROTO|ERR_SSL_|WS_ERR_/],
  ['not-a-node', /UnsupportedProtocolError|Protocol selection failed/],
  ['other-service', /Missing newline|Too much before the end of the handshake/],
  ['silent', /in time|Timeout|ETIMEDOUT/i],
  ['closed', /ECONNRESET|EPIPE|hang up|UnexpectedEOF|unexpected end|reset|closed/i],
]

/** The code of what a dial, or the first stream after it, threw. */
export function dialFailure(error: unknown): NodeProblem {
  if (error instanceof OtherService) return error.service
  if (error instanceof QuorumError && error.code === 'not-admitted') return error.code
  const thrown = toError(error)
  const text = `${'code' in thrown ? String(thrown.code) : ''} ${thrown.name} ${thrown.message}`
  return patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? 'failed'
}

/** What tells most about a node with several addresses, first: an answer tells more than silence. */
const telling: readonly NodeProblem[] = [
  'not-admitted',
  'wrong-peer',
  'not-a-node',
  'certificate',
  'no-websocket',
  'web',
  'ssh',
  'other-service',
  'closed',
  'refused',
  'unknown-name',
  'no-route',
  'silent',
  'failed',
]

/** Of the errors of several dials to one peer, the one that tells most. */
export function mostTelling(errors: readonly unknown[]): Error {
  const rank = (error: unknown): number => telling.indexOf(dialFailure(error))
  return toError(errors.toSorted((a, b) => rank(a) - rank(b))[0])
}
