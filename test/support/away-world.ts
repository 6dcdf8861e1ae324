/**
 * Two friends, two nodes and a run of months: real conversations on real stores, with everything that goes wrong
 * between people who are never there together. At first things go wrong, then the world is quiet for a time, and then
 * everything must have settled. All that is decided by chance follows from the seed.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { day, hour } from '../../protocol/base/units.ts'
import * as realHpke from '../../protocol/identity/hpke.ts'
import { digest } from '../../protocol/identity/identity.ts'
import { features } from '../../protocol/wire/hello.ts'
import { fastHpke } from './away-hpke.ts'
import { MailNode, text } from './away-nodes.ts'
import { Killed, Life, type Surroundings } from './away-life.ts'
import { Person, type Snapshot } from './away-profile.ts'
import { alice, bob } from './people.ts'
import { randomFrom } from './random.ts'

/** So long everything may take to settle in the end, and so long nothing may be sealed after it. */
const settling = 60 * day
const silence = 20 * day
/** Turns of the event loop after which two who are connected have said everything. */
const patience = 40
/** Turns after which two who never have said everything are parted. */
const longestMeeting = 2000
const remoteAddr = multiaddr('/ip4/192.0.2.1/tcp/1')
const connections = ['outbound', 'inbound'].map(
  (direction) => ({ id: direction, direction, remoteAddr, timeline: { open: 1 } }) as Connection,
)

export interface Outcome {
  seed: number
  /** What must not happen. */
  faults: string[]
  /** Days of quiet until all was delivered. */
  settled: number | undefined
  shown: number
}

export class World implements Surroundings {
  readonly seed: number
  readonly hpke: realHpke.Hpke
  time = Date.UTC(2026, 6, 1)
  quiet = false
  readonly nodes: readonly MailNode[]
  readonly people: readonly [Person, Person]
  readonly faults = new Set<string>()
  readonly #folder: string
  readonly #next: () => number
  readonly #log: (...what: unknown[]) => void
  /** Each key to which a parcel was left, and what was sealed to it. */
  readonly #used = new Map<string, string>()
  /** One-time keys that opened a parcel. */
  readonly #opened = new Set<string>()
  readonly #weekly = new Set<string>()
  readonly #sealedAt = new Map<Person, number>()
  readonly #backups: { person: Person; snapshot: Snapshot; folder: boolean }[] = []
  readonly #begun = new Map<Person, number>()
  /** After the first meeting they are never there together. */
  readonly #apart: boolean

