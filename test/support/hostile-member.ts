/**
 * A hostile member of a group: a friend of the victims with code of their own, who writes any frame on
 * /quorum/group/1.0.0. The founder of the group is a key in the test; who joins does so in the usual way.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Connection } from '@libp2p/interface'
import type { Decision } from '../../protocol/group/decision.ts'
import type { Entry } from '../../protocol/group/entry.ts'
import { foundGroup } from '../../protocol/group/person.ts'
import { signConsent, signDecision, signEntry } from '../../protocol/group/signed.ts'
import type { CallName, CallResults } from '../../protocol/index.ts'
import { digest, identityFromSeed, mac, publicKeyOf, type Identity } from '../../protocol/identity/identity.ts'
import { chatProtocol, groupProtocol } from '../../protocol/net/policy.ts'
import { bodyFromWire, bodyToWire, chatFrameFromWire, chatFrameToWire } from '../../protocol/wire/chat.ts'
import { invitationToWire, joiningFromWire } from '../../protocol/wire/group-card.ts'
import {
  groupFrameFromWire,
  groupFrameToWire,
  groupVersion,
  nonceLength,
  tagLength,
  type AboutGroup,
} from '../../protocol/wire/group-frame.ts'
import type { ActionContent, DecisionContent, EntryContent } from '../../protocol/wire/group.ts'
import { features } from '../../protocol/wire/hello.ts'
import { helloFrame, type Attacker, type Line } from './attacker.ts'
import type { TestPeer } from './network.ts'
import { until } from './until.ts'

/** Who is attacked: a peer of this process, or of another one. */
export interface Target {
  /** PeerId. */
  id: string
  address: string
  call<C extends CallName>(name: C, params: unknown): Promise<CallResults[C]>
}

/** A peer of this process. */
export function target(peer: TestPeer, address: string): TestPeer & Target {
  return Object.assign(peer as TestPeer & Pick<Target, 'call'>, {
    address: address.includes('/p2p/') ? address : `${address}/p2p/${peer.id}`,
  })
}

const bytesOf = (hash: string): Uint8Array => Uint8Array.from(Buffer.from(hash, 'hex'))

/** A group whose founder is a key in the test. */
export class TestGroup {
  readonly founder: Identity
  readonly decisions: Decision[]

  constructor(founder: Identity) {
    this.founder = founder
    this.decisions = [foundGroup(founder, 'Friends', Date.now())]
  }

  /** Id. */
  get id(): string {
    return this.decisions[0]?.hash ?? ''
  }

  get bytes(): Uint8Array {
    return bytesOf(this.id)
  }

  get heads(): string[] {
    return this.decisions.slice(-1).map(({ hash }) => hash)
  }

  /** What `author` decides, after all before; it counts as known to all others. */
  decide(action: ActionContent, author = this.founder, fields: Partial<DecisionContent> = {}): Decision {
    const decision = this.draft(action, author, fields)
    this.decisions.push(decision)
    return decision
  }

  /** The same, which nobody knows. */
  draft(action: ActionContent, author: Identity, fields: Partial<DecisionContent> = {}): Decision {
    const lamport = this.decisions.length + 1
    const made = { group: this.bytes, heads: this.heads.map(bytesOf), lamport, time: Date.now(), action, ...fields }
    return signDecision(author, made)
  }

  /** Adds somebody of whom the test has the key. */
  addKey(member: Identity): Decision {
    return this.decide({ kind: 'add', consent: signConsent(member, this.id, randomBytes(16)), from: [] })
  }

  admissionOf(peer: string): string {
    return this.decisions.findLast((one) => one.kind === 'add' && one.member === peer)?.hash ?? ''
  }

  about(): AboutGroup {
    return { kind: 'decisions', signed: this.decisions.map(({ signed }) => signed) }
  }
}

/** A chain of a member of whom the test has the key. */
export class TestChain {
  readonly #group: TestGroup
  readonly #author: Identity
  readonly #mark = randomBytes(16)
  #said = 0
  #last: { sequence: number; hash: string } = { sequence: 0, hash: '' }

  constructor(group: TestGroup, author: Identity) {
    this.#group = group
    this.#author = author
  }

  /** The next entry. */
  say(text: string, fields: Partial<EntryContent> = {}): Entry {
    const entry = this.draft(text, fields)
    this.#last = entry
    this.#said += 1
    return entry
  }

  /** The same, which the next one does not follow. */
  draft(text: string, fields: Partial<EntryContent> = {}): Entry {
    const { sequence, hash } = this.#last
    return signEntry(this.#author, {
      group: this.#group.bytes,
      admission: bytesOf(this.#group.admissionOf(this.#author.peer)),
      mark: this.#mark,
      sequence: sequence + 1,
      previous: bytesOf(hash),
      ledger: this.#group.heads.map(bytesOf),
      lamport: this.#group.decisions.length + this.#said + 1,
      time: Date.now(),
      id: randomUUID(),
      content: { kind: 'text', text },
      ...fields,
    })
  }

  /** Goes on as if there were so many entries. */
  skipTo(sequence: number): { sequence: number; hash: string } {
    this.#last = { sequence, hash: randomBytes(32).toString('hex') }
    return this.#last
  }
}

export const entries = (...all: readonly Entry[]): AboutGroup => ({
  kind: 'entries',
  signed: all.map(({ signed }) => signed),
})

