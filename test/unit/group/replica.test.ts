/** Members that tell each other what they hold: each rule by an example. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupLimits } from '../../../protocol/group/limits.ts'
import { addition, decision, entry, founded, gather, Member, meet, removal } from '../../support/group-members.ts'

function same(members: readonly Member[]): void {
  for (const one of members) assert.deepEqual(one.ids, members[0]?.ids, one.name)
}

test('what somebody says arrives at everybody, in one order, once', () => {
  const all = founded(['fay', 'ada', 'bob'])
  const [fay, ada, bob] = all as [Member, Member, Member]
  const ids = [fay.say().id, ada.say().id, bob.say().id]
  gather(all)
  same(all)
  assert.deepEqual(fay.ids.toSorted(), ids.toSorted())
  const answer = bob.say()
  gather(all)
  assert.equal(fay.ids.at(-1), answer.id, 'an answer stands behind what it answers')
})

test('back from a backup: it goes on in a new chain, and gets what it had lost again', () => {
  const all = founded(['fay', 'ada', 'bob'])
  const [fay, ada] = all as [Member, Member]
  gather(all)
  const { kept } = ada.store
  ada.say()
  gather(all)
  ada.putBack(kept)
  ada.say()
  gather(all)
  same(all)
  assert.equal(fay.ids.length, 2)
})

test('a copied folder forks its chain: the fork is closed, and all texts stay', () => {
  const all = founded(['fay', 'ada', 'bob'])
  const [fay, ada] = all as [Member, Member]
  gather(all)
  const { kept } = ada.store
  const ids = [ada.say().id, ada.say().id]
  gather(all)
  ada.putBack(kept, true)
  ids.push(ada.say().id)
  gather(all)
  gather(all)
  same(all)
  assert.deepEqual(fay.ids.toSorted(), ids.toSorted())
})

test('who forks a chain of their own is stopped there, and everybody sees the same', () => {
  const all = founded(['fay', 'ada', 'bob', 'cem'])
  const [fay, ada, bob, cem] = all as [Member, Member, Member, Member]
  cem.say()
  gather(all)
  const one = cem.say()
  const { hash: _, signed: __, author, chain, ...content } = one
  const other = entry(author, chain, { ...content, content: { kind: 'text', text: 'something else' } })
  fay.receive({ kind: 'entries', entries: [one] }, 'cem')
  ada.receive({ kind: 'entries', entries: [other] }, 'cem')
  gather([fay, ada, bob])
  same([fay, ada, bob])
  assert.equal(fay.ids.length, 1, 'what stands below the fork')
  assert.equal(fay.store.chain(chain)?.forkAt, 2)
})

test('a lamport that is far too large waits, and moves nobody', () => {
  const all = founded(['fay', 'ada', 'bob'])
  const [fay, ada, bob] = all as [Member, Member, Member]
  bob.say({ lamport: Number.MAX_SAFE_INTEGER })
  gather(all)
  ada.say()
  gather([fay, ada])
  assert.equal(fay.ids.length, 1)
  assert.ok(fay.replica.chains.nextLamport() < 100)
  const far = fay.replica.chains.count() + groupLimits.lamportFollowed + 10
  fay.say({ lamport: far })
  assert.ok(fay.replica.chains.nextLamport() < 100, 'it is taken, and nobody goes on from there')
  assert.equal(fay.ids.length, 2)
})

test('an admin wipes others out; the founder removes that admin and undoes it: all is back', () => {
  const all = founded(['fay', 'ada', 'bob', 'cem', 'dan'], 2)
  const [fay, ada, bob, cem] = all as [Member, Member, Member, Member]
  for (let at = 0; at < 5; at += 1) cem.say()
  gather(all)
  const wrong = ['cem', 'dan'].map((name) =>
    bob.replica.decide({ kind: 'remove', member: name, upTo: new Map(), undo: [] }),
  )
  gather([fay, ada, bob])
  assert.deepEqual([fay.ids.length, fay.members], [0, ['ada', 'bob', 'fay']])
  fay.replica.decide(removal(fay, 'bob', wrong))
  gather(all)
  assert.deepEqual([fay.ids.length, fay.members], [5, ['ada', 'cem', 'dan', 'fay']])
  same(all.filter((one) => one !== bob))
})

test('who was removed and is added again speaks in a new chain, and both texts are shown', () => {
  const all = founded(['fay', 'ada', 'bob'])
  const [fay, , bob] = all as [Member, Member, Member]
  bob.say()
  gather(all)
  fay.replica.decide(removal(fay, 'bob'))
  fay.replica.decide(addition('bob'))
  gather(all)
  bob.say()
  gather(all)
  same(all)
  assert.equal(fay.ids.length, 2)
})

test('a newcomer gets what is said from now on, or the last of it, or all', () => {
  const all = founded(['fay', 'ada'])
  const [fay] = all as [Member, Member]
  for (let at = 0; at < 5; at += 1) fay.say()
  gather(all)
  const [now, last, whole] = [new Member('now'), new Member('last'), new Member('whole')]
  fay.replica.decide(
    addition(
      'now',
      fay.replica.endsBefore(() => 0),
    ),
  )
  fay.replica.decide(
    addition(
      'last',
      fay.replica.endsBefore(() => 2),
    ),
  )
  fay.replica.decide(addition('whole'))
  const everybody = [...all, now, last, whole]
  gather(everybody)
  assert.deepEqual([now.ids.length, last.ids.length, whole.ids.length], [0, 2, 5])
  now.say()
  gather(everybody)
  same([fay, whole])
  assert.deepEqual(now.ids, fay.ids.slice(-1))
})

test('who has not heard of a removal cannot pass on what was written after it; the removed one is told, and only that', () => {
  const all = founded(['fay', 'ada', 'bob', 'cem'])
  const [fay, ada, , cem] = all as [Member, Member, Member, Member]
  fay.replica.decide(removal(fay, 'cem'))
  const secret = fay.say()
  ada.receive({ kind: 'entries', entries: [secret] }, 'fay')
  assert.equal(ada.ids.length, 0)
  meet(ada, cem)
  assert.equal(cem.ids.length, 0)
  gather(all)
  assert.deepEqual([cem.replica.joined, cem.ids.length, ada.ids.length], [false, 0, 1])
})

test('a newcomer whose addition nobody has yet shows it', () => {
  const all = founded(['fay', 'ada', 'bob'], 1)
  const [fay, ada, bob] = all as [Member, Member, Member]
  const tom = new Member('tom')
  ada.replica.decide(addition('tom'))
  tom.learn(ada)
  tom.say()
  meet(tom, bob)
  meet(tom, fay)
  meet(tom, bob)
  meet(tom, fay)
  assert.ok(fay.members.includes('tom') && bob.members.includes('tom'))
  meet(tom, bob)
  assert.equal(bob.ids.length, 1)
})

test('who has nothing of a piece passes on what follows, and the hole is filled by somebody who has it', () => {
  const all = founded(['fay', 'ada', 'bob'])
  const [fay, ada, bob] = all as [Member, Member, Member]
  for (let at = 0; at < 4; at += 1) fay.say()
  const late = new Member('late')
  fay.replica.decide(
    addition(
      'late',
      fay.replica.endsBefore(() => 0),
    ),
  )
  late.learn(fay)
  for (const one of [ada, bob]) one.learn(fay)
  meet(fay, late)
  fay.say()
  meet(fay, late)
  meet(late, ada)
  assert.deepEqual([ada.ids.length, [...ada.replica.exchange.state().holes.values()].flat().length], [1, 1])
  meet(fay, bob)
  meet(ada, bob)
  assert.deepEqual([ada.ids.length, ada.replica.exchange.state().holes.size], [5, 0])
  same([fay, ada, bob])
})

test('of many chains under one admission the smallest ids stay, everywhere', () => {
  const all = founded(['fay', 'ada', 'bob'])
  const [fay, ada, bob] = all as [Member, Member, Member]
  for (let at = 0; at < groupLimits.chains + 20; at += 1) {
    bob.writer.renewMark()
    const said = bob.say()
    for (const one of at % 2 === 0 ? [fay, ada] : [ada, fay]) one.receive({ kind: 'entries', entries: [said] }, 'bob')
  }
  same([fay, ada])
  assert.equal(fay.ids.length, groupLimits.chains)
})

test('nothing of strangers is taken, and they get nothing but why', () => {
  const all = founded(['fay', 'ada'])
  const [fay, ada] = all as [Member, Member]
  fay.say()
  const eve = new Member('eve')
  const claim = decision('eve', { ...addition('eve'), heads: fay.replica.ledger.heads, lamport: 1 })
  eve.receive({ kind: 'decisions', decisions: [...fay.replica.ledger.decisions, claim] }, 'fay')
  for (const one of all) meet(eve, one)
  assert.deepEqual([fay.members, ada.members, eve.ids], [['ada', 'fay'], ['ada', 'fay'], []])
})
