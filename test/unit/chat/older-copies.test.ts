/**
 * Two real conversations on real stores, of which older copies are put back again and again, and whose streams are cut
 * at any moment. In the end every message that its author still has is at the friend, once, and counts as delivered.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerEvent } from '../../../protocol/api/events.ts'
import { Conversation } from '../../../protocol/chat/conversation.ts'
import { Database } from '../../../protocol/store/database.ts'
import { migrate, migrations } from '../../../protocol/store/migrations.ts'
import type { Store } from '../../../protocol/store/store.ts'
import { storeOn } from '../../../protocol/store/tables.ts'
import { alice, bob } from '../../support/people.ts'
import { random } from '../../support/random.ts'
import { context, now, warnings } from '../../support/talker.ts'
import { until } from '../../support/until.ts'

const worlds = Number(process.env.QUORUM_WORLDS ?? 12)
const steps = 25
const remoteAddr = multiaddr('/ip4/192.0.2.1/tcp/1')
const unused = ['outbound', 'inbound'].map(
  (direction) => ({ id: direction, direction, remoteAddr, timeline: { open: 1 } }) as Connection,
)

class Person {
  readonly events: PeerEvent[] = []
  readonly #file: string
  readonly #self: string
  readonly #peer: string
  store!: Store
  conversation!: Conversation
  restored = 0

  constructor(folder: string, self: string, peer: string) {
    this.#file = path.join(folder, `${self}.db`)
    this.#self = self
    this.#peer = peer
    this.start()
  }

  start(): void {
    const database = new Database(this.#file)
    migrate(database, migrations, () => {})
    this.store = storeOn(database)
    // On a busy machine a receipt may take longer than it should.
    this.conversation = new Conversation({
      ...context(this.store, this.#self, this.#peer, this.events),
      probe: () => {},
    })
  }

  async stop(): Promise<void> {
    this.conversation.end()
    await turn()
    this.store.close()
  }

  write(): void {
    this.conversation.send({ id: randomUUID(), text: `text ${randomUUID()}`, sentAt: now })
  }

  copy(): string {
    const copy = `${this.#file}.${randomUUID()}`
    fs.copyFileSync(this.#file, copy)
    return copy
  }

  putBack(copy: string): void {
    for (const part of ['-wal', '-shm']) fs.rmSync(this.#file + part, { force: true })
    fs.copyFileSync(copy, this.#file)
    this.restored += 1
  }

  get settled(): boolean {
    const { queued, delivered } = this.store.conversation(this.#peer)
    return queued === delivered
  }

  /** Ids of what it has written and of what it was sent, as shown. */
  ids(direction: 'in' | 'out'): string[] {
    const all = this.store.messages(this.#peer, 100_000)
    return all.filter((message) => message.direction === direction).map(({ id }) => id)
  }

  get undelivered(): string[] {
    const all = this.store.messages(this.#peer, 100_000)
    return all.filter(({ direction, state }) => direction === 'out' && state !== 'delivered').map(({ id }) => id)
  }
}

/** Both are up, for so many `turns` of the event loop, else until all is delivered. Returns what ended it before. */
async function meet(a: Person, b: Person, turns?: number): Promise<unknown[]> {
  const [out, into] = await streamPair()
  const ended = Promise.allSettled([
    a.conversation.run(out, unused[0] as Connection, 'outbound'),
    b.conversation.run(into, unused[1] as Connection, 'inbound'),
  ])
  if (turns == null) {
    await until(() => a.settled && b.settled && a.conversation.online && b.conversation.online, 'all is delivered')
  } else for (let at = 0; at < turns; at += 1) await turn()
  const cut = new Error('cut')
  out.abort(cut)
  into.abort(cut)
  return (await ended).flatMap((end) =>
    end.status === 'rejected' && end.reason !== cut ? [end.reason as unknown] : [],
  )
}

for (let world = 1; world <= worlds; world += 1) {
  test(`older copies put back at any time, world ${world}: nothing is lost, nothing comes twice`, async (t: TestContext) => {
    const { next } = random(t)
    const pick = (count: number): number => Math.floor(next() * count)
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-copies-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    const people = [new Person(folder, alice.peer, bob.peer), new Person(folder, bob.peer, alice.peer)] as const
    const [a, b] = people
    const copies: { person: Person; file: string }[] = []
    const withRestores = world % 4 !== 0
    for (let step = 0; step < steps; step += 1) {
      for (const person of people) for (let count = pick(4); count > 0; count -= 1) person.write()
      const errors = await meet(a, b, next() < 0.5 ? pick(30) : undefined)
      assert.deepEqual(
        errors.filter((error) => !/cut|reset|closed|ended/iu.test(String(error))),
        [],
      )
      for (const person of people) {
        await person.stop()
        if (next() < 0.2) copies.push({ person, file: person.copy() })
        const mine = copies.filter((copy) => copy.person === person)
        const copy = mine.at(-1 - pick(3)) ?? mine[0]
        if (withRestores && copy != null && next() < 0.15) person.putBack(copy.file)
        person.start()
      }
    }
    for (let times = 0; times < 2; times += 1) await meet(a, b)
    for (const [author, reader] of [
      [a, b],
      [b, a],
    ] as const) {
      const [written, shown] = [author.ids('out'), reader.ids('in')]
      assert.deepEqual(author.undelivered, [], 'everything counts as delivered')
      assert.equal(new Set(shown).size, shown.length, 'nothing is shown twice')
      assert.deepEqual(
        written.filter((id) => !shown.includes(id)),
        [],
        'nothing is lost',
      )
      if (a.restored + b.restored === 0) assert.deepEqual(shown, written, 'in order')
    }
    if (!withRestores) assert.deepEqual([...warnings(a.events), ...warnings(b.events)], [])
    for (const person of people) await person.stop()
  })
}
