/**
 * `/accept` and `/decline`. One rule for both: a number means an offer of files, and a name a person, or a group that
 * somebody invites to. Without either, they answer what waits in the open conversation, or the only thing that waits at
 * all.
 */
import { QuorumError } from '#protocol'
import type { Friend, Group, Transfer } from '#protocol'
import { say, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { openConversation } from './conversation.ts'
import { acceptInvitation, declineInvitation } from './group-commands.ts'
import { conversationNamed } from './named-conversation.ts'
import { chosen, numbered } from './transfer-commands.ts'
import { transferChanged } from './transfer-events.ts'
import { waitsForUs } from './transfers.ts'
import { splitWord } from './typed-line.ts'
import { looksLikePath, onePathIn } from './typed-paths.ts'

type Waiting = { request: Friend } | { invitation: Group } | { offer: Transfer; folder: string }

/** `/accept`, `/accept NAME`, `/accept [N] FOLDER`. */
export async function accept(client: Client, rest: string): Promise<void> {
  const answered = whatWaits(client, rest, 'accept')
  if ('request' in answered) {
    await acceptRequest(client, answered.request)
    return
  }
  if ('invitation' in answered) return acceptInvitation(client, answered.invitation)
  const { offer, folder } = answered
  const params = { transfer: offer.id }
  const directory = folder === '' ? {} : { directory: onePathIn(folder, client.pathContext) }
  transferChanged(client, await client.peer.acceptTransfer({ ...params, ...directory }), true)
}

/** `/decline`, `/decline NAME`, `/decline N`. */
export async function decline(client: Client, rest: string): Promise<void> {
  const answered = whatWaits(client, rest, 'decline')
  if ('offer' in answered) {
    transferChanged(client, await client.peer.declineTransfer({ transfer: answered.offer.id }), true)
    return
  }
  if ('invitation' in answered) return declineInvitation(client, answered.invitation)
  const label = client.friends.label(answered.request.peer)
  client.friends.put(await client.peer.declineFriend({ peer: answered.request.peer }))
  say(client, `Declined ${label}. They are not notified.`)
}

async function acceptRequest(client: Client, { peer }: Friend): Promise<void> {
  const friend = await client.peer.acceptFriend({ peer })
  client.friends.put(friend)
  const label = client.friends.label(friend.peer)
  const next = client.current === undefined ? '' : ` /open ${label} to talk.`
  say(client, `You and ${label} are friends now.${next}`, 'green')
  if (client.current === undefined) await openConversation(client, friend)
  else showPrompt(client)
}

function whatWaits(client: Client, rest: string, command: 'accept' | 'decline'): Waiting {
  const [word, after] = splitWord(rest)
  if (/^\d+$/u.test(word)) return { offer: offered(client, word, command), folder: after }
  if (looksLikePath(word)) return { offer: onlyOffer(client, command), folder: rest }
  if (rest !== '') return byName(client, rest, command)
  const { current, friends, groups, transfers } = client
  const requests = friends.incoming()
  const invitations = groups.invited()
  const asks = requests.find(({ peer }) => peer === current)
  if (asks !== undefined) return { request: asks }
  const offers = transfers.open().filter(waitsForUs)
  if (offers.some(({ peer }) => peer === current)) return { offer: onlyOffer(client, command), folder: '' }
  const asked = invitations.find(({ group, invitedBy }) => group === current || invitedBy === current)
  if (asked !== undefined) return { invitation: asked }
  const [request] = requests
  const [invitation] = invitations
  const waiting = requests.length + invitations.length + offers.length
  if (request !== undefined && waiting === 1) return { request }
  if (invitation !== undefined && waiting === 1) return { invitation }
  if (requests.length + invitations.length === 0) return { offer: onlyOffer(client, command), folder: '' }
  throw new QuorumError(
    'bad-request',
    `Which one? /friends, /groups and /transfers list what waits. Then /${command} NAME or NUMBER.`,
  )
}

/** The friend request of this person, the offer of this friend, or the invitation to this group. */
function byName(client: Client, name: string, command: string): Waiting {
  const named = conversationNamed(client, name)
  if ('group' in named) return { invitation: named.group }
  const { friend } = named
  if (friend.state !== 'friend') return { request: friend }
  const offers = client.transfers.open(friend.peer).filter(waitsForUs)
  if (offers.length > 1) {
    const numbers = offers.map(({ id }) => `/${command} ${client.transfers.numberOf(id)}`)
    throw new QuorumError('bad-request', `Which of their offers? ${numbers.join(' or ')}`)
  }
  return offers[0] === undefined ? { request: friend } : { offer: offers[0], folder: '' }
}

function offered(client: Client, number: string, command: string): Transfer {
  const offer = numbered(client, number)
  if (waitsForUs(offer)) return offer
  const why = offer.direction === 'out' ? 'is your own. /cancel cancels it.' : 'has been answered.'
  throw new QuorumError('bad-request', `/${command} ${number}: transfer ${number} ${why}`)
}

function onlyOffer(client: Client, command: string): Transfer {
  return chosen(client, '', { command, fits: waitsForUs, none: 'Nothing waits for an answer.', not: '' })
}
