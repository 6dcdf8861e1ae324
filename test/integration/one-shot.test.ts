/**
 * `quorum send` and `quorum receive` in states that a real transfer passes too quickly: their output and exit codes.
 */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { QuorumError } from '#protocol'
import type { Friend, Transfer } from '#protocol'
import { friendNamed } from '../../scripts/cli/one-shot/friend-named.ts'
import { LiveLines } from '../../scripts/cli/one-shot/live-lines.ts'
import { receive, type ReceiveRequest } from '../../scripts/cli/one-shot/receive.ts'
import { send, type SendRequest } from '../../scripts/cli/one-shot/send.ts'
import { FakePeer, susan, transfer, trip } from '../support/fake-peer.ts'
import { TinyTerminal } from '../support/tiny-terminal.ts'
import { until } from '../support/until.ts'

const own = (change: Partial<Transfer> = {}): Transfer => transfer({ direction: 'out', ...change })
const bob: Friend = { ...susan, peer: '12D3KooWBob222', name: 'Bob', handle: 'builder' }

/** The environment of a command: standard error with or without a terminal, JSON lines, and a way to interrupt it. */
function surroundings(fake: FakePeer, terminal = false) {
  const screen = new TinyTerminal(60)
  const errors = new PassThrough()
  const json = new PassThrough()
  let said = ''
  let lines = ''
  errors.setEncoding('utf8').on('data', (text: string) => (said += text))
  json.setEncoding('utf8').on('data', (text: string) => (lines += text))
  const output = terminal ? screen : errors
  const display = new LiveLines({ output, terminal, color: false, unicode: true })
  const controller = new AbortController()
  return {
    followed: { peer: fake.peer, display, json, signal: controller.signal },
    leave: () => controller.abort(),
    said: () => said,
    screen: () => screen.screen,
    states: () =>
      lines
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as Transfer).state),
    says: (text: string) =>
      until(
        () => said.includes(text),
        () => `${text} in ${said}`,
      ),
    shows: (text: string) =>
      until(
        () => screen.screen.includes(text),
        () => `${text} in\n${screen.screen}`,
      ),
  }
}

const sending: SendRequest = { paths: ['/desk/film.mkv'], to: 'Susan', note: undefined }
const receiving: ReceiveRequest = {
  from: undefined,
  into: undefined,
  until: 'all',
  yes: false,
  ask: undefined,
  pause: async () => null,
}

test('send prints what it waits for, line by line, and ends when the friend has the file', async () => {
  const fake = new FakePeer()
  fake.friends = [{ ...susan, online: false }]
  fake.answer = () => own()
  const { followed, says, said, states } = surroundings(fake)
  const code = send(followed, { ...sending, note: 'for you' })
  await says('For Susan: “film.mkv”, 1.9 GB\nWaiting for Susan to come online.\n')
  fake.emit({ event: 'friend-changed', data: susan })
  await says('Waiting for Susan to accept.\n')
  for (const doneBytes of [0, 1e9, 1.5e9]) fake.changed(own({ state: 'active', doneBytes, bytesPerSecond: 1e6 }))
  await says('Sending “film.mkv” to Susan.\n')
  fake.changed(own({ state: 'done', doneBytes: 1.9e9 }))
  assert.equal(await code, 0)
  assert.match(said(), /Susan\.\nYou sent Susan “film\.mkv”, 1\.9 GB: Susan has it\.\n$/u)
  assert.deepEqual(states(), ['offered', 'active', 'active', 'active', 'done'])
  const params = { peer: susan.peer, paths: ['/desk/film.mkv'], note: 'for you' }
  assert.deepEqual(fake.calls, [`sendFiles ${JSON.stringify(params)}`])
})

