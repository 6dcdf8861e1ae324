/**
 * The groups of this person: the calls about them, and what connects each to the other parts of a peer. Who is in is
 * decided by the ledger of each group; how members come to hold the same is links.ts.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { Emit } from '../api/events.ts'
import type { Group, Message } from '../api/model.ts'
import { toError, QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Log } from '../base/log.ts'
import type { Identity } from '../identity/identity.ts'
import type { GroupRow } from '../store/group-store.ts'
import type { MessageContent, Store } from '../store/store.ts'
import type { OwnCard } from './cards.ts'
import { Holding } from './exchange.ts'
import type { People } from './group-view.ts'
import { HeldGroup } from './held-group.ts'
import { GroupInvitations, type SendAboutGroup } from './invitations.ts'
import { groupLimits } from './limits.ts'
import { GroupLinks, type GroupLinksOptions } from './links.ts'
import { GroupMail, type GroupMailOptions } from './mail.ts'
import { foundGroup } from './person.ts'
import { needAbove, needAdmin } from './rights.ts'

export interface GroupsOptions
  extends Pick<GroupLinksOptions, 'connections'>, Omit<GroupMailOptions, 'groups' | 'linked'> {
  identity: Identity
  store: Store
  /** Milliseconds since the epoch. */
  now(): number
  emit: Emit
  log: Log
  people: Omit<People, 'online'> & { online(peer: string): boolean }
  ownCard(): OwnCard
  /** Members learn that somebody is writing. */
  typingMarks(): boolean
  /** A friend's Quorum knows groups. */
  understands(peer: string): boolean
  /** Sends a message about a group to a friend (chat/). */
  send: SendAboutGroup
  /** The nodes are to be told of another ticket. */
  onTicket(): void
  /** These are the members to whom connections are kept. */
  keepTo(members: ReadonlySet<string>): void
}

export class Groups {
  readonly #options: GroupsOptions
  readonly #groups = new Map<string, HeldGroup>()
  readonly #invitations: GroupInvitations
  readonly #typing = new Map<string, NodeJS.Timeout>()
  readonly links: GroupLinks
  /** What is left for members who are away. */
  readonly mail: GroupMail
  /** PeerIds of those with whom a group is shared. */
  #members: ReadonlySet<string> = new Set()

