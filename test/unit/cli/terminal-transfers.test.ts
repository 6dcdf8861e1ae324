/** What the terminal client shows about transfers, and how it interprets their commands. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import type { Friend, Transfer } from '#protocol'
import { runTerminal } from '../../../scripts/cli/terminal/main.ts'
import { transferBlock, whatOf } from '../../../scripts/cli/terminal/transfer-view.ts'
import type { Look } from '../../../scripts/cli/terminal/view.ts'
import { FakePeer, susan, transfer } from '../../support/fake-peer.ts'
import { TinyTerminal } from '../../support/tiny-terminal.ts'
import { until } from '../../support/until.ts'

const plain: Look = { color: false, columns: 80, unicode: true }
const pathContext = { home: '/home/b', cwd: '/desk', platform: 'linux' } as const
const now = (): number => new Date(2025, 2, 3, 15, 0).getTime()

const block = (change: Partial<Transfer>, online = true, look = plain): string[] =>
  transferBlock(look, { transfer: transfer(change), label: 'Susan', online, number: 2 }).split('\n')

/** A client without a terminal: plain lines in and out. */
function piped(t: TestContext, fake: FakePeer) {
  const input = new PassThrough()
  const output = new PassThrough()
  const ended = start(fake, input, output, false)
  let said = ''
  output.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  t.after(async () => {
    input.end()
    await ended
  })
  return {
    type: (line: string): unknown => input.write(`${line}\n`),
    says: (text: string): Promise<void> =>
      until(
        () => said.includes(text),
        () => `${text} in ${said}`,
      ),
    count: (text: string): number => said.split(text).length - 1,
  }
}

/** A client in a terminal of 80 columns. */
function inTerminal(t: TestContext, fake: FakePeer, rows = 24) {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const terminal = new TinyTerminal(80, rows)
  const ended = start(fake, input, terminal, true)
  t.after(async () => {
    input.end()
    await ended
  })
  return {
    terminal,
    type: (line: string): unknown => input.write(`${line}\r`),
    shows: (text: string): Promise<void> =>
      until(
        () => terminal.screen.includes(text),
        () => `${text} in\n${terminal.screen}`,
      ),
  }
}

function start(fake: FakePeer, input: PassThrough, output: PassThrough | TinyTerminal, terminal: boolean) {
  const looks = { terminal, color: false, unicode: true }
  const { signal } = new AbortController()
  const known = { version: '1', folder: undefined, userName: 'own', pathContext, signal, now }
  return runTerminal({ peer: fake.peer, input, output, ...looks, ...known })
}

test('a transfer is named after its file or folder', () => {
  const files = (...paths: string[]) => ({
    count: paths.length,
    roots: new Set(paths.map((path) => path.split('/')[0])).size,
    files: paths.map((path) => ({ path, size: 1, done: 0 })),
  })
  assert.equal(whatOf(transfer()), '“film.mkv”')
  assert.equal(whatOf(transfer({ name: 'a', ...files('a', 'b', 'c') })), '“a” and 2 more files')
  assert.equal(whatOf(transfer({ name: 'D', ...files('D/a', 'D/b/c') })), 'the folder “D” with 2 files')
  assert.equal(whatOf(transfer({ name: 'a', ...files('D/a') })), 'the folder “D” with 1 file')
  assert.equal(whatOf(transfer({ name: 'D/', ...files('D/') })), 'the empty folder “D”')
  assert.equal(whatOf(transfer({ name: 'D', ...files('D/a', 'E/b') })), '“D” and 1 more file')
  assert.equal(whatOf(transfer({ name: '\u202e' })), '“(no name)”')
})

test('each state of a transfer shows the details that matter in it', () => {
  const moving = { doneBytes: 1.24e9, bytesPerSecond: 34e6, etaSeconds: 20 }
  assert.deepEqual(block({ note: 'as promised' }), [
    '14:03 Susan offers you “film.mkv”, 1.9 GB',
    '      “as promised”',
    '      /accept 2 or /decline 2',
  ])
  assert.deepEqual(block({ state: 'active', ...moving }), [
    '14:03 Susan sends you “film.mkv”, 1.9 GB',
    '      ████████████░░░░░░░   65 %  1.2 of 1.9 GB  34 MB/s   20 s left',
  ])
  assert.deepEqual(block({ state: 'paused', pausedBy: 'them', doneBytes: 1.24e9 }).slice(1), [
    '      ████████████░░░░░░░   65 %  1.2 of 1.9 GB',
    '      paused by Susan',
  ])
  const last = (change: Partial<Transfer>, online = true): string => block(change, online).at(-1)?.trim() ?? ''
  const own = { direction: 'out' } as const
  assert.equal(last({ state: 'waiting' }, false), 'waiting for Susan to come online')
  assert.equal(last({ state: 'waiting' }), 'waiting for its turn')
  assert.equal(last({ state: 'paused', pausedBy: 'both' }), 'paused. /resume 2 continues')
  assert.equal(last({ state: 'done', savedTo: '/home/b/film.mkv' }), 'saved to /home/b/film.mkv')
  assert.equal(last({ state: 'declined' }), 'declined')
  assert.equal(last({ state: 'cancelled' }), 'cancelled')
  assert.equal(last({ ...own }), 'waiting for Susan to accept')
  assert.equal(last({ ...own }, false), 'waiting for Susan to come online')
  assert.equal(last({ ...own, state: 'done' }), 'Susan has it')
  assert.equal(last({ ...own, state: 'declined' }), 'Susan declined')
})

