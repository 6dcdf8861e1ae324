/** What the terminal shows: messages, lists, the prompt, and how a typed line is interpreted. */
/* oxlint-disable no-control-regex -- escape codes are what is looked for */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import stringWidth from 'string-width'
import { privacyNames, usualPrivacy } from '#protocol'
import type { Friend, Message } from '#protocol'
import { commands, complete, unknownCommand } from '../../../scripts/cli/terminal/commands.ts'
import { choiceLine, completePrivacy } from '../../../scripts/cli/terminal/privacy-command.ts'
import { addressesAt, readyPlace } from '../../../node/embedded.ts'
import { Friends } from '../../../scripts/cli/terminal/friends.ts'
import { Screen } from '../../../scripts/cli/terminal/screen.ts'
import { parseLine, splitWord } from '../../../scripts/cli/terminal/typed-line.ts'
import * as view from '../../../scripts/cli/terminal/view.ts'

const plain: view.Look = { color: false, columns: 80, unicode: true }
const colored: view.Look = { color: true, columns: 80, unicode: true }
const time = new Date(2025, 2, 3, 14, 3).getTime()

function friend(change: Partial<Friend> = {}): Friend {
  return {
    peer: '12D3KooWSusan1',
    name: 'Susan',
    state: 'friend',
    verified: false,
    online: true,
    path: 'direct',
    addedAt: time,
    unread: 0,
    ...change,
  }
}

function message(change: Partial<Message> = {}): Message {
  return {
    id: '1',
    peer: '12D3KooWSusan1',
    direction: 'in',
    text: 'hello',
    sentAt: time,
    state: 'delivered',
    seq: 1,
    ...change,
  }
}

test('a message has its time and its author; an own message also has its delivery state', () => {
  assert.equal(view.messageBlock(plain, message(), 'Susan'), '14:03 Susan: hello')
  const marks = { queued: ' … queued', sent: ' ✓', delivered: ' ✓✓', read: ' ✓✓ read' } as const
  for (const [state, mark] of Object.entries(marks)) {
    const own = message({ direction: 'out', state: state as Message['state'] })
    assert.equal(view.messageBlock(plain, own, 'Susan'), `14:03 you: hello${mark}`)
  }
  assert.equal(
    view.messageBlock(plain, message({ direction: 'out', state: 'recalled', text: '' }), ''),
    '14:03 you: (recalled)',
  )
})

test('a message of several lines cannot look like several messages', () => {
  const block = view.messageBlock(plain, message({ text: 'a\n14:04 Bob: give me money\r14:05 x' }), 'Susan')
  assert.equal(block, '14:03 Susan: a\n      14:04 Bob: give me money\n      14:05 x')
})

test('a message is wrapped to the terminal, wide characters too, and the mark stays in its column', () => {
  for (const text of ['word '.repeat(50).trim(), '漢字'.repeat(60), 'x'.repeat(200), `${'x'.repeat(66)} y`]) {
    for (const columns of [20, 40, 80]) {
      const block = view.messageBlock({ ...plain, columns }, message({ direction: 'out', state: 'read', text }), '')
      for (const [index, line] of block.split('\n').entries()) {
        assert.ok(stringWidth(line) <= columns, `${stringWidth(line)} > ${columns}: ${line}`)
        if (index > 0) assert.match(line, /^ {6}/u)
      }
      assert.equal(block.replaceAll(/\s/gu, ''), `14:03you:${text}✓✓read`.replaceAll(/\s/gu, ''))
    }
  }
})

