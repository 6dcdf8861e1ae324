/** Who is in a group: examples of each rule, and the laws on random graphs of decisions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision } from '../../../protocol/group/decision.ts'
import { groupLimits } from '../../../protocol/group/limits.ts'
import { Ledger } from '../../../protocol/group/ledger.ts'
import { membership, type Membership } from '../../../protocol/group/membership.ts'
import { add, decide, found, group, Holder, leave, remove, role } from '../../support/ledgers.ts'
import { randomFrom } from '../../support/random.ts'

const seed = Number(process.env.QUORUM_SEED ?? 1)
const graphs = 400

test('who founds a group is in it, and cannot be removed', () => {
  const all = group('fay', ['ada', 'bob'], 1)
  all.says('ada', remove('fay'))
  assert.deepEqual(all.members, ['ada', 'bob', 'fay'])
  all.says('fay', leave)
  assert.deepEqual(all.members, ['ada', 'bob'])
})

test('only the founder and admins add, remove and name; anybody leaves', () => {
  const all = group('fay', ['ada', 'bob'], 1)
  const before = all.ledger.decisions.length
  for (const action of [add('eve'), remove('ada'), role('bob', 1), { kind: 'name', name: 'Ours' } as const])
    all.says('bob', { ...action, ...(action.kind === 'name' ? { picture: new Uint8Array() } : {}) } as never)
  assert.equal(all.ledger.decisions.length, before, 'what has no ground is not even held')
  all.says('ada', { kind: 'name', name: 'Ours', picture: new Uint8Array([1]) })
  all.says('ada', add('tom'))
  all.says('bob', leave)
  assert.deepEqual([all.members, all.state.name, all.state.picture.byteLength], [['ada', 'fay', 'tom'], 'Ours', 1])
})

test('a right reaches downwards only', () => {
  const all = group('fay', ['ada', 'bob', 'cem', 'dan'], 3)
  all.says('bob', remove('ada'))
  all.says('cem', role('dan', 2))
  assert.deepEqual([all.members.includes('ada'), all.seniority('dan')], [true, Infinity])
  all.says('cem', role('dan', 4))
  assert.equal(all.seniority('dan'), 4)
  all.says('ada', remove('cem'))
  assert.deepEqual(all.members, ['ada', 'bob', 'dan', 'fay'])
  assert.equal(all.seniority('dan'), 4, 'what the removal had seen stands')
})

test('three admins remove each other in a ring: only what the most senior one says counts', () => {
  const all = group('fay', ['ada', 'bob', 'cem'], 3)
  const { heads } = all.ledger
  const ring = [
    decide('ada', heads, remove('bob')),
    decide('bob', heads, remove('cem')),
    decide('cem', heads, remove('ada')),
  ]
  const other = new Holder(all.ledger.decisions)
  all.learn(ring)
  other.learn(ring.toReversed())
  assert.deepEqual(all.members, ['ada', 'cem', 'fay'])
  assert.deepEqual(other.members, all.members)
})

test('who lost an office gains nothing by writing into the past, and what an ender had seen stands', () => {
  const all = group('fay', ['ada', 'bob'], 2)
  const { heads } = all.ledger
  all.says('bob', add('tom'))
  all.says('fay', role('bob', 0))
  all.says('bob', add('puppet'), heads)
  all.says('bob', remove('ada'), heads)
  assert.deepEqual(all.members, ['ada', 'bob', 'fay', 'tom'])
})

test('what a removed admin did can be undone, and nothing is lost by it', () => {
  const all = group('fay', ['ada', 'bob', 'cem', 'dan'], 2)
  const wrong = [all.says('bob', remove('cem')), all.says('bob', remove('dan'))]
  assert.deepEqual(all.members, ['ada', 'bob', 'fay'])
  all.says('fay', remove('bob', wrong))
  assert.deepEqual(all.members, ['ada', 'cem', 'dan', 'fay'])
})

test('a removal beats an addition that had not seen it; one that had, counts', () => {
  const all = group('fay', ['ada', 'bob'], 1)
  const { heads } = all.ledger
  all.says('fay', remove('bob'))
  all.says('ada', add('bob'), heads)
  assert.deepEqual(all.members, ['ada', 'fay'])
  all.says('ada', add('bob'))
  assert.deepEqual(all.members, ['ada', 'bob', 'fay'])
  assert.equal(all.state.members.get('bob')?.length, 1, 'of three admissions one has seen the removal')
})

test('a consent counts once', () => {
  const all = group('fay', ['ada'], 1)
  all.says('ada', add('tom', 'tom’s yes'))
  all.says('tom', leave)
  all.says('ada', add('tom', 'tom’s yes'))
  assert.deepEqual(all.members, ['ada', 'fay'])
  all.says('ada', add('tom', 'another yes'))
  assert.deepEqual(all.members, ['ada', 'fay', 'tom'])
})

test('two things said from one place both stand', () => {
  const all = group('fay', ['ada'], 1)
  const { heads } = all.ledger
  all.says('ada', add('tom'), heads)
  all.says('ada', add('uma'), heads)
  assert.deepEqual(all.members, ['ada', 'fay', 'tom', 'uma'])
})

test('what a later version decides is held and named, and decides nothing here', () => {
  const all = group('fay', ['ada'])
  const later = all.says('ada', { kind: 'unknown' })
  assert.deepEqual(all.ledger.heads, [later.hash])
  assert.deepEqual(all.members, ['ada', 'fay'])
  all.says('stranger', { kind: 'unknown' })
  assert.deepEqual(all.ledger.heads, [later.hash])
})

test('what names something that is missing waits, and not for more than a bound', () => {
  const all = group('fay', [])
  const missing = decide('fay', all.ledger.heads, add('ada'))
  const waiting = decide('fay', [missing.hash], add('bob'))
  assert.deepEqual(all.ledger.take(waiting), [])
  for (let at = 0; at < 2 * groupLimits.waiting; at += 1)
    all.ledger.take(decide('fay', [decide('fay', [], found).hash], add(`member ${at}`)))
  assert.deepEqual(all.ledger.take(missing), [missing, waiting])
  const heads = Array.from({ length: groupLimits.heads + 1 }, (_, at) =>
    all.says('fay', add(`tom ${at}`), [missing.hash]),
  )
  const many = heads.map(({ hash }) => hash)
  assert.deepEqual(all.ledger.take(decide('fay', many, add('uma'))), [], 'it names too many')
  assert.equal(all.ledger.heads.length, groupLimits.heads)
})

test('59 leave at once and one comes back', () => {
  const names = Array.from({ length: 70 }, (_, at) => `member ${at}`)
  const all = group('fay', names)
  const { heads } = all.ledger
  for (const name of names.slice(0, 59)) all.says(name, leave, heads)
  const back = all.says('fay', add('member 5'))
  assert.equal(back.heads.length, 59)
  assert.deepEqual([all.members.length, all.members.includes('member 5')], [13, true])
})

/** Everything that others see of it. */
function shown({ members, offices, name }: Membership): unknown {
  const held = offices.filter(({ ended }) => ended.length === 0)
  return [
    Object.fromEntries([...members].map(([who, by]) => [who, by.toSorted()])),
    held.map(({ appointment }) => [appointment.member, appointment.hash]),
    name,
  ]
}