  constructor(seed: number, log: (...what: unknown[]) => void = () => {}) {
    this.seed = seed
    this.#next = randomFrom(seed)
    this.#log = log
    this.hpke = seed % 100 === 0 ? realHpke : fastHpke
    this.#apart = seed % 2 === 1
    this.#folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-away-'))
    this.nodes = [new MailNode(this), new MailNode(this)]
    const person = (self: string, peer: string): Person => new Person(this.#folder, self, peer)
    this.people = [person(alice.peer, bob.peer), person(bob.peer, alice.peer)]
  }

  next(): number {
    return this.#next()
  }

  mishap(probability: number): boolean {
    return !this.quiet && this.#next() < probability
  }

  fault(what: string): void {
    if (!this.faults.has(what)) this.log('FAULT', what)
    this.faults.add(what)
  }

  log(...what: unknown[]): void {
    this.#log(((this.time - Date.UTC(2026, 6, 1)) / day).toFixed(1).padStart(6), ...what)
  }

  left(from: Person, keyId: string, sealed: Uint8Array): void {
    const hash = text(digest(sealed))
    const before = this.#used.get(keyId)
    if (before === hash) return
    this.#sealedAt.set(from, this.time)
    this.log(this.#name(from), 'leaves a parcel to', this.#weekly.has(keyId) ? 'the weekly key' : keyId)
    if (before !== undefined && !this.#weekly.has(keyId) && !from.copied) this.fault('a one-time key was used twice')
    this.#used.set(keyId, hash)
  }

  opened(keyId: string): void {
    this.#opened.add(keyId)
  }

  weeklyKey(publicKey: Uint8Array): void {
    this.#weekly.add(text(realHpke.keyIdOf(publicKey)))
  }

  /** `firstFault`: ends with it. */
  async run({ firstFault = false } = {}): Promise<Outcome> {
    // What measures time, or gives the event loop back after some, must not depend on this machine.
    const clock = mock.method(performance, 'now', () => this.time)
    try {
      const [, b] = this.people
      const laterVersion = this.#chance(0.2) ? this.time + (10 + this.#pick(30)) * day : undefined
      b.current = laterVersion === undefined
      await this.#meet()
      const noisyUntil = this.time + (40 + this.#pick(60)) * day
      const over = (): boolean => firstFault && this.faults.size > 0
      while (this.time < noisyUntil && !over()) {
        this.time += (2 + this.#pick(20)) * hour
        if (laterVersion !== undefined && this.time > laterVersion) b.current = true
        await this.#disturb()
        await this.#something()
        this.#checkDelivered()
      }
      const settled = over() ? undefined : await this.#settle()
      if (!over()) this.#check()
      const shown = this.people.reduce((sum, person) => sum + person.messages('in').length, 0)
      return { seed: this.seed, faults: [...this.faults], settled, shown }
    } finally {
      clock.mock.restore()
      for (const person of this.people) person.raw.close()
      fs.rmSync(this.#folder, { recursive: true })
    }
  }

  // ---- what happens

  async #something(): Promise<void> {
    if (!this.#apart && this.#chance(0.15)) return this.#meet(this.#chance(0.5) ? this.#pick(40) : undefined)
    // Everybody is away.
    if (this.#chance(0.1)) this.time += this.#pick(12) * day
    const who = this.#pick(3)
    if (who !== 1) await this.#session(this.people[0])
    if (who !== 0) await this.#session(this.people[1])
  }

  /** Somebody starts the program, and ends it. */
  async #session(person: Person): Promise<void> {
    if (this.#chance(0.5)) person.swap()
    const life = new Life(person, this)
    try {
      await life.start()
      await life.collect()
      if (!this.quiet) for (let count = this.#pick(4); count > 0; count -= 1) this.#write(life)
      if (this.#chance(0.3)) {
        await life.due()
        await life.collect()
      }
      if (this.mishap(0.1)) await life.due()
      else await life.stop()
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
    if (life.dead) this.log(this.#name(person), 'was killed')
    life.end()
    await life.quiet()
    this.log(this.#name(person), ...this.#state(person))
  }

  /** Both are there, for so many turns of the event loop, else until there is nothing more to say. */
  async #meet(turns?: number): Promise<void> {
    this.log('they meet', turns ?? '')
    const lives = this.people.map((person) => new Life(person, this)) as [Life, Life]
    const [a, b] = lives
    try {
      for (const life of lives) {
        await life.start()
        if (this.#chance(0.5)) await life.collect()
        if (!this.quiet) for (let count = this.#pick(3); count > 0; count -= 1) this.#write(life)
      }
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
    const [out, into] = await streamPair()
    const [outbound, inbound] = connections as [Connection, Connection]
    const ended = Promise.allSettled([
      a.conversation.run(out, outbound, 'outbound'),
      b.conversation.run(into, inbound, 'inbound'),
    ])
    const open = (): boolean => out.status === 'open' && into.status === 'open' && !a.dead && !b.dead
    for (let at = 0, idle = 0, before = 0; at < (turns ?? longestMeeting) && idle < patience && open(); at += 1) {
      mock.timers.tick(1)
      await turn()
      const changes = this.people.reduce((sum, person) => sum + person.changes, 0)
      idle = changes === before ? idle + 1 : 0
      before = changes
    }
    const cut = new Error('cut')
    out.abort(cut)
    into.abort(cut)
    for (const end of await ended) if (end.status === 'rejected') this.#streamEnded(end.reason)
    for (const life of lives) {
      if (!this.mishap(0.3) && !life.dead) await life.stop()
      life.end()
      await life.quiet()
    }
    for (const person of this.people) this.log(this.#name(person), ...this.#state(person))
  }

  #streamEnded(reason: unknown): void {
    if (reason instanceof Killed || /cut|reset|closed|ended|claim too often/iu.test(String(reason))) return
    this.fault(`a stream ended: ${String(reason)}`)
  }

  #write(life: Life): void {
    if (this.#chance(0.7)) life.write(this.#chance(0.02) ? 20_000 + this.#pick(40_000) : 50 + this.#pick(300))
  }

  /** What goes wrong with machines. */
  async #disturb(): Promise<void> {
    for (const node of this.nodes) {
      if (this.#chance(0.05)) node.up = !node.up
      if (this.#chance(0.02)) {
        node.wipe()
        this.log('a node is wiped')
      }
      if (this.#chance(0.3)) node.hostile = !node.hostile && this.seed % 3 === 0
    }
    for (const person of this.people) {
      if (this.seed % 5 === 0 && this.#chance(0.01)) {
        person.skew = person.skew === 0 ? (this.#chance(0.5) ? 1 : -1) * this.#pick(400) * day : 0
        this.log(this.#name(person), 'has a clock that is off by', person.skew / day)
      }
      await this.#disturbProfile(person)
      if (this.#chance(0.01)) this.#renewTicket(person)
    }
  }

  async #disturbProfile(person: Person): Promise<void> {
    if (this.#chance(0.04)) this.#backups.push({ person, snapshot: person.snapshot(), folder: this.#chance(0.4) })
    if (this.#backups.length > 6) this.#backups.shift()
    if (this.seed % 4 !== 0 && this.#chance(0.02) && person.other === undefined) {
      const own = this.#backups.filter((one) => one.person === person)
      const backup = own.at(-1 - this.#pick(2))
      if (backup !== undefined) {
        if (backup.folder) person.putBack(backup.snapshot)
        else person.restore(backup.snapshot, this.time + person.skew)
        this.log(this.#name(person), backup.folder ? 'puts a folder back' : 'restores a backup', ...this.#state(person))
      }
    }
    if (this.seed % 7 === 0 && this.#chance(0.01) && person.other === undefined) {
      person.other = person.snapshot()
      person.copied = true
      this.#begun.set(person, this.time)
      this.log(this.#name(person), 'has two living copies')
    }
    if (person.other !== undefined && this.time - (this.#begun.get(person) ?? 0) > 6 * day) this.#oneCopy(person)
  }

  #oneCopy(person: Person): void {
    if (person.other === undefined) return
    person.other = undefined
    person.replaced += 1
    this.log(this.#name(person), 'has one copy left')
  }

  #renewTicket(person: Person): void {
    const row = person.raw.word(person.peer)
    if (row.ticket.byteLength === 0) return
    person.raw.putWord({ ...row, ticket: crypto.getRandomValues(new Uint8Array(32)), owed: true })
    this.log(this.#name(person), 'renews the ticket')
  }

  // ---- the quiet time

  /** Returns after how many days everything was delivered. */
  async #settle(): Promise<number | undefined> {
    this.quiet = true
    this.log('QUIET')
    for (const person of this.people) {
      person.skew = 0
      person.current = true
      this.#oneCopy(person)
    }
    for (const node of this.nodes) Object.assign(node, { up: true, hostile: false })
    // Features are first told live.
    if (this.people.some(({ raw, peer }) => !raw.word(peer).features.includes(features.parcels))) await this.#meet()
    const begun = this.time
    while (!this.#allSettled() && this.time < begun + settling) await this.#quietStep((8 + this.#pick(9)) * hour)
    const settled = this.#allSettled() ? (this.time - begun) / day : undefined
    this.log('SETTLED', settled)
    if (settled !== undefined) for (let step = 0; step < 20; step += 1) await this.#quietStep((step < 10 ? 1 : 3) * day)
    return settled
  }

  async #quietStep(time: number): Promise<void> {
    this.time += time
    if (!this.#apart && this.#chance(0.1)) return this.#meet()
    await this.#session(this.people[0])
    this.time += 4 * hour
    return this.#session(this.people[1])
  }

  #allSettled(): boolean {
    return this.people.every(({ raw, peer }) => {
      const { queued, delivered } = raw.conversation(peer)
      return queued === delivered
    })
  }

  // ---- what must be true

  /** Nobody believes that something is delivered which is not: as long as nobody was put back. */
  #checkDelivered(): void {
    if (this.people.some(({ replaced, other }) => replaced > 0 || other !== undefined)) return
    for (const [from, to] of this.#directions()) {
      const { delivered, deliveredHash } = from.raw.conversation(from.peer)
      const theirs = delivered === 0 ? new Uint8Array() : to.raw.bodyHash(to.peer, 'in', delivered)
      if (theirs === undefined || text(theirs) !== text(deliveredHash)) this.fault('delivered is claimed and false')
    }
  }

  #check(): void {
    for (const [from, to] of this.#directions()) {
      const written = from.messages('out')
      const arrived = to.messages('in')
      const ids = new Set(arrived.map(({ id }) => id))
      if (written.some(({ id }) => !ids.has(id))) this.fault('messages are lost')
      if (written.some(({ state }) => state === 'queued' || state === 'sent')) this.fault('the outbox does not drain')
      const texts = arrived.flatMap(({ text: shown }) => (shown === '' ? [] : [shown]))
      if (new Set(texts).size !== texts.length) this.fault('a message is shown twice')
      if (from.replaced === 0) {
        if (arrived.some(({ id, text: shown }) => from.recalled.has(id) && shown !== ''))
          this.fault('a recalled message is shown')
        if (to.replaced === 0 && !written.every(({ id }, at) => arrived[at]?.id === id)) this.fault('out of order')
      }
      this.#checkStorage(from)
    }
  }

  #checkStorage(person: Person): void {
    const { raw, peer, database } = person
    if (this.time - (this.#sealedAt.get(person) ?? 0) < silence) this.fault('parcels are sealed after all has settled')
    const given = raw.givenKeys(peer)
    if (!person.copied && given.some(({ keyId }) => this.#opened.has(text(keyId))))
      this.fault('a used key is on the disk')
    const { keyKept } = chatLimits
    if (given.some(({ createdAt }) => this.time - createdAt > keyKept + 2 * day)) this.fault('keys live too long')
    const known = database.get<{ count: number }>('SELECT count(*) AS count FROM knownParcel')?.count ?? 0
    const { keysGiven, keysKept, parcelsOut, parcelsKnown } = chatLimits
    const held = raw.heldKeys(peer).length
    const out = raw.parcelsFor(peer).length
    if (given.length > keysGiven || held > keysKept || out > parcelsOut || known > parcelsKnown)
      this.fault('storage grows')
  }

  #directions(): [Person, Person][] {
    const [a, b] = this.people
    return [
      [a, b],
      [b, a],
    ]
  }

  #chance(probability: number): boolean {
    return this.#next() < probability
  }

  #pick(count: number): number {
    return Math.floor(this.#next() * count)
  }

  #name(person: Person): string {
    return person === this.people[0] ? 'A' : 'B'
  }

  #state({ raw, peer }: Person): unknown[] {
    const { queued, sent, delivered, received } = raw.conversation(peer)
    const { number, counted, keysHeld, keysTop, top, owed, unopened, hole } = raw.word(peer)
    const parcels = raw
      .parcelsFor(peer)
      .map(({ first, upTo, anew, keyNumber }) => `${first}-${upTo}${anew ? '!' : ''}k${keyNumber}`)
    const age = (value: number): string => ((value - Date.UTC(2026, 6, 1)) / day).toFixed(2)
    return [
      `${queued}/${sent}/${delivered} in ${received} word ${age(number)} counted ${age(counted)} told ${keysHeld}^${keysTop}`,
      `given ${raw.givenKeys(peer).length} held ${raw.heldKeys(peer).length}^${top} ${owed ? 'owed' : ''} ${hole ? 'hole' : ''}`,
      unopened.length > 0 ? `unopened ${unopened.length}` : '',
      ...parcels,
    ]
  }
}
