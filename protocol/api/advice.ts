/**
 * What the codes of a connection mean, in English: one sentence for each code. The library computes codes; the headless
 * contract and the window's English take their sentences from here, so that one code reads the same everywhere.
 * The window's page loads this file too (`#advice`), so it imports types only.
 */
import type { AdviceCode, ConnectionInfo, NodeProblem } from './model.ts'

/** Why a node is not reached, and what to do. */
export const nodeProblems: Readonly<Record<NodeProblem, string>> = {
  'not-admitted': 'This node does not accept you: its operator decides who may use it. Ask them, or use another node.',
  'wrong-peer': 'Another identity answers there: ask the operator of the node for its present address.',
  'not-a-node': 'Quorum answers there, but it is no node.',
  certificate:
    'The certificate there is not valid for this name and this time, or its authority is not known here: the ' +
    'operator has to renew it, or the clock of this computer is wrong.',
  'no-websocket': 'A server answers there, but passes nothing on to a node: the node may not run.',
  web: 'A web server answers there: the address may need /tls/ws or /ws before /p2p/, or another port.',
  ssh: 'An SSH server answers there: the port in the address is wrong.',
  'other-service': 'Something else than Quorum answers there: the port in the address may be wrong.',
  closed: 'It ends the connection at once: it may have no room, or something on the way lets nothing through.',
  refused: 'That computer refuses the connection: the node does not run there, or uses another port.',
  'unknown-name': 'No computer of that name was found.',
  'no-route': 'This network has no route to that computer.',
  silent: 'Nothing answers there: the computer is off, or a firewall lets nothing through.',
  failed: 'It cannot be reached.',
}

/** Why a hole punch failed. */
export type PunchFailure =
  /** No node reports a public address of ours. */
  | 'no-node'
  /** The other side does not speak DCUtR. */
  | 'refused'
  /** The other side announced no public address, or not in time. */
  | 'no-answer'
  /** This system does not let two connections share a local port. */
  | 'unsupported'
  /** That router maps every connection to another port. */
  | 'our-router'
  | 'their-router'
  | 'both-routers'
  | 'blocked'

/** Why a relayed connection is not direct, as far as it concerns ordinary dials. */
export type NotDirect = 'off' | 'unverified' | 'no-address' | 'no-answer'

/** How a peer is reached, and why not better: `reason` of the contract, before it becomes a sentence. */
export type PathReason =
  | { code: 'direct' }
  /** `node`: its short id. */
  | { code: 'relayed'; node: string; limited?: ConnectionInfo['limited']; notDirect: NotDirect; punch?: PunchFailure }
  | { code: 'not-friends' }
  | { code: 'connecting' }
  /** None of their nodes is ours, and the privacy choices allow no other. */
  | { code: 'foreign-node' }
  /** `failure`: the message of the last error, as a clause. */
  | { code: 'failed'; failure: string }

/** What stopped a better path, and what would help. */
export const advice: Readonly<Record<AdviceCode, string>> = {
  'node-refuses': 'The node does not carry this conversation: a second node that both of you use would help.',
  'node-misleads': 'The node connects you to somebody else than your friend, which is refused: use another node.',
  'direct-only':
    'Only direct connections are allowed here: allowing nodes would help where none of their addresses answers.',
  'node-full': 'Your node is full: it is tried again every few minutes, and another node would help.',
  'not-admitted': 'Your node does not accept you: ask its operator, or add another node.',
  'no-node': 'None of your nodes answers: check your network, or add another node.',
  'foreign-node':
    'They use a node that is not one of yours, and your choice about direct connections allows no other: adding ' +
    'their node would help, or they connect through yours when they are online.',
  away: 'They are most likely offline: as soon as they are back, you are connected automatically.',
  'direct-off': 'Direct connections are switched off here to hide your address, so everything goes through a node.',
  unverified:
    'Only verified friends are connected directly here: comparing the safety number with them would allow it.',
  moved: 'Somebody else answers at their last address: this resolves itself when they announce the new one.',
  silent:
    'A router or firewall lets nothing through to them: a port forwarded to Quorum at one of your two ' +
    'routers would help.',
  refused: 'Their computer refuses the connection: allowing Quorum in its firewall, or restarting Quorum, would help.',
  'no-route':
    'Your network has no route to theirs: being in the same network, or a port forwarded to Quorum at ' +
    'one of your two routers, would help.',
  'no-address':
    'They have no address that can be dialled from here: a port forwarded to Quorum at one of your two ' +
    'routers would help.',
  limited: 'The node limits how much it carries: large files are slow now, or wait for a direct path or another node.',
}

const notDirect: Readonly<Record<NotDirect, string>> = {
  off: 'direct paths are switched off',
  unverified: 'direct paths are for verified friends only',
  'no-address': 'they have announced no address that can be reached from here',
  'no-answer': 'none of their addresses answers directly',
}

const punchFailures: Readonly<Record<PunchFailure, string>> = {
  'no-node': 'no node reports the address under which your router shows you',
  refused: 'their side does not take part in opening a direct path',
  'no-answer': 'their side could not find out where its router can be reached',
  unsupported: 'this system cannot open a direct path through your router',
  'our-router':
    'your router seems to change ports for every connection (symmetric NAT), so no direct path can be opened',
  'their-router':
    'their router seems to change ports for every connection (symmetric NAT), so no direct path can be opened',
  'both-routers':
    'your router and theirs seem to change ports for every connection (symmetric NAT), so no direct path can be opened',
  blocked: 'a router or firewall between you lets no direct path through',
}

/** One plain sentence. */
export function reasonSentence(reason: PathReason): string {
  switch (reason.code) {
    case 'direct':
      return 'You are connected directly.'
    case 'relayed': {
      const { node, limited, punch } = reason
      const why = notDirect[reason.notDirect] + (punch === undefined ? '' : `, and ${punchFailures[punch]}`)
      return `You are connected through node ${node}, which cannot read what you say${endsAfter(limited)}; ${why}.`
    }
    case 'not-friends':
      return 'You are not connected, because you are not friends.'
    case 'connecting':
      return 'Connecting.'
    case 'foreign-node':
      return 'You are not connected: none of their nodes is one of yours, and you connect to no others.'
    case 'failed':
      return `You are not connected: ${reason.failure}. Quorum keeps trying, and messages wait until it works.`
  }
}

function endsAfter(limited: ConnectionInfo['limited']): string {
  if (limited === undefined) return ''
  const { bytes, seconds } = limited
  const amounts = [
    bytes === undefined ? [] : `${Math.ceil(bytes / 1024)} KiB`,
    seconds === undefined ? [] : `${seconds} seconds`,
  ]
  return ` and ends this connection after ${amounts.flat().join(' or ') || 'a while'}`
}