/** A group of six with three admins, and twelve decisions of anybody with any past. */
function wild(seed: number) {
  const next = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] ?? assert.fail('nothing to pick')
  const people = ['f', 'a', 'b', 'c', 'm', 'n']
  const all = group('f', people.slice(1), 3)
  const { ledger } = all
  const acts = (author: string, heads: readonly string[], leaves = true): Decision =>
    all.says(
      author,
      pick([
        add(pick(people)),
        remove(pick(people)),
        role(pick(people), Math.floor(next() * 5)),
        ...(leaves ? [leave] : []),
      ]),
      heads,
    )
  const says = (author: string): Decision => {
    const some = [pick(ledger.decisions).hash, pick(ledger.decisions).hash]
    return acts(author, next() < 0.4 ? ledger.heads : [...new Set(some)])
  }
  for (let at = 0; at < 12; at += 1) says(pick(people))
  return { all, ledger, next, pick, says, acts }
}

test('law: the order of arrival leaves no trace', () => {
  for (let at = seed; at < seed + graphs; at += 1) {
    const { ledger, next } = wild(at)
    const shuffled = ledger.decisions.map((one) => [next(), one] as const).toSorted(([a], [b]) => a - b)
    const other = new Holder(ledger.decisions.slice(0, 1))
    other.learn(shuffled.map(([, one]) => one))
    assert.equal(other.ledger.decisions.length, ledger.decisions.length, `seed ${at}`)
    assert.deepEqual(shown(other.state), shown(membership(ledger)), `seed ${at}`)
    assert.deepEqual(other.ledger.heads.toSorted(), ledger.heads.toSorted(), `seed ${at}`)
  }
})

test('law: what an admin says touches no office above', () => {
  let judged = 0
  for (let at = seed; at < seed + graphs; at += 1) {
    const { all, says } = wild(at)
    const above = (): unknown =>
      all.state.offices
        .filter(
          ({ appointment: { member, rank, hash } }) =>
            'ab'.includes(member) && rank < 3 && all.state.power.get(hash) === 0,
        )
        .map(({ appointment, ended }) => [appointment.hash, ended.map(({ hash }) => hash)])
    if (all.state.offices.some(({ appointment: { member, rank } }) => member === 'c' && rank < 3)) continue
    const before = above()
    for (let more = 0; more < 5; more += 1) says('c')
    assert.deepEqual(above(), before, `seed ${at}`)
    judged += 1
  }
  assert.ok(judged > graphs / 4)
})

test('law: once a removal has seen all, nothing that the removed one hangs anywhere changes anything', () => {
  for (let at = seed; at < seed + graphs; at += 1) {
    const { all, ledger, pick, acts } = wild(at)
    all.says('f', remove('b'))
    const before = shown(all.state)
    const old = [...ledger.decisions]
    for (let more = 0; more < 8; more += 1) acts('b', [pick(old).hash], false)
    assert.deepEqual(shown(all.state), before, `seed ${at}`)
  }
})

test('a ledger is empty until it is founded, and has one founding', () => {
  const ledger = new Ledger()
  assert.deepEqual(ledger.take(decide('fay', [], add('ada'))), [])
  assert.throws(() => membership(ledger))
  const founding = decide('fay', [], found)
  assert.deepEqual(ledger.take(founding), [founding])
  assert.deepEqual(ledger.take(decide('eve', [], found)), [])
})
