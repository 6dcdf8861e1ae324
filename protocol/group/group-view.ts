/** A group, its members and its messages as callers see them. */
import { byUnits } from '../base/by-units.ts'
import type { Group, GroupMember, Message } from '../api/model.ts'
import { shortId } from '../identity/identity.ts'
import type { GroupRow, ShownEntry } from '../store/group-store.ts'
import type { Cards } from './cards.ts'
import type { Membership } from './membership.ts'

/** What is known of people besides their cards. */
export interface People {
  /** Of friends and of this person; undefined where they are neither. */
  nameOf(peer: string): string | undefined
  isFriend(peer: string): boolean
  online(peer: string, group: string): boolean
}

interface ViewedGroup {
  row: GroupRow
  /** The own PeerId. */
  self: string
  /** Undefined while nothing of the ledger is held. */
  membership: Membership | undefined
  cards: Cards
  people: People
  unread: number
  history: number
}

export function viewOf({ row, self, membership, cards, people, unread, history }: ViewedGroup): Group {
  const { group, createdAt, muted, invitation } = row
  const invited = row.state === 'invited' || row.state === 'joining'
  const about = { group, unread, muted, createdAt, history }
  const asked = {
    ...(invited && invitation && { invitedBy: invitation.by, invitation: countOf(invitation) }),
    ...(row.state === 'joining' && { joining: true as const }),
  }
  if (membership === undefined)
    return { ...about, ...asked, name: row.name, state: 'invited', rank: 0, founder: '', members: [] }
  const removal = membership.removals.get(self)?.at(-1)
  const isIn = membership.members.has(self)
  const out = removal?.kind === 'leave' || removal === undefined ? 'left' : 'removed'
  const held = isFrozen(membership) ? 'frozen' : 'member'
  return {
    ...about,
    ...asked,
    name: membership.name,
    state: isIn ? held : invited ? 'invited' : out,
    rank: rankOf(membership, self),
    founder: membership.founder,
    members: membersOf(membership, group, cards, people),
    ...(!isIn && removal?.kind === 'remove' && { removedBy: removal.author }),
  }
}

/** `receipt`: of an own entry. */
export function messageOf(
  entry: ShownEntry,
  group: string,
  self: string,
  receipt: Pick<Message, 'state' | 'leftAt'>,
): Message {
  const { author, id, text, time, receivedAt, replyTo, transfer, unknown, read, sequence } = entry
  const own = author === self
  return {
    id,
    group,
    author,
    text,
    peer: author,
    direction: own ? 'out' : 'in',
    sentAt: time,
    ...(receivedAt !== undefined && { receivedAt }),
    ...(own ? receipt : { state: read ? ('read' as const) : ('delivered' as const) }),
    ...(replyTo !== undefined && { replyTo }),
    ...(transfer !== undefined && { transfer }),
    ...(unknown && { unknown }),
    seq: sequence,
  }
}

/** 0 for none. */
export function rankOf({ founder, members, offices }: Membership, who: string): number {
  if (who === founder || !members.has(who)) return 0
  const held = offices.filter(({ appointment, ended }) => appointment.member === who && ended.length === 0)
  return held.length === 0 ? 0 : Math.min(...held.map(({ appointment }) => appointment.rank))
}

function membersOf(membership: Membership, group: string, cards: Cards, people: People): GroupMember[] {
  const all = [...membership.members.keys()].map((peer) => ({
    peer,
    name: people.nameOf(peer) ?? nameOnCard(cards, peer),
    rank: rankOf(membership, peer),
    online: people.online(peer, group),
    friend: people.isFriend(peer),
  }))
  const seniority = ({ peer, rank }: GroupMember): number =>
    peer === membership.founder ? 0 : rank === 0 ? Infinity : rank
  return all.toSorted(
    (a, b) => compare(seniority(a), seniority(b)) || byUnits(a.name, b.name) || byUnits(a.peer, b.peer),
  )
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function nameOnCard(cards: Cards, peer: string): string {
  const name = cards.of(peer)?.name ?? ''
  return name === '' ? shortId(peer) : name
}

/** Nobody is left who may decide anything. */
function isFrozen({ founder, members, offices }: Membership): boolean {
  return (
    !members.has(founder) &&
    !offices.some(({ appointment, ended }) => ended.length === 0 && members.has(appointment.member))
  )
}

function countOf({ members, count }: NonNullable<GroupRow['invitation']>): NonNullable<Group['invitation']> {
  return { members, count }
}
