/** What `connection` of the contract reports: how a peer is reached right now, and why not better. */
import type { Connection } from '@libp2p/interface'
import { isRelayed, relayPeer } from '../address/address.ts'
import { advice, reasonSentence, type NotDirect, type PathReason, type PunchFailure } from '../api/advice.ts'
import type { AdviceCode, ConnectionInfo, DialAttempt, NodeRefusal, PathKind } from '../api/model.ts'
import { shortId } from '../identity/identity.ts'
import type { DirectMode } from '../api/privacy.ts'
import { adviceCode } from './path-diagnosis.ts'

/** The paths to one peer, as they are now. */
export interface PathsToPeer {
  best: Connection | undefined
  /** A connection to this peer is wanted. */
  isFriend: boolean
  /** Why the last attempt failed, as a clause. */
  failure: string | undefined
  direct: DirectMode
  /** This peer may be reached directly. */
  mayBeDirect: boolean
  /** It has announced an address that can be dialled. Called only for relayed connections. */
  hasAddress(): boolean
  /** How many nodes we are connected to, and why one of ours refuses us. */
  nodes: { connected: number; refusal: NodeRefusal | undefined }
  /** None of its nodes is ours, and we may not connect to them. */
  foreign: boolean
  tried: DialAttempt[]
  punchFailure: PunchFailure | undefined
}

export function connectionInfo(to: PathsToPeer): ConnectionInfo {
  const { best, tried } = to
  const limited = best === undefined || isDirect(best) ? undefined : limitsOf(best)
  const code = limited === undefined ? obstacle(to) : 'limited'
  const diagnosis = {
    reason: reasonSentence(reasonOf(to, limited)),
    tried,
    ...(limited === undefined ? {} : { limited }),
    ...(code === undefined ? {} : { advice: advice[code], adviceCode: code }),
  }
  if (best === undefined) return { path: 'none', ...diagnosis }
  const address = best.remoteAddr.toString()
  const via = relayPeer(address)
  return {
    path: pathKind(best),
    transport: address.includes('/ws') ? 'websocket' : 'tcp',
    address,
    ...(via == null ? {} : { via }),
    ...(best.rtt == null ? {} : { rttMs: Math.round(best.rtt * 10) / 10 }),
    since: best.timeline.open,
    ...diagnosis,
  }
}

export function isDirect(connection: Connection): boolean {
  return !isRelayed(connection.remoteAddr)
}

/** Of the best connection to a peer. */
export function pathKind(best: Connection | undefined): PathKind {
  if (best === undefined) return 'none'
  return isDirect(best) ? 'direct' : 'relayed'
}

function obstacle(to: PathsToPeer): AdviceCode | undefined {
  const { best, isFriend, direct, mayBeDirect, nodes, foreign, tried } = to
  if (!isFriend) return undefined
  const mode = direct === 'verified' && mayBeDirect ? 'auto' : direct
  const code = adviceCode(pathKind(best), mode, nodes.connected, tried)
  if (code === 'no-node' && nodes.refusal !== undefined) return nodes.refusal
  return code === 'away' && foreign ? 'foreign-node' : code
}

function reasonOf(to: PathsToPeer, limited: ConnectionInfo['limited']): PathReason {
  const { best, isFriend, failure, punchFailure } = to
  if (best !== undefined) {
    if (isDirect(best)) return { code: 'direct' }
    return {
      code: 'relayed',
      node: shortId(relayPeer(best.remoteAddr) ?? ''),
      ...(limited === undefined ? {} : { limited }),
      notDirect: notDirect(to),
      ...(punchFailure === undefined || !to.mayBeDirect ? {} : { punch: punchFailure }),
    }
  }
  if (!isFriend) return { code: 'not-friends' }
  if (to.foreign) return { code: 'foreign-node' }
  return failure === undefined ? { code: 'connecting' } : { code: 'failed', failure }
}

function notDirect({ direct, mayBeDirect, hasAddress }: PathsToPeer): NotDirect {
  if (!mayBeDirect) return direct === 'never' ? 'off' : 'unverified'
  return hasAddress() ? 'no-answer' : 'no-address'
}

/** What is left of the limits that the node stated when it made the circuit. */
function limitsOf({ limits: stated }: Connection): ConnectionInfo['limited'] {
  if (stated === undefined) return undefined
  const { bytes, seconds } = stated
  return {
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
    // js-libp2p's relay writes milliseconds into the field of seconds: nobody limits circuits to days.
    ...(seconds === undefined ? {} : { seconds: seconds >= 30_000 ? Math.round(seconds / 1000) : seconds }),
  }
}
