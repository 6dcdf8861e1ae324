/**
 * One stream of /quorum/group/1.0.0 with one member: finds out which groups both believe the other to be in, and brings
 * each what it lacks of them (docs/protocol.md, "/quorum/group/1.0.0"). What arrives is taken by the group itself.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { pause } from '../base/backoff.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { bytesOfHex, hex } from '../base/hex.ts'
import { TokenBucket } from '../base/rate-limit.ts'
import { mac, publicKeyOf, randomBytes } from '../identity/identity.ts'
import { FrameWriter } from '../net/frame-writer.ts'
import { pull } from '../net/streams.ts'
import { unframe } from '../wire/framing.ts'
import {
  groupFrameFromWire,
  groupFrameToWire,
  groupVersion,
  nonceLength,
  tagLength,
  type AboutGroup,
  type GroupFrame,
  type GroupHelloContent,
} from '../wire/group-frame.ts'
import { wireLimits } from '../wire/limits.ts'
import { messageToFrame } from './frames.ts'
import type { HeldGroup } from './held-group.ts'
import { groupLimits } from './limits.ts'
import { SharedGroup } from './shared-group.ts'
import { seenIn, takeFrame } from './take-frame.ts'

export interface LinkContext {
  /** The own PeerId. */
  self: string
  groups(): Iterable<HeldGroup>
  /** As far as is known here, both are in that group. */
  mayShare(group: HeldGroup, peer: string): boolean
  /** Which groups are shared has changed. */
  onShared(peer: string): void
  onTyping(group: string, peer: string, active: boolean): void
}

/** What is taken of one peer, on all its streams together: how many frames, their bytes, hellos, and whys. */
export interface PeerRates {
  frames: TokenBucket
  bytes: TokenBucket
  hellos: TokenBucket
  /** How often that peer may show why it is in a group. */
  whys: TokenBucket
}

/** Frames that cause a look at all chains, or at much of one. */
const costly: ReadonlySet<AboutGroup['kind']> = new Set(['state', 'hashes'])

type KnownFrame = Exclude<GroupFrame, { kind: 'unknown' }>

/** Tags of a hello come in multiples of this number, so that it does not tell how many groups there are. */
const tagsTogether = 8

export class GroupLink {
  readonly #context: LinkContext
  readonly stream: Stream
  readonly connection: Connection
  readonly peer: string
  readonly #writer: FrameWriter
  readonly #shared = new Map<string, SharedGroup>()
  /** Groups in which the own hello said that the other is. */
  readonly #offered = new Set<string>()
  /** Groups of which the other was told why one is in, or why they are out. */
  readonly #explained = new Set<string>()
  readonly #queue: Uint8Array[] = []
  #queued = 0
  readonly #rates: PeerRates
  readonly #ended = Promise.withResolvers<void>()
  #pumping = false

  constructor(context: LinkContext, stream: Stream, connection: Connection, rates: PeerRates) {
    this.#context = context
    this.stream = stream
    this.connection = connection
    this.peer = connection.remotePeer.toString()
    this.#writer = new FrameWriter(stream)
    this.#rates = rates
  }

