/**
 * How people come into a group: an invitation and a consent, both as messages between friends; then the inviter adds
 * who has agreed. A consent is kept until that is done, so that no end of the program loses it.
 */
import type { Message } from '../api/model.ts'
import { toError, QuorumError, type ErrorCode } from '../base/errors.ts'
import { bytesOfHex, hex } from '../base/hex.ts'
import { peerInLog, type Log } from '../base/log.ts'
import { randomBytes, type Identity } from '../identity/identity.ts'
import type { GroupInvitationRow, GroupRow } from '../store/group-store.ts'
import type { MessageContent, Store } from '../store/store.ts'
import { invitationFromWire, invitationToWire, joiningFromWire, joiningToWire } from '../wire/group-card.ts'
import { markLength } from '../wire/group.ts'
import { wireLimits } from '../wire/limits.ts'
import type { HeldGroup } from './held-group.ts'
import { groupLimits } from './limits.ts'
import { needAdmin } from './rights.ts'
import { readConsent, signConsent } from './signed.ts'

/** Sends a message about a group to a friend; `keep` runs in the transaction that queues it. */
export type SendAboutGroup = (peer: string, content: MessageContent, keep: () => void) => Message

export interface GroupInvitationsOptions {
  identity: Identity
  store: Store
  log: Log
  /** Milliseconds since the epoch. */
  now(): number
  send: SendAboutGroup
  find(group: string): HeldGroup | undefined
  /** Opens a group of which there is a row. */
  open(group: string): HeldGroup
  /** Somebody asks this person into a group. */
  invited(group: HeldGroup): void
}

const nothing = (): void => {}
const later: ReadonlySet<ErrorCode> = new Set(['rate-limited', 'disk-full', 'not-writable'])

export class GroupInvitations {
  readonly #options: GroupInvitationsOptions

  constructor(options: GroupInvitationsOptions) {
    this.#options = options
  }

  /** Adds those who had agreed before the program ended. */
  start(): void {
    for (const { group } of this.#options.store.groups()) this.#admit(group)
  }

  /**
   * Asks a friend into a group; an invitation before that one is void. Errors: `bad-request` for who is in,
   * `rate-limited` in a full group, those of the chat.
   */
  invite(group: HeldGroup, peer: string, history: GroupInvitationRow['history']): void {
    const { store, send, now } = this.#options
    const { name, members } = group.view()
    if (group.has(peer)) throw new QuorumError('bad-request', 'They are in this group already')
    if (members.length >= groupLimits.members)
      throw new QuorumError('rate-limited', `A group can have ${groupLimits.members} members`)
    const invitation = randomBytes(markLength)
    const names = members.slice(0, wireLimits.groupNames).map((member) => member.name)
    const content = { group: bytesOfHex(group.id), invitation, name, members: names, count: members.length }
    send(peer, { kind: 'invitation', bytes: invitationToWire(content) }, () => {
      for (const before of store.groupInvitations(group.id))
        if (before.peer === peer && before.joining === undefined)
          store.deleteGroupInvitation(group.id, before.invitation)
      store.putGroupInvitation(group.id, { invitation, peer, history, invitedAt: now() })
    })
  }

  /** Errors: `bad-request` without an invitation, those of the chat. */
  accept(group: HeldGroup): void {
    const { identity, store, send } = this.#options
    const { row } = group
    if (row.state !== 'invited' || row.invitation === undefined)
      throw new QuorumError('bad-request', 'Nobody asks you into this group')
    const consent = signConsent(identity, group.id, row.invitation.invitation)
    const bytes = joiningToWire({ consent, card: group.ownCard() })
    send(row.invitation.by, { kind: 'joining', bytes }, () => store.putGroup({ ...row, state: 'joining' }))
  }

  /** Of a group in which this person was before, what there was stays. */
  decline(group: HeldGroup): void {
    const { store } = this.#options
    const { invitation: _, ...row } = group.row
    if (group.membership === undefined) store.deleteGroup(group.id)
    else store.putGroup({ ...row, state: 'member' })
  }

  /**
   * A friend sends an invitation or a consent. Runs within the transaction that stores the message; returns what is to
   * be done once it is on disk. Errors: those of the codec, and of the store.
   */
  receive(peer: string, content: MessageContent): () => void {
    if (content.kind === 'invitation') return this.#onInvitation(peer, content.bytes)
    return content.kind === 'joining' ? this.#onJoining(peer, content.bytes) : nothing
  }

  #onInvitation(peer: string, bytes: Uint8Array): () => void {
    const { store, now, find, open, invited, log } = this.#options
    const { group: id, name, ...about } = invitationFromWire(bytes)
    const group = hex(id)
    const known = find(group)
    if (known?.joined === true) return nothing
    // They have agreed with somebody else's.
    if (known?.row.state === 'joining' && known.row.invitation?.by !== peer) return nothing
    const waiting = store.groups().filter((row) => row.state === 'invited' && row.invitation?.by === peer)
    if (known === undefined && waiting.length >= groupLimits.invitationsOfOne) {
      log('warn', `an invitation of ${peerInLog(peer)} to one group too many is not shown`)
      return nothing
    }
    const fresh = { group, name, mark: new Uint8Array(), createdAt: now(), muted: false }
    const row: GroupRow = { ...(known?.row ?? fresh), state: 'invited', invitation: { by: peer, ...about } }
    store.putGroup(row)
    return () => invited(known ?? open(group))
  }

  #onJoining(peer: string, bytes: Uint8Array): () => void {
    const { store, log } = this.#options
    try {
      const { member, group, invitation } = readConsent(joiningFromWire(bytes).consent)
      const row = store.groupInvitations(group).find((one) => hex(one.invitation) === invitation)
      if (member !== peer || row === undefined || row.peer !== peer) return nothing
      store.putGroupInvitation(group, { ...row, joining: bytes })
      return () => this.#admit(group)
    } catch (error) {
      if (!(error instanceof QuorumError) || error.code !== 'verification-failed') throw error
      log('warn', `a consent of ${peerInLog(peer)} is none`, error)
      return nothing
    }
  }

  /** Adds those who have agreed, if this person may still do so. */
  #admit(id: string): void {
    const { identity, store, find, log } = this.#options
    const group = find(id)
    for (const { invitation, joining, history, peer } of store.groupInvitations(id)) {
      if (joining === undefined || group === undefined) continue
      try {
        const { consent, card } = joiningFromWire(joining)
        const full = (group.membership?.members.size ?? 0) >= groupLimits.members
        if (!group.has(peer) && !full) {
          needAdmin(group.needMember(), identity.peer)
          group.add(consent, history)
          group.takeCard(card)
        }
      } catch (error) {
        log('warn', `${peerInLog(peer)} could not be added to a group`, toError(error))
        // Too much at once, or a full disk: once more at the next start.
        if (error instanceof QuorumError && later.has(error.code)) continue
      }
      store.deleteGroupInvitation(id, invitation)
    }
  }
}
