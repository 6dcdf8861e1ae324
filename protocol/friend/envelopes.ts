/**
 * Envelopes as data: writes them with the sequence that belongs to them, queues them in the store, seals and opens them
 * (docs/protocol.md, "Envelopes: sealed for one reader"). It knows nothing of friendship or connections. What an
 * envelope means is friends.ts, how it gets to its recipient is envelope-delivery.ts.
 */
import { QuorumError, type ErrorCode } from '../base/errors.ts'
import { peerFromPublicKey, publicKeyOf, sign, verify, type Identity } from '../identity/identity.ts'
import { seal, type SealingKeys } from '../identity/sealing.ts'
import { friendLimits } from './limits.ts'
import type { EnvelopeRow, FriendRow, Store } from '../store/store.ts'
import { signedFromWire, signedToWire } from '../wire/codec.ts'
import {
  contactFromWire,
  contactToWire,
  sealedFromWire,
  sealedToWire,
  type ContactContent,
  type ContactKind,
} from '../wire/contact.ts'
import type { PeerAddress } from '../wire/peer-address.ts'
import type { SealingKeyInfo } from '../wire/sealing-key.ts'

export interface EnvelopesOptions {
  identity: Identity
  store: Store
  sealing: SealingKeys
  now: () => number
  name(): string
  /** How to reach this peer, as the recipient `to` may know it; without one, as anybody may know it. */
  peerAddress(to?: string): PeerAddress
}

/** An envelope that was opened, and is genuine. */
export interface OpenedEnvelope {
  /** PeerId of the signer. */
  sender: string
  content: ContactContent
}

export class Envelopes {
  readonly #options: EnvelopesOptions

  constructor(options: EnvelopesOptions) {
    this.#options = options
  }

  /**
   * Writes an envelope to the peer of `row`. Returns its signed content, and the row with the sequence that was used,
   * which is stored already.
   */
  write(row: FriendRow, kind: ContactKind): { row: FriendRow; content: Uint8Array } {
    const { store, now, name, peerAddress } = this.#options
    const sequence = this.#sequenceAfter(row.spokenSequence)
    const to = publicKeyOf(row.peer)
    const content = this.#sign({ ...kind, ...peerAddress(row.peer), to, sequence, time: now(), name: name() })
    const written = { ...row, spokenSequence: sequence }
    store.putFriend(written)
    return { row: written, content }
  }

  /** Writes an envelope and queues it for delivery. Returns the row as `write` does. */
  queue(row: FriendRow, kind: Exclude<ContactKind, { kind: 'dial-me' }>): FriendRow {
    const written = this.write(row, kind)
    this.#options.store.putEnvelope({ to: row.peer, kind: kind.kind, content: written.content })
    return written.row
  }

  /**
   * Queues a refusal of an invite. It contains neither name nor address. No row is stored for the recipient, so the
   * refusal is left at the own nodes and never brought to an address that the recipient itself provided. Nothing is
   * queued while too many refusals wait.
   */
  queueRefusal(to: string, code: ErrorCode): void {
    const { store, now } = this.#options
    if (store.envelopes().filter(({ kind }) => kind === 'refusal').length >= friendLimits.refusals) return
    const sequence = this.#sequenceAfter(store.friend(to)?.spokenSequence ?? 0)
    const bare = { to: publicKeyOf(to), sequence, time: now(), name: '', nodes: [], addresses: [] }
    store.putEnvelope({ to, kind: 'refusal', content: this.#sign({ ...bare, kind: 'refusal', code }) })
  }

  /** Writes again what waits for recipients that may not know this peer's address any more, without the address. */
  hideAddresses(): void {
    const { store, peerAddress } = this.#options
    const revealing = store.envelopes().flatMap(({ to, content }) => {
      const waiting = contactFromWire(signedFromWire(content).payload)
      const allowed = peerAddress(to)
      const reveals =
        (waiting.addresses.length > 0 && allowed.addresses.length === 0) ||
        // A node on this machine has its addresses.
        waiting.nodes.some((node) => !allowed.nodes.includes(node))
      return reveals && waiting.kind !== 'dial-me' ? [{ to, waiting }] : []
    })
    // Without a write where there is nothing to hide: a peer with a full disk must start.
    if (revealing.length === 0) return
    store.transaction(() => {
      for (const { to, waiting } of revealing) {
        const row = store.friend(to)
        if (row != null) this.queue(row, waiting)
      }
    })
  }

  /** Removes what waits for delivery to that peer, of every kind or of one. */
  discard(to: string, kind?: EnvelopeRow['kind']): void {
    const { store } = this.#options
    for (const envelope of store.envelopes()) {
      if (envelope.to === to && (kind === undefined || envelope.kind === kind)) store.deleteEnvelope(envelope.id)
    }
  }

  /** Undefined for what does not open, decode or verify, or is not meant for this peer. Errors: those of the store. */
  async open(envelope: Uint8Array): Promise<OpenedEnvelope | undefined> {
    const { sealing, identity } = this.#options
    try {
      const signed = signedFromWire(await sealing.open(sealedFromWire(envelope)))
      const sender = verify(signed, 'quorum-envelope')
      const content = contactFromWire(signed.payload)
      const genuine = peerFromPublicKey(content.to) === identity.peer && sender !== identity.peer
      return genuine ? { sender, content } : undefined
    } catch (error) {
      // Anybody can send anything. Only a disk that refuses means that the envelope may be good.
      if (error instanceof QuorumError && error.code !== 'disk-full' && error.code !== 'not-writable') return undefined
      throw error
    }
  }

  /**
   * The clock in milliseconds, so that a store restored from a backup does not send what looks like a replay; or one
   * more than the last sequence, so that a clock that goes back does no harm.
   */
  #sequenceAfter(spoken: number): number {
    return Math.max(Math.trunc(this.#options.now()), spoken + 1)
  }

  #sign(content: ContactContent): Uint8Array {
    return signedToWire(sign(this.#options.identity, 'quorum-envelope', contactToWire(content)))
  }
}

/** Seals signed content for PeerId `to`, whose sealing key is `key` if it is known. Errors: `bad-request`. */
export async function sealEnvelope(
  content: Uint8Array,
  to: string,
  key: SealingKeyInfo | undefined,
): Promise<Uint8Array> {
  return sealedToWire(await seal(content, to, key))
}
