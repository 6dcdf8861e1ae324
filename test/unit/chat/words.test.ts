/** What a friend may cause by what it says of keys and parcels (docs/threats.md 110 and 111). */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Conversation } from '../../../protocol/chat/conversation.ts'
import { chatLimits } from '../../../protocol/chat/limits.ts'
import { Words } from '../../../protocol/chat/words.ts'
import { randomBytes } from '../../../protocol/identity/identity.ts'
import * as hpke from '../../../protocol/identity/hpke.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import type { Store } from '../../../protocol/store/store.ts'
import { wireLimits } from '../../../protocol/wire/limits.ts'
import type { Hello, MailWord } from '../../../protocol/wire/hello.ts'
import { refused } from '../../support/refused.ts'
import { alice, bob } from '../../support/people.ts'
import { context, helloWith, now } from '../../support/talker.ts'

const { peer } = bob

interface Subject {
  store: Store
  words: Words
  era: Uint8Array
  /** Bob says this, in a hello. */
  says(mail: Partial<MailWord>, hello?: Partial<Hello>): boolean
}

function subject(t: TestContext): Subject {
  const store = openMemoryStore()
  t.after(() => store.close())
  let made = 0
  /** What it costs is counted, not spent. */
  const createKeyPair = async (): Promise<hpke.KeyPair> => {
    made += 1
    return { seed: randomBytes(32), publicKey: randomBytes(1216) }
  }
  const words = new Words({ ...context(store, alice.peer, peer, []), hpke: { ...hpke, createKeyPair } })
  const era = randomBytes(8)
  let number = now
  return {
    store,
    words,
    era,
    says(mail, hello = {}) {
      number += 1
      const keys = { era, first: 1, publicKeys: [] }
      const word = { ticket: Buffer.alloc(32, 7), keys, unopened: [], hole: false, ...mail }
      return words.hear(helloWith({ number, features: [1], mail: word, ...hello }).hello, true)
    },
  }
}

const publicKeys = (count: number): Uint8Array[] => Array.from({ length: count }, () => randomBytes(1216))

test('110: a friend that claims again and again to have no key has some made, not one after the other', async (t) => {
  const { store, words, says } = subject(t)
  let made = 0
  for (let time = 0; time < 40; time += 1) {
    says({})
    const pairs = await words.keys.make(true)
    words.tell(true, pairs)
    made += pairs.length
    // The next hello says that nothing came.
    const { era } = store.word(peer)
    says({ account: { era, held: 0, top: 0, settled: 0 } })
  }
  assert.equal(made, chatLimits.keysMade.tokens)
  assert.ok(store.givenKeys(peer).length <= chatLimits.keysGiven)
})

test('110: keys without end are neither kept nor written', (t) => {
  const { store, says, era } = subject(t)
  let top = 0
  for (let first = 1; first < 3000; first += wireLimits.oneTimeKeys) {
    says({ keys: { era, first, publicKeys: publicKeys(wireLimits.oneTimeKeys) } })
    assert.ok(store.heldKeys(peer).length <= chatLimits.keysKept)
    top = store.word(peer).top
  }
  assert.equal(top, chatLimits.keysTaken.tokens)
})

test('110: parcels are sealed anew and left again only so often, whatever a friend says', (t) => {
  const { store, says } = subject(t)
  let [anew, again] = [0, 0]
  for (let time = 0; time < 60; time += 1) {
    const ids = Array.from({ length: wireLimits.unopened }, () => randomBytes(16))
    for (const id of ids) {
      const row = { id, peer, first: 1, upTo: 1, keyNumber: 0, bytes: 1, leftAt: now, anew: false }
      store.addParcel(row, new Uint8Array(1))
    }
    says({ unopened: ids, hole: true })
    const out = store.parcelsFor(peer)
    anew += out.filter((row) => row.anew).length
    again += Number(out.some(({ leftAt }) => leftAt === 0))
    for (const { id } of out) store.deleteParcel(id)
  }
  assert.equal(anew, chatLimits.parcelsAnew.tokens)
  assert.equal(again, chatLimits.holesHeard.tokens)
})

test('110: a number from which nobody could go on is refused', (t) => {
  const { store, says } = subject(t)
  assert.throws(() => says({}, { counted: 2 ** 53 - 1 }), refused('bad-request'))
  assert.throws(() => says({}, { number: 2 ** 52 + 1 }), refused('bad-request'))
  assert.equal(store.word(peer).counted, 0)
})

test('an old word gives nothing, a hello is of now, and the keys of another era are void', (t) => {
  const { store, words, says, era } = subject(t)
  says({ keys: { era, first: 1, publicKeys: publicKeys(3) } })
  const { counted } = store.word(peer)
  const old = helloWith({ number: counted - 1 }).hello
  assert.equal(words.hear(old, false), false)
  assert.deepEqual(store.word(peer).features, [1])
  assert.equal(words.hear(old, true), true)
  assert.deepEqual(store.word(peer).features, [])
  assert.equal(store.word(peer).counted, counted)
  assert.equal(store.heldKeys(peer).length, 3)
  says({ keys: { era: randomBytes(8), first: 1, publicKeys: publicKeys(1) } })
  assert.deepEqual(
    store.heldKeys(peer).map(({ number }) => number),
    [1],
  )
})

test('111: a word in an envelope counts once, and one of an older copy is answered once a day', (t) => {
  const store = openMemoryStore()
  t.after(() => store.close())
  const answers: Hello[] = []
  let date = now
  const conversation = new Conversation({
    ...context(store, alice.peer, peer, []),
    now: () => date,
    stand: (_, word) => answers.push(word),
  })
  t.after(() => conversation.end())
  const mail: MailWord = {
    ticket: Buffer.alloc(32, 7),
    keys: { era: randomBytes(8), first: 1, publicKeys: [] },
    unopened: [],
    hole: false,
  }
  const stands = (number: number): void => conversation.hearStand(helloWith({ number, features: [1], mail }).hello)
  for (let time = 0; time < 3; time += 1) stands(now + 10)
  assert.equal(store.word(peer).counted, now + 10)
  assert.equal(store.word(peer).owed, true, 'the next parcel is the answer')
  assert.deepEqual(answers, [], 'it came before')

  // Bob was put back, and begins another era below the number that alice counts.
  mail.keys.era = randomBytes(8)
  for (let number = now + 1; number < now + 5; number += 1) stands(number)
  assert.deepEqual(
    answers.map(({ counted }) => counted),
    [now + 10],
  )
  date += chatLimits.standAgain
  stands(now + 4)
  stands(now + 5)
  assert.equal(answers.length, 2)
})

test('who is an older copy of itself owes a word: its friend may count as delivered what is not here', (t) => {
  for (const learns of [
    ({ store, says }: Subject) => says({}, { counted: store.word(peer).number + 1 }),
    ({ words }: Subject) => words.older(),
  ]) {
    const one = subject(t)
    one.says({})
    one.words.tell(true)
    const { era, number } = one.store.word(peer)
    one.says({}, { counted: number })
    assert.equal(one.store.word(peer).owed, false, 'it is the newest copy')
    learns(one)
    assert.equal(one.store.word(peer).owed, true)
    assert.notDeepEqual(one.store.word(peer).era, era)
  }
})
