/**
 * docs/protocol.md gives implementers the code's own numbers. Each phrase below is built from `limits` and must appear
 * in the page; and every quantity of the page must be part of such a phrase, so that none can be wrong or outdated.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { addressLimits } from '../../../protocol/address/limits.ts'
import { diskFloor } from '../../../protocol/base/disk-floor.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { friendLimits } from '../../../protocol/friend/limits.ts'
import { chatLimits } from '../../../protocol/chat/limits.ts'
import { fileLimits } from '../../../protocol/file/limits.ts'
import { groupLimits } from '../../../protocol/group/limits.ts'
import { pathLimits } from '../../../protocol/paths/limits.ts'
import { directoryAddressRates, directoryLimits, directoryRates } from '../../../protocol/directory/limits.ts'
import { mailboxLimits, mailboxPeersPerAddress, mailboxRates } from '../../../protocol/mailbox/limits.ts'
import { netLimits } from '../../../protocol/net/limits.ts'
import { identityLimits } from '../../../protocol/identity/limits.ts'
import { backupArgon2, blockBytes, mostArgon2 } from '../../../protocol/store/backup-format.ts'
import { wireLimits } from '../../../protocol/wire/limits.ts'
import type { Rate } from '../../../protocol/base/rate-limit.ts'

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8').replaceAll(/\s+/gu, ' ')

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const n = (value: number): string => value.toLocaleString('en')

function size(bytes: number): string {
  const power = [1024 ** 3, 1024 ** 2, 1024].findIndex((unit) => bytes >= unit)
  const unit = ['GiB', 'MiB', 'KiB'][power]
  assert.notEqual(unit, undefined)
  return `${n(bytes / 1024 ** (3 - power))} ${unit}`
}

function time(milliseconds: number): string {
  if (milliseconds >= 2 * day) return `${n(milliseconds / day)} days`
  if (milliseconds > hour) return `${n(milliseconds / hour)} hours`
  return milliseconds > minute ? `${n(milliseconds / minute)} minutes` : `${n(milliseconds / second)} s`
}

function rate({ tokens, per }: Rate): string {
  return per === minute ? `${n(tokens)} a minute` : `${n(tokens)} in ${time(per)}`
}

function bounded(amount: Rate): number {
  assert.equal(amount.per, minute)
  return amount.tokens
}

/** Of one address (0) or of one IPv6 /48 (1), in the order of the table. */
function perAddress(at: 0 | 1): string {
  const { heldPerAddress, parkedPerAddress, handlesPerAddress, recordsPerAddress } = directoryLimits
  return [heldPerAddress, parkedPerAddress, handlesPerAddress, recordsPerAddress]
    .map((both) => n(both[at] ?? Number.NaN))
    .join(' · ')
}

const yearsOfReservation = netLimits.reservationTtl / (365 * day)
const [shortest, longest] = /\{(\d+),(\d+)\}/u.exec(limits.handlePattern.source)?.slice(1) ?? []