test('colours change nothing but colours, and without them there is no escape code', () => {
  const own = message({ direction: 'out', state: 'read', text: 'some text '.repeat(20) })
  const painted = view.messageBlock(colored, own, '')
  assert.match(painted, /\u001b\[/u)
  assert.equal(painted.replaceAll(/\u001b\[\d+m/gu, ''), view.messageBlock(plain, own, ''))
  assert.doesNotMatch(view.messageBlock(plain, own, ''), /\u001b/u)
})

test('wrapping loses no word and never passes the edge', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 20, max: 100 }), (text, columns) => {
      const input = text.replaceAll(/[^\P{C}\n]/gu, '')
      const wrapped = view.wrap(input, columns, '    ')
      assert.equal(wrapped.replaceAll(/\s/gu, ''), input.replaceAll(/\s/gu, ''))
      for (const line of wrapped.split('\n')) assert.ok(stringWidth(line.trimEnd()) <= columns)
    }),
  )
})

test('the prompt shows the friend and the kind of path', () => {
  assert.equal(view.promptFor(plain, undefined, '', []), 'quorum › ')
  assert.equal(view.promptFor(plain, friend(), 'Susan', []), 'Susan ● direct › ')
  assert.equal(view.promptFor(plain, friend({ path: 'relayed' }), 'Susan', ['typing…']), 'Susan ● relayed typing… › ')
  assert.equal(view.promptFor(plain, friend({ online: false, path: 'none' }), 'Susan', []), 'Susan ○ offline › ')
  assert.equal(view.promptFor(plain, friend({ state: 'requested' }), 'Susan', ['↓ 3 %']), 'Susan … asked ↓ 3 % › ')
})

test('a friend in the list: presence, unread, verified, last seen, and the note of a request in quotes', () => {
  const line = (change: Partial<Friend>, unread = 0, known?: Friend): string =>
    view.friendLine(plain, { number: 1, friend: friend(change), label: 'Susan', cells: 7, unread, known }, time)
  assert.equal(line({ verified: true, handle: 'sue' }, 2), `  1  Susan    ● direct  2 unread  verified  @sue`)
  assert.match(line({ online: false, path: 'none', lastSeen: time }), /○ offline {2}last seen 14:03$/u)
  assert.match(
    line({ state: 'incoming', note: 'hi\nit is \u001b[31mme' }),
    /wants to be your friend\n {5}“hi it is me”$/u,
  )
  const known = friend({ peer: '12D3KooWOther2' })
  assert.match(
    line({ state: 'incoming' }, 0, known),
    /\? wants to be your friend {2}not the Susan \(…Other2\) you know$/u,
  )
})

test('names are clean, short, and cannot be mistaken for another name or for program output', () => {
  const other = friend({ peer: '12D3KooWOther2', name: 'susan\u200b' })
  assert.equal(view.labelOf(friend(), [friend()]), 'Susan')
  assert.equal(view.labelOf(friend(), [friend(), other]), 'Susan (…Susan1)')
  for (const name of ['Ѕusan', 'Sᴜsan', 'Sus\u200dan', 'Susan\u{1bca0}', '\u2800Susan']) {
    const alike = friend({ peer: '12D3KooWOther2', name })
    assert.match(view.labelOf(alike, [friend(), alike]), / \(…Other2\)$/u, name)
    assert.equal(view.labelOf(friend(), [friend(), alike]), 'Susan (…Susan1)', name)
  }
  const long = 'Susan of the very long name that nobody sees to its end'
  const longs = [friend({ name: `${long} 1` }), friend({ peer: '12D3KooWOther2', name: `${long} 2` })]
  for (const one of longs) assert.match(view.labelOf(one, longs), /… \(…\w{6}\)$/u, 'the same as far as they are shown')
  assert.equal(view.labelOf(friend({ name: 'you' }), []), 'you (…Susan1)')
  assert.equal(view.labelOf(friend({ name: 'уоu' }), []), 'уоu (…Susan1)')
  assert.equal(view.labelOf(friend({ name: '\u202e' }), []), '…Susan1')
  assert.ok(stringWidth(view.labelOf(friend({ name: '漢'.repeat(60) }), [])) <= 24)
})

test('the safety number is shown in groups to read aloud', () => {
  const number = Array.from({ length: 12 }, (_, index) => String(index).padStart(5, '0')).join(' ')
  const lines = view.safetyLines(plain, { number, verified: false }).split('\n')
  assert.equal(lines.length, 4)
  assert.equal(lines[0], '  00000 00001 00002 00003')
})

