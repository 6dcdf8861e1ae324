/** The process of a person of test/support/away-world.ts: it runs until it ends, or is killed at any step. */
import { randomUUID } from 'node:crypto'
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Conversation } from '../../protocol/chat/conversation.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { Mail, type MailConversation } from '../../protocol/chat/mail.ts'
import type { FriendsMailbox } from '../../protocol/chat/parcel-writer.ts'
import { NetworkTime } from '../../protocol/directory/network-time.ts'
import type { Hpke } from '../../protocol/identity/hpke.ts'
import { SealingKeys } from '../../protocol/identity/sealing.ts'
import type { Store } from '../../protocol/store/store.ts'
import { contactFromWire, contactToWire } from '../../protocol/wire/contact.ts'
import { sealedParcelFromWire } from '../../protocol/wire/parcel.ts'
import { text, type Fate, type MailNode } from './away-nodes.ts'
import type { Person } from './away-profile.ts'
import { alice, bob } from './people.ts'
import { context } from './talker.ts'

/** The process ends here. */
export class Killed extends Error {}

export interface Surroundings extends Fate {
  readonly nodes: readonly MailNode[]
  readonly hpke: Hpke
  fault(what: string): void
  /** A parcel was left, sealed to the key of that id. */
  left(from: Person, keyId: string, sealed: Uint8Array): void
  /** The one-time key of that id has opened a parcel. */
  opened(keyId: string): void
  weeklyKey(publicKey: Uint8Array): void
}

/** One run of a program, on the store as it was left. */
export class Life {
  readonly store: Store
  readonly conversation: Conversation
  readonly mail: Mail
  dead = false
  readonly #person: Person
  readonly #world: Surroundings
  readonly #time: NetworkTime
  readonly #sealing: SealingKeys
  /** Visits to nodes that have not ended. */
  readonly #visits = new Set<Promise<unknown>>()
  #depth = 0
  /** Envelopes of the current transaction. */
  #queued: (() => void)[] = []

