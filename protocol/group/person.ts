/** This person as an author in one group: signs decisions and entries, and keeps the mark of the own chain. */
import { bytesOfHex } from '../base/hex.ts'
import { publicKeyOf, randomBytes, type Identity } from '../identity/identity.ts'
import type { Store } from '../store/store.ts'
import type { SignedBytes } from '../wire/codec.ts'
import { markLength, type ActionContent } from '../wire/group.ts'
import type { Action, Decision } from './decision.ts'
import { chainOf, type Entry } from './entry.ts'
import type { Author } from './replica.ts'
import { endsToSign, signDecision, signEntry } from './signed.ts'

export interface PersonOptions {
  identity: Identity
  store: Store
  /** Id of the group. */
  group: string
  /** Milliseconds since the epoch. */
  now(): number
}

export class Person implements Author {
  readonly #options: PersonOptions
  readonly #group: Uint8Array
  /** Consents of those that are added, by what they have agreed to. */
  readonly #consents = new Map<string, SignedBytes>()

  constructor(options: PersonOptions) {
    this.#options = options
    this.#group = bytesOfHex(options.group)
  }

  get peer(): string {
    return this.#options.identity.peer
  }

  /** Before the addition of who has agreed with it. */
  useConsent(invitation: string, consent: SignedBytes): void {
    this.#consents.set(invitation, consent)
  }

  decision({ heads, lamport, ...action }: Action & Pick<Decision, 'heads' | 'lamport'>): Decision {
    const { identity, now } = this.#options
    return signDecision(identity, {
      group: this.#group,
      heads: heads.map(bytesOfHex),
      lamport,
      time: now(),
      action: this.#toSign(action),
    })
  }

  chain(admission: string): string {
    return chainOf(this.peer, admission, this.#mark())
  }

  entry({ admission, sequence, previous, ledger, lamport, id, content }: Parameters<Author['entry']>[0]): Entry {
    const { identity, now } = this.#options
    return signEntry(identity, {
      group: this.#group,
      admission: bytesOfHex(admission),
      mark: this.#mark(),
      sequence,
      previous: bytesOfHex(previous),
      ledger: ledger.map(bytesOfHex),
      lamport,
      time: now(),
      id,
      content,
    })
  }

  renewMark(): void {
    const { store, group } = this.#options
    const row = store.group(group)
    if (row !== undefined) store.putGroup({ ...row, mark: randomBytes(markLength) })
  }

  #mark(): Uint8Array {
    const { store, group } = this.#options
    const mark = (): Uint8Array => store.group(group)?.mark ?? new Uint8Array()
    // A restored profile has none.
    if (mark().byteLength === 0) this.renewMark()
    return mark()
  }

  #toSign(action: Action): ActionContent {
    switch (action.kind) {
      case 'found':
        // The group does not have its id yet: see `foundGroup`.
        throw new Error('A group is founded before anybody speaks in it')
      case 'add': {
        const consent = this.#consents.get(action.invitation)
        if (consent === undefined) throw new Error('Nobody is added without their consent')
        return { kind: 'add', consent, from: endsToSign(action.from) }
      }
      case 'remove': {
        const { member, upTo, undo } = action
        return { kind: 'remove', member: publicKeyOf(member), upTo: endsToSign(upTo), undo: undo.map(bytesOfHex) }
      }
      case 'role':
        return { ...action, member: publicKeyOf(action.member) }
      case 'name':
        return action
      case 'leave':
        return { kind: 'leave', upTo: endsToSign(action.upTo) }
      case 'unknown':
        throw new Error('What a later version decides is not written here')
    }
  }
}

/** Founds a group, whose id is the hash of this decision. */
export function foundGroup(identity: Identity, name: string, now: number): Decision {
  const action = { kind: 'found' as const, name, salt: randomBytes(markLength) }
  return signDecision(identity, { group: new Uint8Array(), heads: [], lamport: 1, time: now, action })
}