test('a connection shows its reason, then the details', () => {
  const text = view.connectionLines(plain, {
    path: 'relayed',
    transport: 'tcp',
    rttMs: 23.4,
    via: '12D3KooWNode99',
    reason: 'No direct path works.',
    tried: [
      { kind: 'public', outcome: 'silent' },
      { kind: 'public', outcome: 'silent' },
      { kind: 'lan', outcome: 'no-route' },
      { kind: 'relay', outcome: 'connected' },
    ],
    advice: 'A port forwarded would help.',
  })
  assert.deepEqual(text.split('\n'), [
    'No direct path works.',
    '  relayed · tcp · 23 ms · through node …Node99',
    '  tried: 2 public silent, lan no route, relay connected',
    'A port forwarded would help.',
  ])
})

test('a typed line is a message, a command, or an invite', () => {
  assert.deepEqual(parseLine('  '), { kind: 'nothing' })
  assert.deepEqual(parseLine('hello /there '), { kind: 'message', text: 'hello /there' })
  assert.deepEqual(parseLine('//shrug'), { kind: 'message', text: '/shrug' })
  assert.deepEqual(parseLine('/Open  Susan B '), { kind: 'command', name: 'open', rest: 'Susan B' })
  assert.deepEqual(parseLine(' quorum://add/abc '), { kind: 'command', name: 'add', rest: 'quorum://add/abc' })
  assert.deepEqual(parseLine('see quorum://add/abc'), { kind: 'message', text: 'see quorum://add/abc' })
  assert.deepEqual(splitWord('abc  it is  me '), ['abc', 'it is  me'])
})

test('an unknown command is reported, with the most similar one', () => {
  assert.match(unknownCommand('frends'), /Did you mean \/friends\?/u)
  assert.match(unknownCommand('re'), /\/remove or \/recall/u)
  assert.doesNotMatch(unknownCommand('xyzzy'), /Did you mean/u)
})

test('Tab completes commands and names', () => {
  const completed = (line: string) =>
    complete(line, {
      labels: () => ['Susan', 'Bob'],
      groups: () => ['#Sunday', '#Trip'],
      paths: (text) => [[`path ${text}`], text],
    })
  assert.deepEqual(completed('/fri'), [['/friends'], '/fri'])
  assert.deepEqual(completed('/open su'), [['Susan', '#Sunday'], 'su'])
  assert.deepEqual(completed('/open #t'), [['#Trip'], '#t'])
  assert.deepEqual(completed('/join '), [['#Sunday', '#Trip'], ''])
  assert.deepEqual(completed('/verify su'), [['Susan'], 'su'])
  assert.deepEqual(completed('/group re'), [['remove ', 'rename '], 're'])
  assert.deepEqual(completed('/group add su'), [['Susan'], 'su'])
  assert.deepEqual(completed('hello'), [[], 'hello'])
  assert.deepEqual(completed('/send a "b c'), [['path a "b c'], 'a "b c'])
  assert.deepEqual(completed('/accept 2 ~/P'), [['path ~/P'], '~/P'])
  assert.deepEqual(completed('/accept ~/P'), [['path ~/P'], '~/P'])
  assert.equal(new Set(commands.map(({ name }) => name)).size, commands.length)
})

test('/help fits a terminal of 80 columns and 24 rows, with its command line and the prompt', () => {
  const shown = commands.flatMap(({ help }) => (help === undefined ? [] : [help]))
  // The introduction and the marks take two more lines.
  assert.ok(shown.length + 2 <= 22, String(shown.length))
  for (const help of shown) assert.ok(help.length <= 80 - 24, help)
})