  constructor(person: Person, world: Surroundings) {
    this.#person = person
    this.#world = world
    this.store = this.#mortal(person.raw)
    const { self, peer, events } = person
    const { store } = this
    const now = (): number => world.time + person.skew
    this.#time = new NetworkTime({ now, onWarning: () => {} }, () => world.time)
    const identity = self === alice.peer ? alice : bob
    this.#sealing = new SealingKeys(identity, store, () => this.#time.now())
    const age = (): number | undefined => this.#time.confirmed()
    this.conversation = new Conversation({
      ...context(store, self, peer, events),
      sealing: this.#sealing,
      hpke: { ...world.hpke, seal: (...args) => this.#seal(...args) },
      now,
      age,
      name: () => (person.current ? 'current' : 'older'),
      peerAddress: () => ({ nodes: [], addresses: [], sealingKey: this.#sealing.current() }),
      atNodes: (_, task) => this.#atNodes(task),
      onTicket: () => this.#tellTickets(),
      stand: (to, word) => {
        const { nodes, addresses, name } = word
        const about = { nodes, addresses, name, to: identity.publicKey, sequence: 0, time: 0 }
        const sealingKey = word.sealingKey === undefined ? {} : { sealingKey: word.sealingKey }
        const sent = contactFromWire(contactToWire({ ...about, ...sealingKey, kind: 'stand', word }))
        this.#queued.push(() => {
          for (const node of world.nodes) if (sent.kind === 'stand') node.deliver(to, sent.word)
        })
      },
      onMail: (friend) => this.mail.nudge(friend),
      onHello: (_, { sealingKey }) => {
        const row = store.friend(peer)
        if (row != null && sealingKey != null) store.putFriend({ ...row, sealingKey })
      },
      onPresence: (friend) => this.mail.presence(friend),
      probe: () => {},
    })
    this.mail = new Mail({
      store,
      log: (_, message, error) => this.#logged(message, error),
      age: () => this.#time.confirmed(),
      isFriend: () => !this.dead,
      conversation: () => this.#guarded(),
      taken: async (ids) => this.#attempt(() => this.#taken(ids), undefined),
    })
  }

  /** The program has started, and finds those nodes that are up. */
  async start(): Promise<void> {
    const { nodes, time } = this.#world
    for (const [at, node] of nodes.entries()) if (node.up) this.#time.observe(String(at), time, 0)
    this.#alive()
    const { publicKey } = this.#sealing.current()
    const row = this.store.sealingKeys().find((one) => text(one.publicKey) === text(publicKey))
    if (row != null && row.hybrid == null) {
      const hybrid = await this.#world.hpke.createKeyPair()
      this.#world.weeklyKey(hybrid.publicKey)
      this.store.putSealingKey({ ...row, hybrid })
    }
    this.mail.start()
  }

  /** Takes what the nodes hold, as far as this version knows of it. */
  async collect(): Promise<void> {
    const { nodes } = this.#world
    if (!this.#person.current) return
    this.#tellTickets()
    if (nodes.some(({ up }) => up)) this.mail.nodeReady()
    for (const node of nodes) {
      if (!node.up) continue
      for (const word of node.stands(this.#person.self)) {
        this.#alive()
        this.conversation.hearStand(word)
      }
      for (const parcel of node.parcels(this.#person.self)) {
        this.#alive()
        await this.mail.receive(parcel)
      }
    }
    mock.timers.tick(chatLimits.takenTogether)
  }

  write(size: number): void {
    this.#alive()
    const id = randomUUID()
    this.conversation.send({ id, text: `${id} `.padEnd(size, 'x'), sentAt: 1 })
  }

  /** Everything that is due has been done. */
  async due(): Promise<void> {
    mock.timers.tick(chatLimits.mailAnswer.most)
    await this.quiet()
  }

  async quiet(): Promise<void> {
    await turn()
    while (this.#visits.size > 0) {
      await Promise.allSettled(this.#visits)
      await turn()
    }
  }

  /** It ends by itself. */
  async stop(): Promise<void> {
    mock.timers.tick(chatLimits.holeReport)
    await this.mail.stop()
    mock.timers.tick(chatLimits.takenTogether)
    await this.quiet()
  }

  /** Nothing of it runs any more. */
  end(): void {
    this.dead = true
    this.conversation.end()
    this.mail.stop().catch(() => undefined)
  }

  /** The conversation, until the process is killed: nothing of a dead process reports an error. */
  #guarded(): MailConversation {
    const { conversation } = this
    return {
      online: this.#attempt(() => conversation.online, false),
      mailDue: this.#attempt(() => conversation.mailDue, 'nothing'),
      writeParcels: () => conversation.writeParcels(),
      destroyExpired: () => conversation.destroyExpired(),
      readParcel: async (parcel) => {
        const outcome = await conversation.readParcel(parcel)
        const done = outcome === 'taken' || outcome === 'stored'
        if (done) this.#world.opened(text(sealedParcelFromWire(parcel.sealed).keyId))
        return outcome
      },
      reportHole: (ids) => conversation.reportHole(ids),
      tellWord: () => this.#attempt(() => conversation.tellWord(), undefined),
    }
  }

  #attempt<T>(work: () => T, dead: T): T {
    try {
      return this.dead ? dead : work()
    } catch (error) {
      if (error instanceof Killed) return dead
      throw error
    }
  }

  #alive(): void {
    if (this.dead) throw new Killed('The process was killed')
  }

  #mayDie(probability: number): void {
    this.#alive()
    if (!this.#world.mishap(probability)) return
    this.dead = true
    throw new Killed('The process is killed')
  }

  /** A store that ends with its process, which may be killed before, within and after each transaction. */
  #mortal(raw: Store): Store {
    const calls = Object.entries(raw).map(([name, call]: [string, (...args: unknown[]) => unknown]) => [
      name,
      (...args: unknown[]) => {
        this.#alive()
        return call(...args)
      },
    ])
    const transaction = <T>(work: () => T): T => {
      const outermost = this.#depth === 0
      const mayDie = (): void => this.#mayDie(outermost ? 0.004 : 0)
      mayDie()
      this.#depth += 1
      let committed = false
      try {
        const done = raw.transaction(() => {
          const result = work()
          mayDie()
          return result
        })
        committed = true
        return done
      } finally {
        this.#depth -= 1
        const queued = outermost ? this.#queued.splice(0) : []
        if (outermost) mayDie()
        for (const deliver of queued) if (committed) deliver()
      }
    }
    const word: Store['word'] = (peer) => {
      this.#alive()
      // An earlier version does not know that its friend understands more.
      return this.#person.current ? raw.word(peer) : { ...raw.word(peer), features: [] }
    }
    return { ...(Object.fromEntries(calls) as unknown as Store), transaction, word }
  }

  async #seal(...args: Parameters<Hpke['seal']>): Promise<Uint8Array> {
    const sealed = await this.#world.hpke.seal(...args)
    if (this.#world.mishap(0.03)) this.#recall()
    return sealed
  }

  /** Takes a message back that has not left, while it is sealed. */
  #recall(): void {
    const { peer, recalled, raw } = this.#person
    const { sent } = raw.conversation(peer)
    const [waiting] = raw.outgoing(peer, sent, 1)
    if (waiting !== undefined && this.store.recall(waiting.id) !== undefined) recalled.add(waiting.id)
  }

  async #atNodes(task: (mailbox: FriendsMailbox) => Promise<void>): Promise<void> {
    const visits = this.#world.nodes.map((node) => this.#visit(node, task))
    const all = Promise.allSettled(visits)
    this.#visits.add(all)
    await all
    this.#visits.delete(all)
  }

  async #visit(node: MailNode, task: (mailbox: FriendsMailbox) => Promise<void>): Promise<void> {
    this.#mayDie(0.002)
    if (!node.up) return
    await task({
      leave: async (to, id, ticket, sealed) => {
        this.#mayDie(0.002)
        this.#world.left(this.#person, text(sealedParcelFromWire(sealed).keyId), sealed)
        const outcome = node.leave(to, id, ticket, sealed)
        this.#mayDie(0.002)
        return outcome
      },
      withdraw: async (to, id) => {
        this.#mayDie(0.002)
        node.withdraw(to, id)
      },
    })
  }

  #tellTickets(): void {
    for (const node of this.#world.nodes) node.setTickets(this.#person.self, this.mail.ticketHashes())
  }

  #taken(ids: readonly Uint8Array[]): void {
    this.#mayDie(0.002)
    for (const node of this.#world.nodes) node.taken(this.#person.self, ids)
  }

  #logged(message: string, error: Error | undefined): void {
    if (error instanceof Killed || this.dead) return
    this.#world.fault(`${message}: ${error?.message}`)
  }
}