test('a failed transfer shows the reason, and the possible action on this side', () => {
  const last = (code: string, direction: 'in' | 'out'): string => {
    const error = { code, message: 'It went wrong.' } as NonNullable<Transfer['error']>
    return block({ state: 'failed', direction, error }).at(-1)?.trim() ?? ''
  }
  assert.equal(last('disk-full', 'in'), 'It went wrong. /resume 2 continues.')
  assert.equal(last('not-writable', 'in'), 'It went wrong. /resume 2 continues.')
  assert.equal(last('disk-full', 'out'), 'It went wrong.')
  assert.equal(last('source-changed', 'out'), 'It went wrong. /send it again.')
  assert.equal(last('source-changed', 'in'), 'It went wrong.')
  assert.match(last('verification-failed', 'in'), /No part of it was saved/u)
  assert.equal(last('internal', 'in'), 'It went wrong.')
})

test('a risky file causes a warning before it is accepted and when saved, not at its sender (threats.md 54)', () => {
  const file = { path: 'photo.jpg.exe', size: 1, done: 0, risk: 'disguised' as const }
  const risky = { name: 'photo.jpg.exe', files: [file], risks: { disguised: { count: 1, path: file.path } } }
  const warned = (change: Partial<Transfer>): boolean =>
    block({ ...risky, ...change })
      .join(' ')
      .includes('! “photo.jpg.exe”')
  assert.ok(warned({}))
  assert.ok(warned({ state: 'done' }))
  assert.ok(!warned({ direction: 'out' }))
  assert.ok(!block({}).join(' ').includes('!'))
})

test('names and notes of a peer print only as text, never as a line that looks like program output', () => {
  const evil = '\u001b[2J\u202ex\n14:04 Bob: give me money '.repeat(4)
  const files = [{ path: `${evil}.exe`, size: 1, done: 0, risk: 'disguised' as const }]
  const lines = block({ name: evil, note: evil, files, risks: { disguised: { count: 1, path: `${evil}.exe` } } })
  for (const line of lines.slice(1)) assert.match(line, /^ {6}/u)
  // oxlint-disable-next-line no-control-regex -- what must not be there
  assert.doesNotMatch(lines.join('\n'), /[\u001b\u202e]/u)
})

test('without a terminal: one line for each state, and none for the progress between', async (t) => {
  const fake = new FakePeer()
  const client = piped(t, fake)
  await client.says('No messages yet')
  fake.changed(transfer({ note: 'for you' }), 'transfer-offered')
  await client.says('Susan offers you “film.mkv”, 1.9 GB: /accept 1 or /decline 1\n      “for you”\n')
  fake.answer = () => transfer({ state: 'waiting' })
  client.type('/accept')
  await client.says('Susan sends you “film.mkv”, 1.9 GB: waiting for its turn')
  for (let done = 0; done < 5; done += 1)
    fake.changed(transfer({ state: 'active', doneBytes: done, bytesPerSecond: 9 }))
  fake.changed(transfer({ state: 'done', savedTo: '/d/film.mkv' }))
  await client.says('Susan sent you “film.mkv”, 1.9 GB: saved to /d/film.mkv')
  assert.equal(client.count(': arriving'), 1)
  assert.equal(client.count('waiting for its turn'), 1)
  assert.deepEqual(fake.calls, ['acceptTransfer {"transfer":"film"}'])
})

test('on a terminal one block is updated, also while a line is typed', async (t) => {
  const fake = new FakePeer()
  const { terminal, type, shows } = inTerminal(t, fake)
  await shows('No messages yet')
  fake.changed(transfer(), 'transfer-offered')
  await shows('/accept 1 or /decline 1')
  fake.answer = () => transfer({ state: 'active', doneBytes: 0 })
  type('/accept 1')
  await shows('  0 %  0.0 of 1.9 GB')
  for (const done of [0.2e9, 0.9e9, 1.8e9]) {
    fake.changed(transfer({ state: 'active', doneBytes: done, bytesPerSecond: 5e7, etaSeconds: 100 }))
  }
  await shows(' 94 %  1.8 of 1.9 GB  50 MB/s   about 2 minutes left')
  assert.equal(terminal.screen.split('film.mkv').length, 2, terminal.screen)
  fake.changed(transfer({ state: 'done', savedTo: '/d/film.mkv' }))
  await shows('saved to /d/film.mkv')
  assert.doesNotMatch(terminal.screen, /%/u)
  assert.match(terminal.screen, /Susan ● direct ›$/u)
})