/** By section. */
const phrases = [
  // Underlying protocols, Frames
  `grows to ${size(netLimits.streamWindow)} at most, at a node to ${size(netLimits.nodeStreamWindow)}.`,
  `each at most ${limits.address} characters`,
  `A frame that has begun must end within ${time(limits.frame)}.`,
  // Invites, envelopes, friendship
  `A link has at most ${size(limits.inviteLink)}.`,
  `It is sent at once, after ${netLimits.slotQuestions.slice(1).map(time).join(' and after ')}; after ${time(netLimits.slotSearch)} the search is over.`,
  `with that code, among its newest ${limits.parkedPerPeer}, answers`,
  `as in step 3 above: at most ${size(limits.parkedInvite)}.`,
  `For ${time(netLimits.slotContradiction)} after the first one it goes on listening`,
  `to one name in one network once a second. Messages`,
  `of the others ${rate(netLimits.slotDatagrams)} are decoded`,
  `so no tunnel; at most ${netLimits.lanNetworks}.`,
  `It may have ${size(limits.envelope)}.`,
  `A new one is made every ${time(identityLimits.sealingKeyRenewed)}. It is destroyed ${time(identityLimits.sealingKeyKept)} after that`,
  `at most ${limits.noteCharacters} characters; \`token\` or nothing`,
  `fewer than ${friendLimits.strangerRequests} strangers wait`,
  `sent to one friend again after ${time(pathLimits.dialMeRetry.first)}, doubling up to ${time(pathLimits.dialMeRetry.longest)}, and accepted from one friend ${bounded(friendLimits.dialMes)} times a minute.`,
  `For ${time(friendLimits.declineRemembered)} further requests of that peer are dropped`,
  // /quorum/friend
  `an \`Envelope\` of at most ${size(limits.envelope)}.`,
  `The whole exchange takes at most ${time(limits.request)}.`,
  `${netLimits.strangerConnections} strangers may be connected at once, ${netLimits.strangersPerAddress[0]} from one address, each for ${time(pathLimits.strangerLifetime)}.`,
  `One peer may send ${bounded(friendLimits.friendEnvelopes)} envelopes a minute; all peers together ${rate(friendLimits.envelopesOpened)}.`,
  // /quorum/directory
  `A frame has at most ${size(directoryLimits.directoryFrame)}. A new stream of the same peer replaces the older one, ${rate(directoryLimits.sessionsPerPeer)} at most.`,
  `\`handle-taken\`, \`node-full\` | ${rate(directoryRates.announce)}; a handle that is not the caller's already counts as a lookup by handle, ${directoryLimits.claimsPerAddress.tokens} new ones a day for each address |`,
  `${rate(directoryRates.lookup)}; by handle also for each address |`,
  `${limits.heldPerRecipient} held for that recipient, ${directoryLimits.heldPerSender} of them from this sender, ${directoryLimits.heldFromAddress} from this address; ${directoryLimits.heldPerAddress[0]} from this address in all; \`disk-full\` | ${rate(directoryLimits.heldPushesPerAddress)}, also of one address for one recipient |`,
  `with \`deliver\`; ${rate(directoryLimits.fleetingPerRecipient)} for each recipient, ${bounded(directoryLimits.fleetingPerPeer)} of them from one peer, ${bounded(directoryLimits.fleetingPerAddress)} from one address |`,
  `keeps it at most ${time(directoryLimits.parkedFor)}, ${limits.parkedPerPeer} a peer, ${directoryLimits.parkedPerAddress[0]} an address | done | \`rate-limited\`, \`bad-request\` another's slot, \`disk-full\` | ${rate(directoryRates.postInvite)} |`,
  `sealed, or empty | | ${rate(directoryRates.findInvite)}, also for each address |`,
  `\`rate-limited\` | ${rate(directoryRates.reachable)}, ${bounded(directoryAddressRates.reachable)} for each address |`,
  `deletes envelopes held for the caller | done | | ${rate(directoryRates.collected)} |`,
  `everything it stores about the caller | | ${rate(directoryRates.knowledge)} |`,
  `parked invites, record | done | | ${rate(directoryRates.forget)} |`,
  `All frames of a stream together are limited to ${rate(directoryLimits.directoryFrames)}; those beyond are answered so. More than ${rate(directoryLimits.directoryFlood)}, and of all streams of an address ${rate(directoryLimits.directoryFloodPerAddress)} beyond, end the stream.`,
  `\`rate-limited\` ${n(directoryLimits.expectedPerPeer)} expected by one session, ${n(directoryLimits.expectedPerAddress[0])} from one address; \`too-large\` more than ${wireLimits.peersTogether} in one call | ${rate(directoryRates.expect)} |`,
  `under which addresses it is reached, at most ${limits.nodeAddressesTold}, the public ones first. Once in a session a peer takes over at most ${addressLimits.nodeAddressesLearnt} of them`,
  `with its friends, at most ${wireLimits.peersTogether} in one call,`,
  `${pathLimits.tries.tokens} at once and ${(pathLimits.tries.tokens * minute) / pathLimits.tries.per} a minute all together`,
  `Every call is also limited for each address: to what ${directoryAddressRates.announce.tokens / directoryRates.announce.tokens} peers may do, \`deliver\` to ${rate(directoryAddressRates.deliver)}, lookups by handle to ${rate(directoryAddressRates.lookupHandle)}.`,
  `whether held envelopes, invites or handles: ${rate(directoryLimits.writesPerPeer)} of each peer, and beyond these ${rate(directoryLimits.writesPerAddress)} of its IPv4 address or IPv6 /48.`,
  `The peer stops waiting for a response after ${time(limits.request)}.`,
  `An envelope is held for ${time(directoryLimits.heldFor)}.`,
  `after a change of network and every ${time(directoryLimits.reachabilityRecheck)}. The node tries for ${time(directoryLimits.dialBack)},`,
  `**Handles** are ${shortest} to ${longest} of`,
  `kept until ${time(directoryLimits.handleKept)} after the owner was last seen`,
  // /quorum/mailbox
  `A frame has at most ${size(mailboxLimits.mailboxFrame)}. A newer stream of the same peer replaces the older one, ${rate(mailboxLimits.streamsOpened)} at most.`,
  `instead of what the caller told before, and deletes what lies under others | done | ${rate(mailboxRates.tickets)} |`,
  `holds the parcel (at most ${size(wireLimits.parcel)}), and sends it if the recipient is there | \`HELD\`; \`NO_TICKET\`; \`FULL\` | ${rate(mailboxRates.leave)} |`,
  `deletes that parcel | done | ${rate(mailboxRates.withdraw)} |`,
  `held for the caller, at most ${wireLimits.parcelsTogether} in one call | done | ${rate(mailboxRates.taken)} |`,
  `at most ${n(wireLimits.tickets)} a peer, for ${time(mailboxLimits.heldFor)} after`,
  `named in \`taken\`, at most ${time(mailboxLimits.heldFor)}. Under one ticket lie at most ${mailboxLimits.perTicket.parcels} parcels with ${size(mailboxLimits.perTicket.bytes)}, for one recipient at most ${n(mailboxLimits.perRecipient.parcels)} with ${size(mailboxLimits.perRecipient.bytes)}`,
  `A node holds ${size(mailboxLimits.held)}, of one IPv4 address or IPv6 /48 at most ${size(mailboxLimits.heldPerAddress)}, and takes ${size(mailboxLimits.leftPerAddress.tokens)} a day from it`,
  `to what ${mailboxPeersPerAddress} peers may do. More than ${rate(mailboxLimits.frames).replace(' in', ' frames in')}, and of all streams of an address ${rate(mailboxLimits.framesPerAddress)} beyond`,
  `${size(mailboxLimits.inMemory)} are received at once, ${size(mailboxLimits.inMemoryPerAddress)} from one address;`,
  // Records, relay, dcutr
  `A peer announces again every ${time(directoryLimits.recordRenewed)} and`,
  `A node accepts ${n(netLimits.reservations)} reservations, ${netLimits.reservationsPerAddress} from one IPv4 address or IPv6 /64, ${rate(netLimits.reservationsAsked).replace('a minute', 'requests a minute')}, and ${netLimits.circuitsPerPeer} circuits a peer.`,
  `${yearsOfReservation} years ahead, but never later than 2³¹ − 1 seconds after the epoch (19 January 2038)`,
  `after a failed one ${time(pathLimits.punchRetry.first)} pass, doubling up to ${time(pathLimits.punchRetry.longest)}, or until`,
  `for ${time(pathLimits.punch)}. 4. Both were dialling`,
  `One friend may ask for ${bounded(pathLimits.punches)} rounds a minute.`,
  `at most ${friendLimits.stands.tokens} in ${time(friendLimits.stands.per)} are heard of one friend.`,
  // /quorum/chat
  `A frame is a \`ChatFrame\` of at most ${size(chatLimits.chatFrame)},`,
  `\`text\`, at most ${size(limits.messageText)}, with`,
  `At most ${chatLimits.chatWindow} messages wait for a receipt, and at most ${size(chatLimits.chatWindowBytes)} is sent in one write. When no receipt comes for ${time(chatLimits.receipt)},`,
  `If for ${time(netLimits.probe)} nothing arrives on it`,
  `An idle connection is pinged every ${time(netLimits.peerPing)} and is closed after ${time(netLimits.peerPingTimeout)} without an answer.`,
  `A mark that disappears after ${time(chatLimits.typing)}.`,
  // Parcels
  `(at most ${chatLimits.parcelBodies}, with ${size(chatLimits.parcelBodyBytes)} unless the first one`,
  `do not open, at most ${wireLimits.unopened}.`,
  `up to ${chatLimits.keysTogether} one-time keys: a hello brings what is missing, a parcel up to ${chatLimits.keysInParcel}, where those in parcels of the last ${time(chatLimits.keysUnderWay)} count`,
  `keeps ${chatLimits.keysKept} and uses none later than ${time(chatLimits.keyUsable)} after it came. The giver keeps ${chatLimits.keysGiven} private halves, destroys those below what is settled, and any after ${time(chatLimits.keyKept)}.`,
  `Of one friend ${chatLimits.keysTaken.tokens} keys are taken in ${time(chatLimits.keysTaken.per)}, and ${chatLimits.keysMade.tokens} made for it.`,
  `Of one friend, ${chatLimits.parcelsAnew.tokens} parcels are sealed anew and \`hole\` is heard ${chatLimits.holesHeard.tokens} times in ${time(chatLimits.holesHeard.per)}.`,
  `was collected, or ${time(identityLimits.sealingKeyLast)} after it was made`,
  `who is away: ${time(chatLimits.mailAway.first)} after a message was written, doubling up to ${time(chatLimits.mailAway.longest)} while`,
  `when no receipt came for ${time(chatLimits.mailUnanswered)}; and when the program ends, within ${time(chatLimits.mailAtStop)}.`,
  `At most ${chatLimits.parcelsOut} parcels with ${size(chatLimits.parcelsOutBytes)} are on their way to a friend;`,
  `After ${time(chatLimits.parcelAgain)} without a receipt`,
  `told once, after ${time(chatLimits.holeReport)} without a parcel.`,
  `known for ${time(chatLimits.parcelKnown)}, ${n(chatLimits.parcelsKnown)} of a friend: one that comes again is taken, and answered again after ${chatLimits.parcelAnswered / day} day.`,
  `else after ${chatLimits.mailAnswer.least / minute} to ${time(chatLimits.mailAnswer.most)}, or when`,
  `are limited to ${rate(chatLimits.chatIdleFrames)}.`,
  `at most ${size(chatLimits.chatNewBytes.tokens)} of new messages of one friend in a day, where each counts ${chatLimits.messageCost} bytes, its body, and the first ${size(chatLimits.searchedBytes)} of it five times more`,
  `and an offer of files ${size(chatLimits.offerCost)} more`,
  `while its disk has less than ${size(diskFloor)} free`,
  `${size(chatLimits.chatArriving.tokens)} by the same count are looked at at once, and 2 MiB a second after that`,
  // Groups
  `2 to ${groupLimits.members} people`,
  `that no other one it knew names, at most ${groupLimits.heads}.`,
  `before that it waits, with ${groupLimits.waiting - 1} others at most.`,
  `the ${groupLimits.chains} smallest ids stay.`,
  `more than ${n(groupLimits.lamportTaken)} above the number`,
  `more than ${n(groupLimits.lamportFollowed)} above it`,
  `${groupLimits.mailAway.after / second} to ${time(groupLimits.mailAway.after + groupLimits.mailAway.spread)} after somebody said`,
  `Parcels for one member are ${time(groupLimits.parcelsApart).replace('120 s', '2 minutes')} apart`,
  `after ${time(groupLimits.parcelAgain)} without a receipt they are left again`,
  // /quorum/group
  `a \`GroupFrame\` of at most ${size(wireLimits.groupFrame)}`,
  `up to a multiple of 8; at most ${wireLimits.groupTags}.`,
  `${rate(groupLimits.whys)} are looked at. Of hellos it is ${rate(groupLimits.hellos)}.`,
  `of ${groupLimits.repairs} chains at once`,
  `at most every ${time(groupLimits.stateAgain)}, and every ${groupLimits.stateCheck / second} s.`,
  `of one chain, ${groupLimits.batch.entries} at once with ${size(groupLimits.batch.bytes)},`,
  `at once to up to ${groupLimits.links} members`,
  `passed on after ${groupLimits.passedOn.least / second} to ${time(groupLimits.passedOn.most)},`,
  `\`hashes\` of up to ${n(groupLimits.hashes)} entries`,
  `of oneself after ${time(groupLimits.seenTold)}, of others after ${time(groupLimits.seenPassedOn)},`,
  `(a mark that disappears after ${time(groupLimits.typing)}).`,
  `${n(groupLimits.framesTaken.tokens)} frames and ${size(groupLimits.bytesTaken.tokens)} a minute of one peer are looked at`,
  `at most ${wireLimits.groupEntries} entries, ${n(wireLimits.groupSignatures)} decisions or cards, and ${n(wireLimits.groupChains)} chains that were seen`,
  // /quorum/file
  `it holds all entries while they take ${size(wireLimits.offerEntries)}, else`,
  `the first ${wireLimits.leftOut.files}, in at most ${size(wireLimits.leftOut.bytes)}, and`,
  `A chunk is ${size(limits.chunk)}, the last chunk of a file is the rest of it.`,
  `in two round trips, between ${size(limits.fileInFlight.least)} and ${size(limits.fileInFlight.most)}.`,
  row(
    'files of a transfer · roots (files and folders named for it) · manifest',
    `${n(limits.transferFiles)} · ${n(limits.transferRoots)} · ${size(wireLimits.manifest)}`,
  ),
  row(
    'unanswered offers of one friend · their entries, besides those of the largest',
    `${fileLimits.offersOpen.offers} · ${n(fileLimits.offersOpen.entries)}; more are refused`,
  ),
  row(
    'entries of lists that are read for one friend',
    `${rate(fileLimits.listWork)}; each list counts as ${n(fileLimits.listAtLeast)} more`,
  ),
  row('active transfers from one friend', `${fileLimits.transfersAtOnce}; the others wait`),
  row('streams from one friend', String(netLimits.fileStreams)),
  row(
    'nothing arrives',
    `after ${time(fileLimits.fileStalled.probe)} the path is probed, after ${time(fileLimits.fileStalled.give)} the stream ends`,
  ),
  // Limits
  row(
    'chat frame · directory frame · envelope · parked invite · link',
    [chatLimits.chatFrame, directoryLimits.directoryFrame, limits.envelope, limits.parkedInvite, limits.inviteLink]
      .map(size)
      .join(' · '),
  ),
  row(
    'message text · name · note',
    `${size(limits.messageText)} · ${limits.nameCharacters} characters · ${limits.noteCharacters} characters`,
  ),
  row(
    'nodes · their addresses · own addresses in one message',
    `${limits.nodesTold} · ${limits.nodeAddressesTold} · ${limits.addressesTold}`,
  ),
  row('a frame that has begun · a handshake', `${time(limits.frame)} · ${time(limits.handshake)}`),
  row('frames waiting for a slow reader', `${size(netLimits.writeQueue)} a stream`),
  row('messages without a receipt', String(chatLimits.chatWindow)),
  `or among the last ${n(chatLimits.sentAgain)} delivered`,
  `the last ${n(chatLimits.sentAgain)} of the rest count as sent again`,
  `three times in an hour; more, and claims of more than ${n(chatLimits.outbox)} messages beyond what was sent`,
  row('messages queued for one friend', n(chatLimits.outbox)),
  row("strangers' requests", String(friendLimits.strangerRequests)),
  row('friends and requests · open invites', `${n(friendLimits.friends)} · ${friendLimits.invites}`),
  row('connections of a peer · peers of a node', `${netLimits.peerConnections} · ${n(netLimits.nodeConnections)}`),
  row('peers of one address (IPv6 /64, /48) that a full node keeps', String(netLimits.nodePlaceShare)),
  row(
    'seats at a full node · from one address · for',
    `${netLimits.nodeSeats} · ${netLimits.nodeSeatsPerAddress[0]} · ${time(netLimits.nodeSeatFor)}`,
  ),
  `waits ${directoryLimits.nodeFull.first / 2 / minute} to ${time(directoryLimits.nodeFull.first)}, then up to ${directoryLimits.nodeFull.longest / minute}`,
  `there are ${netLimits.nodeSeats} seats above, ${netLimits.nodeSeatsPerAddress[0]} of one address, each for ${time(netLimits.nodeSeatFor)}`,
  row(
    'sockets of a node · from one IPv4 address or IPv6 /64 · from one IPv6 /48',
    [netLimits.nodeInbound.sockets, ...netLimits.nodeInbound.socketsPerAddress].map(n).join(' · '),
  ),
  row('handshakes that one address begins', `${netLimits.nodeInbound.handshakeRate.tokens} a second`),
  row('a handshake in which nothing happens, while others wait', time(netLimits.nodeInbound.quiet)),
  row(
    'before the end of a handshake · one WebSocket message',
    `${size(netLimits.handshakeBytes)} · ${size(netLimits.webSocketReceive)}`,
  ),
  row(
    'streams that one side of a connection opens · of its address, beyond',
    [netLimits.muxOpenings, netLimits.muxOpeningsPerAddress].map(({ tokens }) => n(tokens)).join(' · ') + ' in 30 s',
  ),
  row(
    'frames without data on one connection · of its address, beyond',
    [netLimits.muxIdleFrames, netLimits.muxIdleFramesPerAddress].map(({ tokens }) => n(tokens)).join(' · ') +
      ' in 30 s',
  ),
  row(
    'streams without a protocol · bytes of each',
    `${netLimits.muxUnnamedStreams} a connection · ${size(netLimits.muxUnnamedBytes)}`,
  ),
  row('frames of a receiver on one file stream', rate(fileLimits.fileFrames)),
  row(
    "bytes sent on one stream of libp2p's ping · of the relay's requests",
    ['/ipfs/ping/1.0.0', '/libp2p/circuit/relay/0.2.0/hop']
      .map((one) => size(netLimits.stockReads[one] ?? 0))
      .join(' · '),
  ),
  row(
    'circuits asked for in vain: by one peer · from one address · from one address to one peer · to one peer',
    [netLimits.connectsPerSource, netLimits.connectsPerAddress, netLimits.connectsPerPair, netLimits.connectsPerTarget]
      .map(({ tokens }) => n(tokens))
      .join(' · ') + ' a minute',
  ),
  row(
    'bytes that wait in circuits: of one IPv4 address or IPv6 /64 · of one IPv6 /48 · of all',
    [...netLimits.circuits.waitingPerAddress, netLimits.circuits.waiting].map(size).join(' · '),
  ),
  row('a circuit in which bytes wait and none gets through', time(netLimits.circuits.stalled)),
  row(
    'envelopes held at a node · parked invites · handles · records',
    [directoryLimits.held, directoryLimits.parked, directoryLimits.handles, directoryLimits.records].map(n).join(' · '),
  ),
  row('of them from one IPv4 address or IPv6 /64', perAddress(0)),
  row('of them from one IPv6 /48', perAddress(1)),
  row(
    'age of a connection · bytes it carried, both ways together',
    `${time(limits.connectionAge)} · ${size(pathLimits.connectionBytes)}`,
  ),
  `memory in KiB (${n(backupArgon2.memory / 1024)}), passes (${backupArgon2.passes})`,
  `A reader takes at most ${size(mostArgon2.memory)} and ${mostArgon2.passes}.`,
  `messages of ${size(blockBytes)}, the last one`,
  // Not limits: parts of a format or of libp2p, which another test or the other implementation checks.
  'the default window of 256 KiB and',
  '5,199 times: `h` = SHA-512',
  '3 passes, 64 MiB, one lane',
  'A guess costs 64 MiB and about a tenth of a second',
  'at most 50 ms, for',
  'The other side waits 1.5 s for that',
  '`sealed` = the encapsulated key (1,120 bytes)',
  'it to at least 2,048 bytes',
  'at least 256 for a chat frame, 2,048 for an envelope and a parcel',
  'Each modulo 100,000, written with five digits',
]