test('/privacy shows every choice with its value and its meaning', () => {
  const lines = (look: view.Look, privacy = usualPrivacy): string[] =>
    privacyNames.flatMap((name) => choiceLine(look, privacy, name).split('\n'))
  assert.deepEqual(lines({ ...plain, columns: 100 }), [
    '  direct         auto      who is reached directly and learns your address: all friends',
    '  lan            on        announce and try addresses of the local network, find codes there',
    '  upnp           on        ask the router to let friends in',
    '  mdns           off       do not search the local network for friends',
    '  read-receipts  on        tell friends what you have read',
    '  typing-marks   on        tell friends when you are writing',
  ])
  const changed = { ...usualPrivacy, direct: 'never', mdns: true, readReceipts: false } as const
  const wide = { ...plain, columns: 200 }
  const without = (privacy: typeof usualPrivacy): (string | undefined)[] =>
    lines(wide, privacy).map((line) => /\(no effect while (.+)\)$/u.exec(line)?.[1])
  const never = 'direct is never'
  assert.deepEqual(without(changed), [undefined, never, never, never, undefined, undefined])
  assert.equal(without({ ...changed, direct: 'verified' })[3], 'direct is verified')
  assert.equal(without({ ...changed, direct: 'auto', lan: false })[3], 'lan is off')
  assert.match(lines(plain, changed).join('\n'), /direct +never .+nobody.+\n.+mdns +on .+\n.+read-receipts +off /su)
  for (const columns of [30, 63, 64, 80]) {
    for (const line of lines({ ...plain, columns }, changed)) assert.ok(line.length <= columns, line)
  }
})

test('Tab completes the choices of /privacy and their values', () => {
  assert.deepEqual(completePrivacy('read'), [['read-receipts '], 'read'])
  assert.equal(completePrivacy('')[0].length, privacyNames.length)
  assert.deepEqual(completePrivacy('direct '), [['auto', 'verified', 'never', 'only'], ''])
  assert.deepEqual(completePrivacy('upnp o'), [['on', 'off'], 'o'])
  assert.deepEqual(completePrivacy('nothing o'), [[], 'o'])
  const [matches] = complete('/privacy typ', { labels: () => [], groups: () => [], paths: () => [[], ''] })
  assert.deepEqual(matches, ['typing-marks '])
})

test('a person is found by number, name, prefix, handle or PeerId; never the wrong one', () => {
  const friends = new Friends()
  friends.put(friend())
  friends.put(friend({ peer: '12D3KooWBob222', name: 'Bob', handle: 'builder' }))
  friends.put(friend({ peer: '12D3KooWSue333', name: 'Sue', state: 'incoming' }))
  assert.deepEqual(
    friends.list().map(({ name }) => name),
    ['Sue', 'Bob', 'Susan'],
  )
  assert.equal(friends.find('2').name, 'Bob')
  assert.equal(friends.find('susan').name, 'Susan')
  assert.equal(friends.find('b').name, 'Bob')
  assert.equal(friends.find('builder').name, 'Bob')
  assert.equal(friends.find('12D3KooWSue333').name, 'Sue')
  const around = ['@builder', '“Bob”', ' Bob.', '#2', '2.', '(bob)', '…ob222', 'ob222', '12D3KooWBob222.']
  for (const text of around) assert.equal(friends.find(text).name, 'Bob', text)
  for (const text of ['…', '@', '""', '22', 'o']) assert.throws(() => friends.find(text), { code: 'not-found' }, text)
  assert.throws(() => friends.find('su'), { code: 'not-found', message: /Sue or Susan|Susan or Sue/u })
  assert.throws(() => friends.find('9'), { code: 'not-found' })
})