  constructor(options: GroupsOptions) {
    this.#options = options
    const { store, identity, emit } = options
    for (const { group } of store.groups()) this.#open(group)
    this.links = new GroupLinks({
      ...options,
      self: identity.peer,
      groups: () => this.#groups.values(),
      mayShare: (group, peer) => this.#mayShare(group, peer),
      wanted: (peer) => this.#wanted(peer),
      onPresence: (peer) => this.#presenceChanged(peer),
      onTyping: (group, peer, active) => this.#onTyping(group, peer, active),
    })
    this.mail = new GroupMail({
      ...options,
      groups: () => this.#groups.values(),
      linked: (peer, group) => this.links.linked(peer, group),
    })
    this.#invitations = new GroupInvitations({
      ...options,
      find: (group) => this.#groups.get(group),
      open: (group) => this.#open(group),
      invited: (group) => emit({ event: 'group-invited', data: group.view() }),
    })
  }

  /** After the parts exist: adds those who agreed before the program ended. */
  start(): void {
    this.#findMembers()
    this.#invitations.start()
    this.tellCards()
    this.mail.start()
  }

  async stop(): Promise<void> {
    await this.mail.stop()
    this.links.stop()
    for (const timer of this.#typing.values()) clearTimeout(timer)
  }

  /** A group is shared with that peer. */
  isMember(peer: string): boolean {
    return this.#members.has(peer)
  }

  /** PeerIds of all with whom a group is shared. */
  get members(): ReadonlySet<string> {
    return this.#members
  }

  /** The nodes that a member told on their cards. */
  nodesOf(peer: string): string[] {
    const nodes = [...this.#groups.values()].flatMap(({ cards }) => cards.of(peer)?.nodes ?? [])
    return [...new Set(nodes)].slice(0, limits.nodeAddressesTold)
  }

  /** Handler of /quorum/group/1.0.0. */
  receive(stream: Stream, connection: Connection): Promise<void> {
    return this.links.receive(stream, connection)
  }

  /** A connection opened. */
  connected(connection: Connection): void {
    if (this.#wanted(connection.remotePeer.toString())) void this.links.keep(connection)
  }

  /** Somebody has become a friend, is none any more, or says that their Quorum knows groups. */
  friendChanged(peer: string): void {
    this.#findMembers()
    if (this.#wanted(peer)) this.links.recheck([peer])
  }

  /** What is on the own card may have changed. */
  tellCards(): void {
    const { log } = this.#options
    try {
      for (const group of this.#groups.values()) group.tellCard()
    } catch (error) {
      log('warn', 'a card could not be stored', toError(error))
    }
  }

  /** As `InboxContext.onGroup`. */
  onMessage(peer: string, content: MessageContent): () => void {
    return this.#invitations.receive(peer, content)
  }

  // ---- calls

  list(): Group[] {
    return [...this.#groups.values()].filter(({ row }) => row.state !== 'deleted').map((group) => group.view())
  }

  view(group: string): Group {
    return this.#get(group).view()
  }

  /** Errors: `bad-request` without a name, `too-large`, `rate-limited`, those of the store. */
  create(given: string): Group {
    const { store, identity, now } = this.#options
    const name = nameOf(given)
    this.#needRoom()
    const decision = foundGroup(identity, name, now())
    const group = store.transaction(() => {
      store.putGroup(newRow(decision.hash, name, now()))
      return this.#open(decision.hash)
    })
    group.receive({ kind: 'decisions', decisions: [decision] }, identity.peer, new Holding())
    return group.view()
  }

  /** Errors: `not-found`, `bad-request` without the right to it, those of `GroupInvitations.invite`. */
  invite(group: string, peer: string, history: 'none' | 'last' | 'all' = 'none'): Group {
    const held = this.#get(group)
    needAdmin(held.needMember(), this.#self)
    this.#invitations.invite(held, peer, history)
    return held.view()
  }

  /** Errors: `not-found`, `bad-request` without an invitation, those of the chat. */
  join(group: string): Group {
    const held = this.#get(group)
    this.#needRoom()
    this.#invitations.accept(held)
    return held.view()
  }

  decline(group: string): Group {
    const held = this.#get(group)
    const view = held.view()
    if (view.state !== 'invited') throw new QuorumError('bad-request', 'Nobody asks you into this group')
    this.#invitations.decline(held)
    if (held.membership === undefined) this.#groups.delete(group)
    return { ...view, state: 'left' }
  }

  /** `forget`: nothing of it is to be seen here any more. Errors: `not-found`, those of the store. */
  leave(group: string, forget = false): Group {
    const held = this.#get(group)
    if (held.joined) held.leave()
    if (forget) this.#forget(held)
    return { ...held.view(), ...(forget && { unread: 0 }) }
  }

  remove(group: string, peer: string, undo = false): Group {
    const held = this.#get(group)
    held.remove(peer, undo)
    return held.view()
  }

  /** `rank`: 0 takes the office. Errors: `not-found`, `bad-request`. */
  setRole(group: string, peer: string, rank: number): Group {
    const held = this.#get(group)
    const membership = held.needMember()
    needAbove(membership, this.#self, peer)
    const own = needAdmin(membership, this.#self)
    if (rank > 0 && rank <= own) throw new QuorumError('bad-request', 'You can appoint only below yourself')
    held.decide({ kind: 'role', member: peer, rank })
    return held.view()
  }

  rename(group: string, given: string): Group {
    const held = this.#get(group)
    const membership = held.needMember()
    needAdmin(membership, this.#self)
    held.decide({ kind: 'name', name: nameOf(given), picture: membership.picture })
    return held.view()
  }

  mute(group: string, muted: boolean): Group {
    const { store, emit } = this.#options
    const held = this.#get(group)
    store.putGroup({ ...held.row, muted })
    emit({ event: 'group-changed', data: held.view() })
    return held.view()
  }

  send(group: string, text: string, replyTo?: string): Message {
    return this.#get(group).send(text, replyTo)
  }

  messages(
    group: string,
    limit: number,
    range: { before?: string | undefined; after?: string | undefined },
  ): Message[] {
    const held = this.#get(group)
    return this.#options.store.groupMessages(group, limit, range).map((entry) => held.message(entry))
  }

  /** Undefined if no group has it. */
  message(id: string): Message | undefined {
    const { store } = this.#options
    for (const held of this.#groups.values()) {
      const entry = store.groupMessage(held.id, id)
      if (entry !== undefined) return held.message(entry)
    }
    return undefined
  }

  markRead(group: string, upTo?: string): void {
    this.#get(group).markRead(upTo)
  }

  search(text: string, limit: number, group?: string): Message[] {
    return this.#options.store
      .searchGroups(text, limit, group)
      .flatMap((entry) => this.#groups.get(entry.group)?.message(entry) ?? [])
  }

  typing(group: string, active: boolean): void {
    this.#get(group)
    if (this.#options.typingMarks()) this.links.typing(group, active)
  }

  // ---- what connects them

  #needRoom(): void {
    const joined = [...this.#groups.values()].filter((group) => group.joined)
    if (joined.length >= groupLimits.groups) throw new QuorumError('rate-limited', 'You are in too many groups')
  }

  get #self(): string {
    return this.#options.identity.peer
  }

  #get(group: string): HeldGroup {
    const held = this.#groups.get(group)
    if (held === undefined || held.row.state === 'deleted') throw new QuorumError('not-found', 'There is no such group')
    return held
  }

  #open(group: string): HeldGroup {
    const { identity, store, now, emit, people, ownCard } = this.#options
    /** Of a group that the person wants to see no more, nobody is told anything. */
    const tell: Emit = (event) => {
      if (held.row.state !== 'deleted') emit(event)
    }
    const held: HeldGroup = new HeldGroup({
      emit: tell,
      identity,
      store,
      group,
      now,
      ownCard,
      people: {
        ...people,
        online: (peer, of) => peer === identity.peer || people.online(peer) || this.links.linked(peer, of),
      },
      onNews: (own) => {
        this.links.news(held, own)
        if (own) this.mail.nudge(held)
      },
      onTicket: () => this.#options.onTicket(),
      onMissing: () => this.links.missing(held),
      onMembers: () => {
        this.#findMembers()
        this.links.recheck(this.#members)
      },
    })
    this.#groups.set(group, held)
    return held
  }

  #mayShare(group: HeldGroup, peer: string): boolean {
    const { state } = group.row
    return state === 'joining' || (state !== 'invited' && group.has(peer))
  }

  /** With a stranger that only wants to bring the ledger, no stream is opened. */
  #wanted(peer: string): boolean {
    const { people, understands } = this.#options
    if (people.isFriend(peer) && !understands(peer)) return false
    const awaited = (row: GroupRow): boolean => row.state === 'joining' && row.invitation?.by === peer
    return this.isMember(peer) || [...this.#groups.values()].some(({ row }) => awaited(row))
  }

  #findMembers(): void {
    const { identity, keepTo } = this.#options
    const joined = [...this.#groups.values()].filter(({ membership }) => membership !== undefined)
    const members = joined.flatMap(({ membership }) => [...(membership?.members.keys() ?? [])])
    this.#members = new Set(members.filter((peer) => peer !== identity.peer))
    keepTo(new Set(joined.filter((group) => group.joined).flatMap((group) => [...group.neighbours])))
  }

  #presenceChanged(peer: string): void {
    const { emit } = this.#options
    for (const group of this.#groups.values())
      if (group.has(peer) && group.row.state !== 'deleted') emit({ event: 'group-changed', data: group.view() })
  }

  #onTyping(group: string, peer: string, active: boolean): void {
    const key = `${group} ${peer}`
    const before = this.#typing.get(key)
    clearTimeout(before)
    this.#typing.delete(key)
    if (active) {
      const over = (): void => this.#onTyping(group, peer, false)
      this.#typing.set(key, setTimeout(over, groupLimits.typing).unref())
    }
    if ((before !== undefined) !== active) this.#options.emit({ event: 'typing', data: { peer, group, active } })
  }

  /** That this person has left goes on being told; what was said is gone from here. */
  #forget(held: HeldGroup): void {
    const { store } = this.#options
    store.transaction(() => {
      for (const { chain } of store.groupChains(held.id)) store.dropGroupChain(held.id, chain)
      const { invitation: _, ...row } = held.row
      store.putGroup({ ...row, state: 'deleted' })
    })
  }
}

function newRow(group: string, name: string, createdAt: number): GroupRow {
  return { group, state: 'member', name, mark: new Uint8Array(), createdAt, muted: false }
}

/** Errors: `bad-request` for an empty name, `too-large`. */
function nameOf(given: string): string {
  const name = given
    .toWellFormed()
    .replaceAll(/[\t\n\v\f\r\u0085\u2028\u2029]+/gu, ' ')
    .trim()
  if (name === '') throw new QuorumError('bad-request', 'A group needs a name')
  if (name.length > limits.nameCharacters)
    throw new QuorumError('too-large', `A name can have ${limits.nameCharacters} characters`)
  return name
}
