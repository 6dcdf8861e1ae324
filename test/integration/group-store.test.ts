/**
 * The contract of a group's store: the same worlds, in which every call is made of maps and of the store of a peer, and
 * both must answer alike.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision } from '../../protocol/group/decision.ts'
import type { Entry } from '../../protocol/group/entry.ts'
import { GroupIntake } from '../../protocol/group/intake.ts'
import type { ReplicaStore } from '../../protocol/group/replica.ts'
import { StoredGroup } from '../../protocol/group/stored.ts'
import { openMemoryStore } from '../../protocol/store/memory.ts'
import { groupRow } from '../support/group-rows.ts'
import { Maps, type Kept, type MemberStore } from '../support/group-members.ts'
import { GroupWorld } from '../support/group-world.ts'

const group = 'g'
const page = 7

/** What was put, by the bytes that stand for its signed form. */
const signed = new Map<string, Entry | Decision>()
const bytesOf = ({ hash }: { hash: string }): Uint8Array => Buffer.from(hash)
const found = (bytes: Uint8Array): unknown => signed.get(Buffer.from(bytes).toString())
const known = <T extends Entry | Decision>(one: T): T => {
  signed.set(one.hash, one)
  return { ...one, signed: bytesOf(one) }
}

class Both implements MemberStore {
  readonly #maps: Maps
  readonly #store = openMemoryStore()
  readonly #stored: StoredGroup

  constructor(kept?: Kept) {
    this.#store.putGroup(groupRow(group))
    this.#stored = new StoredGroup({
      store: this.#store,
      group,
      self: 'nobody',
      now: () => 0,
      intake: new GroupIntake({ store: this.#store, group, self: 'nobody' }),
      decision: (bytes) => found(bytes) as Decision,
      entry: (bytes) => found(bytes) as Entry,
    })
    this.#maps = new Maps()
    for (const decision of kept?.decisions ?? []) this.putDecision(decision)
    for (const chain of kept?.chains ?? []) this.putChain(chain)
    for (const [, entries] of kept?.entries ?? []) for (const entry of entries) this.putEntry(entry)
    for (const [chain, entries] of kept?.aside ?? []) this.setAside(chain, Number.MAX_SAFE_INTEGER, entries)
  }

  get kept(): Kept {
    return this.#maps.kept
  }

  shown(): Entry[] {
    const expected = this.#maps.shown()
    const all: string[] = []
    for (let before: string | undefined; ;) {
      const found = this.#store.groupMessages(group, page, { before })
      all.unshift(...found.map(({ id }) => id))
      before = found[0]?.id
      if (found.length < page) break
    }
    assert.deepEqual(
      all,
      expected.map(({ id }) => id),
    )
    const [first] = all
    const after = first === undefined ? [] : this.#store.groupMessages(group, all.length, { after: first })
    assert.deepEqual(
      after.map(({ id }) => id),
      all.slice(1),
    )
    return expected
  }

  transaction = <T>(work: () => T): T => this.#stored.transaction(work)
  decisions = (): Decision[] => this.#same((store) => store.decisions())
  putDecision = (one: Decision): void => this.#same((store) => store.putDecision(known(one)))
  chains = (): ReturnType<ReplicaStore['chains']> => this.#same((store) => store.chains())
  chain = (chain: string): ReturnType<ReplicaStore['chain']> => this.#same((store) => store.chain(chain))
  putChain = (chain: Parameters<ReplicaStore['putChain']>[0]): void => this.#same((store) => store.putChain(chain))
  dropChain = (chain: string): void => this.#same((store) => store.dropChain(chain))
  entry = (chain: string, at: number): Entry | undefined => this.#same((store) => store.entry(chain, at))
  aside = (chain: string): Entry[] =>
    this.#same((store) => store.aside(chain).toSorted((a, b) => +(a.hash > b.hash) || -1))
  hashes = (...args: Parameters<ReplicaStore['hashes']>): ReturnType<ReplicaStore['hashes']> =>
    this.#same((store) => store.hashes(...args))
  entries = (...args: Parameters<ReplicaStore['entries']>): Entry[] => this.#same((store) => store.entries(...args))
  counts = (author: string, id: string): boolean => this.#same((store) => store.counts(author, id))
  hasRoom = (one: Entry): boolean => this.#same((store) => store.hasRoom(one))
  putEntry = (one: Entry): boolean => this.#same((store) => store.putEntry(known(one)))
  setAside = (chain: string, from: number, twins: readonly Entry[]): void =>
    this.#same((store) => store.setAside(chain, from, twins.map(known)))
  lamport = (...args: Parameters<ReplicaStore['lamport']>): number => this.#same((store) => store.lamport(...args))

  #same<T>(call: (store: ReplicaStore) => T): T {
    const expected = call(this.#maps)
    assert.deepEqual(plain(call(this.#stored)), plain(expected))
    return expected
  }
}

/** Without the signed forms, which are not those that were put. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || !('hash' in value) || !('author' in value)) return value
  const { signed: _, ...rest } = value as Entry
  return rest
}

test('in worlds in which everything goes wrong, the store of a peer answers as maps do', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const { faults, shown } = new GroupWorld(seed, 2 + (seed % 7), undefined, (kept) => new Both(kept)).run()
    assert.deepEqual(faults, [], `world ${seed}`)
    assert.ok(shown >= 0)
  }
})