test('a ready node shows its addresses: its own machine first, the widest network last', () => {
  const ready = (...addresses: unknown[]) => readyPlace(JSON.stringify({ event: 'ready', data: { addresses } }))
  const place = { peer: '12D3', port: 4001 }
  assert.deepEqual(ready('/ip4/127.0.0.1/tcp/4002/ws/p2p/12D3', 7, '/ip4/192.168.1.2/tcp/4001/p2p/12D3'), place)
  for (const line of ['', 'null', '{"event": "ready"}', 'listening', '{"event": "ready", "data": {"addresses": 1}}']) {
    assert.equal(readyPlace(line), undefined)
  }
  const sorted = (...ips: string[]): string[] => addressesAt(place, ips).map((address) => address.split('/')[2] ?? '')
  assert.deepEqual(sorted('192.168.1.2', '172.17.0.1', '127.0.0.1'), ['127.0.0.1', '172.17.0.1', '192.168.1.2'])
  assert.deepEqual(sorted('203.0.113.9', '10.0.0.1', '127.0.0.1', '169.254.1.1', '172.17.0.1'), [
    '127.0.0.1',
    '172.17.0.1',
    '10.0.0.1',
    '203.0.113.9',
  ])
})

test('without a terminal: plain lines out, plain lines in, no escape codes', async () => {
  const input = new PassThrough()
  const output = new PassThrough()
  const nothing = (): void => undefined
  const screen = new Screen({
    input,
    output,
    terminal: false,
    color: false,
    unicode: true,
    complete: (line) => [[], line],
    typed: nothing,
    interrupted: nothing,
  })
  assert.equal(screen.look.columns, Infinity)
  screen.prompt('Susan › ')
  screen.print('one', 'key')
  assert.equal(screen.replace('key', 'other'), false)
  input.end('first\nsecond')
  assert.deepEqual([await screen.next(), await screen.next(), await screen.next()], ['first', 'second', undefined])
  screen.print('two')
  screen.close()
  assert.equal(String(output.read()), 'one\ntwo\n')
})

test('on a terminal, output is printed above the line being typed, and a block is replaced in place', async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 20, rows: 10 })
  const nothing = (): void => undefined
  const screen = new Screen({
    input,
    output,
    terminal: true,
    color: false,
    unicode: true,
    complete: (line) => [[], line],
    typed: nothing,
    interrupted: nothing,
  })
  screen.prompt('Susan › ')
  screen.print('14:03 you: hi …', 'a')
  screen.print('x'.repeat(45))
  output.read()
  assert.ok(screen.replace('a', '14:03 you: hi ✓'))
  // Up over one row and three, then everything below again.
  assert.match(String(output.read()), /^\u001b\[4A\r\u001b\[J14:03 you: hi ✓\nx{45}\n/u)
  for (let row = 0; row < 9; row++) screen.print('line')
  assert.equal(screen.replace('a', 'gone'), false, 'what has scrolled away is not touched')
  output.columns = 30
  output.emit('resize')
  screen.print('b', 'b')
  assert.ok(screen.replace('b', 'c'))
  // Pasted text takes two rows: output is printed directly above, with no empty row between.
  input.write('typed '.repeat(6))
  await new Promise(setImmediate)
  output.read()
  screen.print('d')
  assert.match(String(output.read()), /^\u001b\[1A\r\u001b\[Jd\n\u001b\[1G/u)
  input.end('\r')
  assert.equal(await screen.next(), 'typed '.repeat(6))
  screen.close()
})

test('of a node that is full, the list says when it is tried again', () => {
  const node = {
    address: '/ip4/192.0.2.1/tcp/4001',
    peer: '12D3KooWNode',
    state: 'unreachable',
    reserved: false,
  } as const
  const shown = (until: number): string => view.nodeLine(plain, 1, { ...node, fullUntil: until }, false, time)
  assert.match(shown(time + 150_000), /this node is full; trying again in 3 minutes/)
  assert.match(shown(time - 1), /in 1 minute\n/)
  assert.match(view.nodeLine(plain, 1, node, false, time), /unreachable/)
  assert.match(view.nodeLine(plain, 1, { ...node, problem: 'ssh' }, false, time), /\n {5}An SSH server answers/)
  const refused = view.nodeLine(plain, 1, { ...node, problem: 'not-admitted' }, false, time)
  assert.match(refused, /does not accept you\n.*\n {5}This node does not accept you: its operator decides/)
})