  /** Resolves when the stream has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  shares(group: string): boolean {
    return this.#shared.has(group)
  }

  /** Serves the stream until it ends. Throws what ended it, if that was not its regular end. */
  async run(): Promise<void> {
    const closed = new AbortController()
    const { frames, bytes: allBytes } = this.#rates
    const onClose = (): void => closed.abort()
    this.stream.addEventListener('close', onClose)
    try {
      this.recheck()
      for await (const arrived of pipe(pull(this.stream), unframe(wireLimits.groupFrame))) {
        for (const bytes of arrived) {
          const frame = groupFrameFromWire(bytes)
          const cost = frame.kind === 'about' ? costOf(frame.about, bytes.byteLength) : 1
          // Who sends more waits, and so does what they send.
          for (;;) {
            const wait = Math.max(frames.wait(cost), allBytes.wait(bytes.byteLength))
            if (wait === 0) break
            await pause(wait, closed.signal)
            // What is left of a stream that has ended is told again on the next one; a pause would not wait any more.
            if (closed.signal.aborted) return
          }
          frames.take(cost)
          allBytes.take(bytes.byteLength)
          this.#take(frame)
        }
      }
    } finally {
      this.stream.removeEventListener('close', onClose)
      for (const shared of this.#shared.values()) shared.end()
      this.#shared.clear()
      this.#context.onShared(this.peer)
      this.#ended.resolve()
    }
  }

  /** Who is in which group has changed, or is to be said for the first time. */
  recheck(): void {
    const { groups, mayShare, onShared } = this.#context
    const fresh: HeldGroup[] = []
    for (const group of groups()) {
      const may = mayShare(group, this.peer)
      const shared = this.#shared.get(group.id)
      if (may && shared === undefined && !this.#offered.has(group.id)) fresh.push(group)
      if (may || shared === undefined) continue
      shared.end()
      this.#shared.delete(group.id)
      this.#offered.delete(group.id)
      this.#explain(group)
      onShared(this.peer)
    }
    if (fresh.length > 0) this.#hello(fresh, false)
  }

  /** That group has something new. */
  news(group: HeldGroup, own: boolean): void {
    this.#shared.get(group.id)?.news(own)
  }

  /** Something of that group is missing that the other may have. */
  missing(group: HeldGroup): void {
    this.#shared.get(group.id)?.tellStateSoon()
  }

  typing(group: string, active: boolean): void {
    if (this.#shared.has(group)) this.#send(group, { kind: 'typing', active })
  }

  #take(frame: GroupFrame): void {
    if (frame.kind === 'unknown') return
    if (frame.kind === 'hello') return this.#onHello(frame.hello)
    const group = [...this.#context.groups()].find(({ id }) => id === frame.group)
    if (group === undefined) return
    const shared = this.#shared.get(frame.group)
    if (shared === undefined) this.#fromOutside(group, frame.about)
    else this.#fromMember(group, shared, frame.about)
    this.#pump()
  }

  #onHello({ version, nonce, tags, answer }: GroupHelloContent): void {
    if (version !== groupVersion) throw new QuorumError('unsupported-version', 'They use another version of groups')
    if (!this.#rates.hellos.take()) throw new QuorumError('rate-limited', 'They say hello too often')
    const named = new Set(tags.map(hex))
    const { groups, mayShare, onShared } = this.#context
    const matching = [...groups()].filter(({ id }) => named.has(hex(tagOf(id, nonce, this.peer, this.#context.self))))
    const may = matching.filter((group) => mayShare(group, this.peer))
    for (const group of matching) if (!may.includes(group)) this.#explain(group)
    // They know what was offered, and do not believe this peer to be in it.
    if (answer)
      for (const group of groups())
        if (this.#offered.has(group.id) && !matching.includes(group) && !this.#shared.has(group.id))
          this.#explain(group)
    if (!answer) this.#hello(may, true)
    for (const group of may) {
      const shared = this.#shared.get(group.id) ?? this.#share(group)
      // Both have said hello by now: who was answered begins.
      if (answer) shared.tellState()
    }
    if (may.length > 0) onShared(this.peer)
    this.#pump()
  }

  #share(group: HeldGroup): SharedGroup {
    const shared = new SharedGroup(
      group,
      this.peer,
      (about) => this.#send(group.id, about),
      () => this.#pump(),
    )
    this.#shared.set(group.id, shared)
    return shared
  }

  #fromMember(group: HeldGroup, shared: SharedGroup, about: AboutGroup): void {
    if (about.kind === 'typing') return this.#context.onTyping(group.id, this.peer, about.active)
    if (about.kind === 'cards') return shared.takeCards(about.signed)
    if (about.kind === 'seen')
      for (const { member, chain, sequence } of seenIn(about))
        if (member === this.peer) shared.heardSeen(chain, sequence)
    for (const message of takeFrame(group, about, this.peer, shared.holding))
      this.#send(
        group.id,
        messageToFrame(message, () => shared.cardsHeld()),
      )
    if (about.kind === 'state') shared.heardState(about)
  }

  /** Who is not known to be in may show why they are; who knows better may show why this peer is out. */
  #fromOutside(group: HeldGroup, about: AboutGroup): void {
    if (about.kind !== 'decisions' && about.kind !== 'out') return
    if (!this.#rates.whys.take()) throw new QuorumError('rate-limited', 'They show too often why they are in a group')
    for (const message of takeFrame(group, about, this.peer))
      this.#send(
        group.id,
        messageToFrame(message, () => []),
      )
    this.recheck()
    if (!this.#context.mayShare(group, this.peer)) this.#explain(group)
  }

  /** Shows, once, why this peer is in, or why the other one is out. */
  #explain(group: HeldGroup): void {
    if (this.#explained.has(group.id)) return
    const why = group.has(this.peer) && group.joined ? group.whyIn() : group.whyOut(this.peer)
    if (why === undefined) return
    this.#explained.add(group.id)
    this.#send(
      group.id,
      messageToFrame(why, () => []),
    )
  }

  #hello(groups: readonly HeldGroup[], answer: boolean): void {
    const { self } = this.#context
    const nonce = randomBytes(nonceLength)
    const named = groups.slice(0, wireLimits.groupTags)
    for (const { id } of named) this.#offered.add(id)
    const tags = named.map(({ id }) => tagOf(id, nonce, self, this.peer))
    while (tags.length % tagsTogether > 0 || tags.length === 0) tags.push(randomBytes(tagLength))
    // In an order that does not tell which ones are random.
    const shuffled = tags.toSorted(Buffer.compare)
    this.#queueFrame({ kind: 'hello', hello: { version: groupVersion, nonce, tags: shuffled, answer } })
  }

  #send(group: string, about: AboutGroup): void {
    this.#queueFrame({ kind: 'about', group, about })
  }

  #queueFrame(frame: KnownFrame): void {
    const bytes = groupFrameToWire(frame)
    if (this.#queue.length >= groupLimits.waitingFrames || this.#queued + bytes.byteLength > groupLimits.waitingBytes) {
      this.stream.abort(new QuorumError('rate-limited', 'They do not read what they ask for'))
      return
    }
    this.#queue.push(bytes)
    this.#queued += bytes.byteLength
    this.#pump()
  }

  /** Sends what waits, then what is lacking there; as fast as it is read. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    // What is written to a stream that dies is told again on the next one.
    this.#drain().catch((error: unknown) => this.stream.abort(toError(error)))
  }

  async #drain(): Promise<void> {
    for (;;) {
      const frame = this.#queue.shift()
      if (frame !== undefined) {
        this.#queued -= frame.byteLength
        await this.#writer.write(frame)
        continue
      }
      const about = this.#nextLacking()
      if (about === undefined) {
        this.#pumping = false
        return
      }
      await this.#writer.write(groupFrameToWire({ kind: 'about', ...about }))
    }
  }

  #nextLacking(): { group: string; about: AboutGroup } | undefined {
    for (const [group, shared] of this.#shared) {
      const about = shared.next()
      if (about !== undefined) return { group, about }
    }
    return undefined
  }
}

/** Of what is taken in a minute: by what has to be looked up for it. */
function costOf({ kind }: AboutGroup, bytes: number): number {
  if (costly.has(kind)) return groupLimits.costlyFrame
  return kind === 'seen' ? Math.ceil(bytes / groupLimits.seenBytes) : 1
}

/** By which both find out that they mean the same group, and nobody else which one it is. */
function tagOf(group: string, nonce: Uint8Array, from: string, to: string): Uint8Array {
  return mac(bytesOfHex(group), tagLength, nonce, publicKeyOf(from), publicKeyOf(to))
}