/** A stream of /quorum/group/1.0.0 to one peer. */
export class GroupLine {
  readonly line: Line
  readonly #group: TestGroup
  readonly #from: Identity
  readonly #to: Target

  constructor(line: Line, group: TestGroup, from: Identity, to: Target) {
    this.line = line
    this.#group = group
    this.#from = from
    this.#to = to
  }

  /** Names the group, as who believes the other to be in it. */
  hello(answer = false): Promise<boolean> {
    const nonce = randomBytes(nonceLength)
    const tag = tagOf(this.#group.bytes, nonce, this.#from.peer, this.#to.id)
    const tags = [tag, ...Array.from({ length: 7 }, () => randomBytes(tagLength))]
    return this.line.send(groupFrameToWire({ kind: 'hello', hello: { version: groupVersion, nonce, tags, answer } }))
  }

  send(about: AboutGroup, group = this.#group.id): Promise<boolean> {
    return this.line.send(groupFrameToWire({ kind: 'about', group, about }))
  }

  /** What has arrived about groups so far. */
  get heard(): AboutGroup[] {
    return this.line.frames.flatMap((bytes) => {
      const frame = groupFrameFromWire(bytes)
      return frame.kind === 'about' ? [frame.about] : []
    })
  }

  /** A hello that arrived names the group. */
  get named(): boolean {
    return this.line.frames.some((bytes) => {
      const frame = groupFrameFromWire(bytes)
      if (frame.kind !== 'hello') return false
      const tag = tagOf(this.#group.bytes, frame.hello.nonce, this.#to.id, this.#from.peer)
      return frame.hello.tags.some((one) => tag.equals(one))
    })
  }
}

function tagOf(group: Uint8Array, nonce: Uint8Array, from: string, to: string): Buffer {
  return Buffer.from(mac(group, tagLength, nonce, publicKeyOf(from), publicKeyOf(to)))
}

/** Opens a stream, and names the group. */
export async function link(mallory: Attacker, group: TestGroup, to: Target, on?: Connection): Promise<GroupLine> {
  const connection = on ?? (await mallory.dial(to.address))
  const line = new GroupLine(await mallory.open(connection, groupProtocol), group, mallory.identity, to)
  await line.hello()
  return line
}

/** A conversation in which such a friend says anything. */
export class GroupChat {
  readonly #line: Line
  #sequence = 0
  #previous: Uint8Array = new Uint8Array()

  constructor(line: Line) {
    this.#line = line
  }

  static async open(mallory: Attacker, to: Target): Promise<GroupChat> {
    const line = await mallory.open(await mallory.dial(to.address), chatProtocol)
    await line.send(helloFrame({ features: [features.parcels, features.groups] }))
    return new GroupChat(line)
  }

  invite(group: Uint8Array, name = 'Friends'): Promise<boolean> {
    const invitation = randomBytes(16)
    const bytes = invitationToWire({ group, invitation, name, members: ['Ada'], count: 1 })
    this.#sequence += 1
    const time = Date.now()
    const content = { kind: 'invitation' as const, bytes }
    const body = bodyToWire({ id: randomUUID(), sequence: this.#sequence, previous: this.#previous, time, content })
    this.#previous = digest(body)
    return this.#line.send(chatFrameToWire({ kind: 'message', body }))
  }

  /** What the other has agreed to. */
  consents(): ReturnType<typeof joiningFromWire>['consent'][] {
    return this.#line.frames.flatMap((bytes) => {
      const frame = chatFrameFromWire(bytes)
      const content = frame.kind === 'message' ? bodyFromWire(frame.body).content : undefined
      return content?.kind === 'joining' ? [joiningFromWire(content.bytes).consent] : []
    })
  }
}

/**
 * Mallory, a friend of these, invites them, they accept, and the founder adds them. Returns a stream to each.
 * `members`: how many there are then.
 */
export async function joined(
  mallory: Attacker,
  group: TestGroup,
  targets: readonly Target[],
  members = group.decisions.length + targets.length,
): Promise<GroupLine[]> {
  const chats: GroupChat[] = []
  for (const target of targets) {
    const chat = await GroupChat.open(mallory, target)
    chats.push(chat)
    await chat.invite(group.bytes)
    const invited = async (): Promise<boolean> =>
      (await target.call('groups', {})).some((one) => one.group === group.id)
    await until(invited, 'the invitation has arrived')
    await target.call('joinGroup', { group: group.id })
    await until(() => chat.consents().length > 0, 'they agree')
    for (const consent of chat.consents()) {
      group.decide({ kind: 'add', consent, from: [] })
    }
  }
  const lines: GroupLine[] = []
  for (const target of targets) {
    const line = await link(mallory, group, target)
    await line.send(group.about())
    const isIn = async (): Promise<boolean> =>
      (await target.call('groups', {})).some((one) => one.group === group.id && one.members.length === members)
    await until(isIn, 'they are in')
    lines.push(line)
  }
  return lines
}

export async function testGroup(): Promise<TestGroup> {
  return new TestGroup(await identityFromSeed(randomBytes(32)))
}

export async function textsOf(target: Target, group: string): Promise<string[]> {
  return (await target.call('messages', { group, limit: 1000 })).map(({ text }) => text)
}