/** A number with a unit; or one of more than three digits. */
const quantity =
  /(?<![\w.,²³-])\d[\d,.]*(?: (?:KiB|MiB|GiB|s|ms|minutes?|hours?|days?|years|characters|a minute|in \d+ s|rounds|times)\b|(?<=,\d{3}))/gu

for (const phrase of phrases) {
  test(`docs/protocol.md: ${phrase}`, () => assert.ok(page.includes(phrase), `not in the page: ${phrase}`))
}

test('docs/protocol.md: every quantity comes from the code', () => {
  const covered = phrases.flatMap((phrase) =>
    [...page.matchAll(new RegExp(RegExp.escape(phrase), 'gu'))].map(({ index }) => [index, index + phrase.length]),
  )
  const unproven = [...page.matchAll(quantity)].filter(
    ({ index, 0: text }) => !covered.some(([from = 0, to = 0]) => from <= index && index + text.length <= to),
  )
  assert.deepEqual(
    unproven.map(({ index, 0: text }) => page.slice(index - 40, index + text.length)),
    [],
  )
})

test('docs/protocol.md: no row of the table of limits is left out here', () => {
  const [, section = ''] = /## Limits (.*?)## Versions/u.exec(page) ?? []
  const [header, ...rows] = section.split('|---|---|---| ').flatMap((part) => part.trim().split(/(?<=\|) (?=\|)/u))
  assert.match(header ?? '', /what \| limit/u)
  assert.deepEqual(
    rows.filter((text) => !phrases.some((phrase) => text.startsWith(phrase))),
    [],
  )
})

/** A row of a table: name and value. */
function row(what: string, limit: string): string {
  return `| ${what} | ${limit} |`
}