test('a terminal shows one bar, and the one of several files that is being sent', async () => {
  const fake = new FakePeer()
  const files = ['a', 'b', 'c'].map((name, index) => ({
    path: `D/${name}`,
    size: 1e9,
    done: [1e9, 0.5e9, 0][index] ?? 0,
  }))
  const folder = { name: 'D', count: 3, files, bytes: 3e9 }
  fake.answer = () => own(folder)
  const { followed, shows, screen } = surroundings(fake, true)
  const code = send(followed, sending)
  await shows('Waiting for Susan to accept.')
  const current = { file: 1, path: 'D/b', size: 1e9, done: 0.5e9 }
  fake.changed(own({ ...folder, state: 'active', doneBytes: 1.5e9, current, bytesPerSecond: 5e7, etaSeconds: 30 }))
  await shows('D/b  (2 of 3)')
  assert.deepEqual(screen().split('\n'), [
    'For Susan: the folder “D” with 3 files, 3 GB',
    '███████░░░░░░░   50 %  1.5 of 3.0 GB  30 s left',
    'D/b  (2 of 3)',
  ])
  fake.changed(own({ ...folder, state: 'failed', error: { code: 'source-changed', message: 'b has changed' } }))
  assert.equal(await code, 1)
  assert.deepEqual(screen().split('\n').slice(1), [
    'You offered Susan the folder “D” with 3 files, 3 GB: b has',
    '  changed. Send it again.',
  ])
})

test('send ends with 1 when the offer is declined, and with 130 when the person interrupts it', async () => {
  const fake = new FakePeer()
  fake.answer = () => own()
  const declined = surroundings(fake)
  const code = send(declined.followed, sending)
  await declined.says('accept')
  fake.changed(own({ state: 'declined' }))
  assert.equal(await code, 1)
  assert.match(declined.said(), /Susan declined\.\n$/u)
  const left = surroundings(new FakePeer())
  const leaving = send(left.followed, sending)
  await left.says('film')
  left.leave()
  assert.equal(await leaving, 130)
  assert.match(left.said(), /1 transfer not finished\. Transfers continue whenever Quorum runs with this profile/u)
})

test('send without a path continues open transfers, and is refused when there are none', async () => {
  const fake = new FakePeer()
  fake.friends = [susan, bob]
  fake.transfers = [own({ id: 'a', state: 'waiting' }), own({ id: 'b', state: 'done' }), transfer({ id: 'c' })]
  const { followed, says } = surroundings(fake)
  await assert.rejects(send(followed, { ...sending, paths: [], to: 'Bob' }), { code: 'bad-request', message: /PATH/u })
  const code = send(followed, { ...sending, paths: [], to: undefined })
  await says('Waiting for its turn.')
  fake.changed(own({ id: 'a', state: 'done' }))
  assert.equal(await code, 0)
  assert.deepEqual(fake.calls, [])
})

test('receive prompts with sender, names and size, warns, and declines on request', async () => {
  const fake = new FakePeer()
  fake.answer = (call, { transfer: id = '' }) =>
    transfer({ id, state: call === 'acceptTransfer' ? 'waiting' : 'declined', savedTo: '/d/x' })
  const questions: string[] = []
  const answers = [true, false]
  const ask = async (question: string) => (questions.push(question), answers.shift())
  const { followed, says, said } = surroundings(fake)
  const code = receive(followed, { ...receiving, into: '/d', ask })
  await says('Waiting for a friend to send something.')
  const file = { path: 'film.mkv.exe', size: 1, done: 0, risk: 'disguised' as const }
  const risky = { files: [file], name: file.path, risks: { disguised: { count: 1, path: file.path } } }
  fake.changed(transfer({ ...risky, id: 'a', note: 'see this' }), 'transfer-offered')
  await says('Susan offers you “film.mkv.exe”, 1.9 GB\n  “see this”\n! “film.mkv.exe” pretends to be a document')
  // A second offer, while the first transfer runs.
  fake.changed(transfer({ id: 'b', offeredAt: 2e12 }), 'transfer-offered')
  await says('offers you “film.mkv”')
  fake.changed(transfer({ id: 'a', state: 'done', savedTo: '/d/film.mkv' }))
  assert.equal(await code, 1, 'one was declined')
  assert.match(said(), /saved to \/d\/film\.mkv\.\n$/u)
  assert.deepEqual(questions, ['Accept? [y/N] ', 'Accept? [y/N] '])
  assert.deepEqual(fake.calls, ['acceptTransfer {"transfer":"a","directory":"/d"}', 'declineTransfer {"transfer":"b"}'])
})