test('a transfer that scrolled away is shown in the prompt, and is printed again when it ends', async (t) => {
  const fake = new FakePeer()
  const { terminal, type, shows } = inTerminal(t, fake, 12)
  fake.changed(transfer({ state: 'active' }))
  await shows('No messages yet')
  for (let line = 1; line <= 4; line += 1) {
    type('/name')
    await until(() => terminal.screen.split('PeerId').length > line, 'it scrolls')
  }
  fake.changed(transfer({ state: 'active', doneBytes: 0.6e9, bytesPerSecond: 9 }))
  await shows('Susan ● direct ↓ 31 % ›')
  fake.changed(transfer({ state: 'done', savedTo: '/d/film.mkv' }))
  await shows('saved to /d/film.mkv')
  assert.match(terminal.screen, /Susan ● direct ›$/u)
})

test('an offer in a conversation shows its transfer, also when the conversation is opened later', async (t) => {
  const fake = new FakePeer()
  const { id } = transfer()
  fake.transfers = [
    transfer({ state: 'paused', pausedBy: 'me', doneBytes: 1e9 }),
    transfer({ id: 'old', name: 'older' }),
  ]
  fake.messages = [
    {
      id: 'm',
      peer: susan.peer,
      direction: 'in',
      text: 'see this',
      sentAt: now(),
      state: 'read',
      seq: 1,
      transfer: id,
    },
  ]
  const { terminal, shows, type } = inTerminal(t, fake)
  await shows('paused. /resume 1 continues')
  // An open transfer is shown even if its message is further back.
  await shows('“older”')
  fake.answer = () => transfer({ state: 'active', doneBytes: 1e9 })
  type('/resume')
  await until(() => !terminal.screen.includes('paused'), 'it moves')
  assert.deepEqual(fake.calls, ['resumeTransfer {"transfer":"film"}'])
})

test('/accept and /decline apply to what waits here; a number means files, a name means a person', async (t) => {
  const fake = new FakePeer()
  const bob = { ...susan, peer: '12D3KooWBob222', name: 'Bob', state: 'incoming' as const }
  const client = piped(t, fake)
  await client.says('No messages yet')
  client.type('/accept')
  await client.says('! Nothing waits for an answer.')
  fake.changed(transfer({ id: 'a', name: 'one' }), 'transfer-offered')
  fake.changed(transfer({ id: 'b', name: 'two' }), 'transfer-offered')
  client.type('/accept')
  await client.says('! Which one? /accept 1 (one), /accept 2 (two)')
  client.type('/accept 3')
  await client.says('! There is no transfer 3.')
  const taken = (id: string, state: Transfer['state']) => transfer({ id, state, savedTo: '/x' })
  fake.answer = (call, { transfer: id = '' }) => taken(id, call === 'acceptTransfer' ? 'waiting' : 'declined')
  client.type('/accept 2 ~/My Pictures')
  await client.says('waiting for its turn')
  client.type('/accept 2')
  await client.says('transfer 2 has been answered')
  fake.emit({ event: 'friend-request', data: bob })
  await client.says('Bob wants to be your friend')
  // An offer in the open conversation has priority over a request elsewhere.
  client.type('/decline')
  await client.says(': declined')
  fake.changed(transfer({ id: 'c' }), 'transfer-offered')
  client.type('/accept ~/x')
  await until(() => fake.calls.length === 3, 'accepted into a folder')
  fake.changed(transfer({ id: 'd' }), 'transfer-offered')
  client.type('/accept susan')
  await until(() => fake.calls.length === 4, 'accepted by name')
  assert.deepEqual(fake.calls, [
    'acceptTransfer {"transfer":"b","directory":"/home/b/My Pictures"}',
    'declineTransfer {"transfer":"a"}',
    'acceptTransfer {"transfer":"c","directory":"/home/b/x"}',
    'acceptTransfer {"transfer":"d"}',
  ])
})

