/** The settings of a peer in its store, decoded from and encoded to bytes. */
import { QuorumError } from '../base/errors.ts'
import { blank, unseen } from '../base/foreign-text.ts'
import { limits } from '../base/limits.ts'
import { looksLikeCode } from './invite-link.ts'
import { readPrivacy, usualPrivacy, type Privacy, type PrivacyPatch } from '../api/privacy.ts'
import { byNode, nodePeer, withAddress } from '../address/node-addresses.ts'
import type { SettingKey } from '../store/setting-key.ts'
import type { Store } from '../store/store.ts'

const nothingSeen = new RegExp(`^[${blank}${unseen}]*$`, 'u')

export class Settings {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** The identity's seed; created and stored at the first call. */
  seed(create: () => Uint8Array): Uint8Array {
    const stored = this.#store.setting('seed')
    if (stored != null) return stored
    const seed = create()
    this.#store.setSetting('seed', seed)
    return seed
  }

  name(): string {
    return this.#text('name')
  }

  /** Errors: `too-large`. */
  rename(name: string): void {
    // A name is one line. What else cannot be shown is left out by those who show it.
    const trimmed = name
      .toWellFormed()
      .replaceAll(/[\t\n\v\f\r\u0085\u2028\u2029]+/gu, ' ')
      .trim()
    if (trimmed.length > limits.nameCharacters) {
      throw new QuorumError('too-large', `A name can have ${limits.nameCharacters} characters`)
    }
    this.#set('name', nothingSeen.test(trimmed) ? '' : trimmed)
  }

  /** An empty string if there is no handle. */
  handle(): string {
    return this.#text('handle')
  }

  /** Errors: `bad-request`. */
  setHandle(handle: string): void {
    const wanted = handle.trim().replace(/^@/, '').toLowerCase()
    if (wanted !== '' && !limits.handlePattern.test(wanted)) {
      throw new QuorumError('bad-request', 'A handle is 3 to 32 of a-z 0-9 - _ .')
    }
    if (/^\.|\.$/u.test(wanted)) {
      // Who types it in a sentence means the handle without it (recipient.ts).
      throw new QuorumError('bad-request', 'A handle neither begins nor ends with a full stop')
    }
    if (looksLikeCode(wanted)) {
      throw new QuorumError('bad-request', 'That looks like a code of an invite: choose another handle')
    }
    this.#set('handle', wanted)
  }

  /** Addresses of the nodes that a person added or that an invite contained. */
  nodes(): string[] {
    // Earlier versions stored addresses whose PeerId is none.
    return [...byNode(this.#text('nodes').split('\n')).values()].flat()
  }

  /** Errors: `bad-request`. */
  rememberNode(address: string): void {
    const nodes = byNode(this.nodes())
    const peer = nodePeer(address)
    nodes.set(peer, withAddress(nodes.get(peer) ?? [], address))
    this.#setNodes(nodes)
  }

  /** The addresses that the node with this PeerId said it has. */
  learntNode(peer: string): string[] {
    return this.#learnt().get(peer) ?? []
  }

  /** In place of those stored before. */
  rememberLearnt(peer: string, addresses: readonly string[]): void {
    const learnt = this.#learnt()
    learnt.set(peer, [...addresses])
    this.#set('nodes-learnt', [...learnt.values()].flat().join('\n'))
  }

  /** Removes all addresses of the node with this PeerId. */
  forgetNode(peer: string): void {
    const nodes = byNode(this.nodes())
    nodes.delete(peer)
    this.#setNodes(nodes)
    this.rememberLearnt(peer, [])
  }

  #learnt(): Map<string, string[]> {
    return byNode(this.#text('nodes-learnt').split('\n'))
  }

  #setNodes(nodes: Map<string, string[]>): void {
    this.#set('nodes', [...nodes.values()].flat().join('\n'))
  }

  /** The listening port of the last run, or 0. */
  port(): number {
    return Number(this.#text('port'))
  }

  setPort(port: number): void {
    this.#set('port', String(port))
  }

  /** The stored privacy choices. Unreadable choices are listed and get the most private values. */
  privacy(): { chosen: PrivacyPatch; unreadable: (keyof Privacy)[] } {
    const stored = this.#store.setting('privacy')
    return stored == null ? { chosen: {}, unreadable: [] } : readPrivacy(parsed(this.#text('privacy')))
  }

  /** Stores these choices with the earlier ones. Unreadable choices are stored with their most private values. */
  choosePrivacy(patch: PrivacyPatch): void {
    this.#set('privacy', JSON.stringify({ ...this.privacy().chosen, ...patch }))
  }

  /** A number larger than every earlier one, also after the clock was set back. */
  nextRecordSequence(now: number): number {
    const next = Math.max(Math.trunc(now), Number(this.#text('record-sequence')) + 1)
    this.#set('record-sequence', String(next))
    return next
  }

  #text(key: SettingKey): string {
    return Buffer.from(this.#store.setting(key) ?? new Uint8Array()).toString('utf8')
  }

  #set(key: SettingKey, value: string): void {
    this.#store.setSetting(key, value === '' ? undefined : Buffer.from(value, 'utf8'))
  }
}

/** The privacy choices for a profile's next run, if no option replaces them. */
export function storedPrivacy(store: Store): Privacy {
  return { ...usualPrivacy, ...new Settings(store).privacy().chosen }
}

/** `undefined` if the text is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