test('receive --from accepts from that friend only, and continues transfers that have begun', async () => {
  const fake = new FakePeer()
  fake.friends = [susan, bob]
  fake.transfers = [
    transfer({ id: 'hers', peer: susan.peer }),
    transfer({ id: 'begun', peer: bob.peer, state: 'waiting', doneBytes: 5 }),
    transfer({ id: 'full', peer: bob.peer, state: 'failed', error: { code: 'disk-full', message: 'Full' } }),
  ]
  fake.answer = (_, { transfer: id = '' }) => transfer({ id, peer: bob.peer, state: 'active' })
  const { followed, says, states } = surroundings(fake)
  const code = receive(followed, { ...receiving, from: 'bob' })
  await says('From Bob, accepted before: “film.mkv”')
  await says('From Bob, started before: “film.mkv”')
  for (const id of ['begun', 'full']) fake.changed(transfer({ id, peer: bob.peer, state: 'done', savedTo: '/d' }))
  assert.equal(await code, 0)
  assert.deepEqual(fake.calls, ['resumeTransfer {"transfer":"full"}'])
  assert.deepEqual(states(), ['waiting', 'active', 'done', 'done'])
})

test('receive --once accepts one offer and no more; --keep runs until it is interrupted', async () => {
  const fake = new FakePeer()
  const done = (id: string) => transfer({ id, state: 'done', savedTo: `/d/${id}` })
  fake.transfers = [transfer({ id: 'a' }), transfer({ id: 'b' })]
  fake.answer = (_, { transfer: id = '' }) => transfer({ id, state: 'active' })
  const once = surroundings(fake)
  const first = receive(once.followed, { ...receiving, until: 'one', yes: true })
  await once.says('Receiving')
  fake.changed(done('a'))
  assert.equal(await first, 0)
  assert.deepEqual(fake.calls, ['acceptTransfer {"transfer":"a"}'])

  const keep = surroundings(fake)
  const second = receive(keep.followed, { ...receiving, until: 'on', yes: true })
  await keep.says('Receiving')
  fake.changed(done('b'))
  await keep.says('/d/b.\nWaiting for a friend to send something.')
  keep.leave()
  assert.equal(await second, 0)
})

test('receive reports why an offer cannot be accepted, and leaves unanswered offers open', async () => {
  const fake = new FakePeer()
  fake.transfers = [transfer()]
  fake.answer = () => {
    throw new QuorumError('disk-full', 'There is no room for 1.9 GB')
  }
  const refused = surroundings(fake)
  assert.equal(await receive(refused.followed, { ...receiving, yes: true }), 1)
  await refused.says('! There is no room for 1.9 GB (disk-full)')

  const asked = surroundings(fake)
  const ask = async () => (asked.leave(), undefined)
  assert.equal(await receive(asked.followed, { ...receiving, ask }), 130)
  assert.deepEqual(fake.calls.length, 1, 'the offer waits on')
  await assert.rejects(receive(surroundings(fake).followed, receiving), { code: 'bad-request', message: /--from/u })
})

test('a name must match exactly one friend, otherwise it is refused', () => {
  const people: Friend[] = [
    susan,
    bob,
    { ...susan, peer: '12D3KooWOther8', name: 'susan' },
    { ...susan, peer: '12D3KooWAsked9', name: 'Carol', state: 'requested' },
  ]
  for (const text of ['Bob', 'bob', '@builder', 'builder', bob.peer, 'Bob222', '…ob222']) {
    assert.equal(friendNamed(people, text).peer, bob.peer, text)
  }
  const refused = (text: string, message: RegExp): void =>
    assert.throws(() => friendNamed(people, text), { code: 'bad-request', message })
  refused('Susan', /could be Susan \(…Susan1\), susan \(…Other8\)/u)
  refused('Bo', /Nobody is called “Bo”\. There is Bob$/u)
  refused('222', /Nobody is called “222”/u)
  refused('Carol', /Carol has not accepted you yet/u)
  assert.throws(() => friendNamed([], 'Bob'), { message: /no friends yet/u })
})

test('a group is neither sent to nor received from; a friend of the same name is', async () => {
  const fake = new FakePeer()
  fake.groups = [trip]
  const refusal = { code: 'bad-request', message: /^#Trip is a group, and files pass between two friends/u }
  for (const name of ['Trip', '#trip']) {
    await assert.rejects(send(surroundings(fake).followed, { ...sending, to: name }), refusal)
    await assert.rejects(receive(surroundings(fake).followed, { ...receiving, from: name }), refusal)
  }
  assert.deepEqual(fake.calls, [])
  assert.equal(friendNamed([{ ...bob, name: 'Trip' }], 'trip', [trip]).peer, bob.peer)
})