test('/send takes several paths and a note; /pause, /resume and /cancel apply to the chosen transfer', async (t) => {
  const fake = new FakePeer()
  const client = piped(t, fake)
  await client.says('No messages yet')
  client.type('/send')
  await client.says('! Usage: /send PATH…')
  fake.answer = () => transfer({ id: 'mine', direction: 'out' })
  client.type('/send a.txt "b c" ~/d -- look at this')
  await client.says('you offer Susan “film.mkv”, 1.9 GB: waiting for Susan to accept')
  client.type('/pause')
  await client.says('! There is no transfer to pause.')
  fake.changed(transfer({ id: 'mine', direction: 'out', state: 'active' }))
  fake.answer = () => transfer({ id: 'mine', direction: 'out', state: 'paused', pausedBy: 'me' })
  client.type('/pause 1')
  await client.says('paused. /resume 1 continues')
  fake.answer = () => transfer({ id: 'mine', direction: 'out', state: 'cancelled' })
  client.type('/cancel')
  await client.says('cancelled')
  client.type('/resume 1')
  await client.says('! Transfer 1 cannot be resumed here.')
  client.type('/transfers')
  await client.says('  1  to Susan: “film.mkv”, 1.9 GB\n     cancelled')
  client.type('/transfers 1')
  await client.says('      film.mkv  (1.9 GB)')
  const paths = JSON.stringify(['/desk/a.txt', '/desk/b c', '/home/b/d'])
  assert.deepEqual(fake.calls, [
    `sendFiles {"peer":"${susan.peer}","paths":${paths},"note":"look at this"}`,
    'pauseTransfer {"transfer":"mine"}',
    'cancelTransfer {"transfer":"mine"}',
  ])
})

test('what is missing of a folder is named with its reason, and the sender can offer it again', async (t) => {
  const missing = [
    { path: 'D/app.log', why: 'changed' },
    { path: 'D/locked', why: 'unreadable' },
    { path: 'D/Gr\ufffde', why: 'name' },
    { path: 'D/stat', why: 'size' },
  ] as const
  const change: Partial<Transfer> = { state: 'done', savedTo: '/home/b/D', missing: [...missing], missingCount: 6 }
  assert.deepEqual(block(change).slice(-7), [
    '      the rest is saved to /home/b/D',
    '      ! 6 files missing:',
    '        D/app.log (changed, moved or removed since it was offered)',
    '        D/locked (cannot be read)',
    '        D/Gr\ufffde (its name is no text)',
    '        and 3 more',
    '        Susan can send them again.',
  ])
  const own = block({ ...change, direction: 'out' })
  assert.ok(own.includes('      Susan has the rest'))
  assert.equal(own.at(-1), '        /resend 2 offers them again, alone.')
  const nameless = { missing: [missing[2]], missingCount: 1 }
  assert.equal(block({ ...change, ...nameless, direction: 'out' }).at(-1), '        D/Gr\ufffde (its name is no text)')
  assert.equal(
    block({ state: 'offered', missing: [missing[1]], missingCount: 1 }).at(-3),
    '      ! 1 file cannot be sent:',
  )
  assert.ok(!block({ ...change, state: 'cancelled' }).some((line) => line.includes('D/app.log')))

  const fake = new FakePeer()
  fake.friends = [susan]
  fake.transfers = [transfer({ id: 'mine', ...change, direction: 'out' })]
  const client = piped(t, fake)
  client.type('/transfers')
  await client.says('Susan has the rest')
  client.type('/resend')
  await until(() => fake.calls.includes('sendMissing {"transfer":"mine"}'), 'it is offered again')
})

test('a request under a name that looks like a friend’s is marked as another identity', async (t) => {
  const fake = new FakePeer()
  const verified = { ...susan, verified: true }
  fake.friends = [verified]
  const client = piped(t, fake)
  await client.says('No messages yet')
  const double: Friend = { ...susan, peer: '12D3KooWOther2', name: 'Ѕus\u200dan', state: 'incoming', addedAt: 2 }
  fake.emit({ event: 'friend-request', data: double })
  await client.says('Ѕusan (…Other2) wants to be your friend.')
  await client.says(
    '! Ѕusan (…Other2) is not the Susan (…Susan1) you know, whom you have verified: this is another identity.',
  )
  client.type('/friends')
  await client.says('wants to be your friend  not the Susan (…Susan1) you know')
  const bob: Friend = { ...susan, peer: '12D3KooWBob222', name: 'Bob', state: 'friend', addedAt: 3 }
  fake.emit({ event: 'friend-request', data: { ...bob, state: 'incoming' } })
  await client.says('Bob wants to be your friend')
  assert.equal(client.count('is not the'), 1, 'nothing is said of other names')
  fake.emit({ event: 'friend-changed', data: bob })
  fake.emit({ event: 'friend-changed', data: { ...bob, name: 'Susan rn' } })
  fake.emit({ event: 'friend-changed', data: { ...bob, name: 'SUSАN' } })
  await client.says('! SUSАN (…Bob222) is not the Susan (…Susan1) you know')
  assert.equal(client.count('is not the'), 2)
})
