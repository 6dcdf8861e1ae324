/** What the terminal shows of groups, and which of several a typed name means. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import stringWidth from 'string-width'
import type { Friend, Group, GroupMember } from '#protocol'
import { Friends } from '../../../scripts/cli/terminal/friends.ts'
import * as view from '../../../scripts/cli/terminal/group-view.ts'
import { Groups } from '../../../scripts/cli/terminal/groups.ts'
import type { Look } from '../../../scripts/cli/terminal/view.ts'
import { susan } from '../../support/fake-peer.ts'

const plain: Look = { color: false, columns: 80, unicode: true }
const self = '12D3KooWOwn999'

function member(name: string, change: Partial<GroupMember> = {}): GroupMember {
  return { peer: `12D3KooW${name}55555`, name, rank: 0, online: false, friend: false, ...change }
}

function group(change: Partial<Group> = {}): Group {
  return {
    group: `${'0'.repeat(58)}abc123`,
    name: 'Trip',
    state: 'member',
    rank: 0,
    founder: '12D3KooWAda55555',
    members: [member('Ada'), member('Own', { peer: self, online: true }), member('Tom', { rank: 2, online: true })],
    unread: 0,
    muted: false,
    createdAt: 1,
    history: 0,
    ...change,
  }
}

function known(people: readonly Friend[], ...all: readonly Group[]): Groups {
  const friends = new Friends()
  for (const person of people) friends.put(person)
  const groups = new Groups(friends)
  groups.load(all)
  return groups
}

const name = (peer: string): string => peer.slice('12D3KooW'.length, -5)

test('a group is shown with its sign, clean and short; of those that look alike, with the end of the id', () => {
  assert.equal(view.groupLabel(group(), [group()]), '#Trip')
  assert.equal(view.groupLabel(group({ name: '\u202e\u001b[2JTrip\n' }), []), '#Trip')
  assert.equal(view.groupLabel(group({ name: '\u202e' }), []), '#…abc123')
  assert.ok(stringWidth(view.groupLabel(group({ name: '漢'.repeat(60) }), [])) <= 25)
  const other = group({ group: 'f'.repeat(64), name: 'Тrip' })
  assert.equal(view.groupLabel(group(), [group(), other]), '#Trip (group …abc123)')
  assert.equal(view.groupLabel(other, [group(), other]), '#Тrip (group …ffffff)')
})

test('the prompt and the list say what this person is in a group', () => {
  const prompt = (change: Partial<Group>): string => view.groupPrompt(plain, group(change), '#Trip', [])
  assert.equal(prompt({}), '#Trip 3 members, 2 online › ')
  assert.equal(prompt({ state: 'frozen' }), '#Trip 3 members, no admin › ')
  assert.equal(prompt({ state: 'invited' }), '#Trip ? invited › ')
  assert.equal(prompt({ state: 'invited', joining: true }), '#Trip … joining › ')
  assert.equal(prompt({ state: 'left' }), '#Trip you left › ')
  assert.equal(prompt({ state: 'removed' }), '#Trip you were removed › ')
  const line = (change: Partial<Group>, unread = 0): string =>
    view.groupLine(plain, { number: 1, group: group(change), label: '#Trip', cells: 6, unread, name })
  assert.equal(line({ muted: true }, 2), ' #1  #Trip   3 members, 2 online  2 unread  muted')
  const invitation = { members: ['Ada', 'To\u001b[2Jm', '', 'Eve', 'Bob'], count: 40 }
  const invited: Partial<Group> = { state: 'invited', invitedBy: '12D3KooWAda55555', invitation, members: [] }
  assert.equal(line(invited), ' #1  #Trip   ? invited  by Ada; in it: Ada, Tom, Eve and 37 more')
  assert.equal(
    view.invitedLine(group(invited), '#Trip', name),
    'Ada invites you to the group #Trip (in it: Ada, Tom, Eve and 37 more). /join #Trip or /decline #Trip',
  )
  assert.match(view.standingLine(group({ ...invited, joining: true }), '#Trip', name) ?? '', /once Ada and you were/u)
  const removed = group({ state: 'removed', removedBy: '12D3KooWTom55555' })
  assert.match(view.standingLine(removed, '#Trip', name) ?? '', /^Tom has removed you from #Trip\./u)
  assert.match(view.standingLine(group({ state: 'frozen' }), '#Trip', name) ?? '', /^Nobody is left in #Trip who/u)
  assert.equal(view.standingLine(group(), '#Trip', name), undefined)
})

test('members are a line each: office, presence, and whether they are a friend', () => {
  const members = [member('Ada', { friend: true }), ...group().members.slice(1)]
  assert.deepEqual(view.memberLines(plain, group({ members }), self, name).split('\n'), [
    '  Ada        …a55555  founder',
    '  Own (you)  …Own999',
    '  Tom        …m55555  admin, rank 2, online, no friend of yours',
  ])
})

test('changes are a line each: the name, who comes and goes, who decides', () => {
  const lines = (change: Partial<Group>, came: string[] = []): string[] =>
    view.changeLines({ before: group(), group: group(change), came, self, label: '#Sea', name })
  assert.deepEqual(lines({}), [])
  assert.deepEqual(lines({ name: 'Sea' }), ['The group is called #Sea now, no longer “Trip”.'])
  assert.deepEqual(lines({ members: group().members.slice(1) }), ['Ada is no longer in.'])
  const many = ['Bob', 'Cem', 'Dan', 'Eve', 'Fin'].map((one) => `12D3KooW${one}55555`)
  assert.deepEqual(lines({}, many), ['Bob, Cem, Dan and 2 more are in now.'])
  const members = [member('Own', { peer: self, rank: 1 }), member('Ada'), member('Tom')]
  assert.deepEqual(lines({ members }), ['You are now admin of rank 1.', 'Tom is no admin any more.'])
  assert.deepEqual(lines({ state: 'removed', members: [] }), [])
})

test('who comes without a name is announced when it is known; who was there before this person is not', () => {
  const groups = known([])
  const alone = group({ members: [member('Own', { peer: self })] })
  const nameless = group({ members: [...alone.members, member('Ada', { name: 'a55555' })] })
  assert.deepEqual(groups.arrived(alone, nameless, self), [])
  assert.deepEqual(groups.arrived(nameless, group(), self), ['12D3KooWTom55555', '12D3KooWAda55555'].toReversed())
  assert.deepEqual(groups.arrived(group(), group(), self), [])
  assert.deepEqual(groups.arrived(group({ state: 'invited', members: [] }), nameless, self), [])
  assert.deepEqual(groups.arrived(nameless, group({ members: group().members.slice(0, 2) }), self), [])
})

test('a person of a group is named as in the list of friends, and never as somebody else', () => {
  const ada = { ...susan, peer: '12D3KooWAda55555', name: 'Ada B.' }
  const groups = known([susan, ada], group({ members: [...group().members, member('Susan'), member('#Trip')] }))
  const { group: id } = group()
  assert.equal(groups.person(id, ada.peer), 'Ada B.')
  assert.equal(groups.person(id, '12D3KooWTom55555'), 'Tom')
  assert.equal(groups.person(id, '12D3KooWSusan55555'), 'Susan (…n55555)', 'a friend has that name')
  assert.equal(groups.person(id, susan.peer), 'Susan (…Susan1)')
  assert.equal(groups.person(id, '12D3KooW#Trip55555'), '#Trip (…p55555)', 'so is a group shown')
  assert.equal(groups.person(id, '12D3KooWNobody'), '…Nobody')
  groups.put(group({ members: [] }))
  assert.equal(groups.person(id, '12D3KooWTom55555'), 'Tom', 'who has left keeps the name')
})

test('groups and members are found by number, name or the end of an id; of two, neither', () => {
  const sea = group({ group: 'f'.repeat(64), name: 'The sea' })
  const groups = known([], group(), sea, group({ group: 'e'.repeat(64), name: 'Three', state: 'invited' }))
  assert.deepEqual(
    groups.list().map(({ name: one }) => one),
    ['Three', 'The sea', 'Trip'],
  )
  for (const text of ['#3', '3', 'trip', '#trip', '“Trip”', 'bc123']) assert.equal(groups.find(text).name, 'Trip', text)
  assert.throws(() => groups.find('th'), { code: 'not-found', message: /That could be #The sea or #Three/u })
  assert.throws(() => groups.find('tim'), { code: 'not-found' })
  assert.equal(groups.member(group(), 'to').name, 'Tom')
  assert.equal(groups.member(group(), '…m55555').name, 'Tom')
  assert.throws(() => groups.member(group(), 'Susan'), { code: 'not-found' })
  assert.throws(() => groups.member(group(), '55555'), { code: 'not-found', message: /Ada or Tom/u })
})

test('/group alone explains, in a terminal of 80 columns and 24 rows, and in a narrow one', () => {
  for (const columns of [30, 63, 64, 80]) {
    const lines = view.groupHelp({ ...plain, columns }).split('\n')
    for (const line of lines) assert.ok(stringWidth(line) <= columns, line)
    if (columns === 80) assert.ok(lines.length <= 12, String(lines.length))
  }
})
