/**
 * The terminal client as people use it: two first runs on one machine with nothing configured, an invite, messages up
 * to their read marks, crashes of either side and of the node; and, in a real terminal, output that must never reach
 * it.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import type { LineProcess } from '../support/line-process.ts'
import { startNode, startPeer, until } from '../support/network.ts'
import { onLoopback, plain, startInTerminal, startPiped } from '../support/terminal.ts'

const inTerminal = { skip: process.platform === 'linux' ? false : 'a terminal is lent by script(1) of util-linux' }

test('two people find each other from their first start, and again after every crash', async (t) => {
  const home = folder(t)
  const start = (name: string): LineProcess => startPiped(t, ['--profile', join(home, name), ...onLoopback])
  const settings = join(home, 'alice', 'node.json')

  let alice = start('alice')
  await says(alice, 'What is your name?')
  alice.write('/friends\nAlice\n')
  await says(alice, 'A name, please')
  await says(alice, 'Paste a friend’s invite')
  alice.write('\n')
  await says(alice, 'A node runs on this machine now')
  const before = readFileSync(settings, 'utf8')
  alice.write('/invite\n')
  const link = (await says(alice, 'link: quorum://add/')).slice('link: '.length)

  const bob = start('bob')
  await says(bob, 'What is your name?')
  bob.write('Bob\n')
  await says(bob, 'Paste a friend’s invite')
  bob.write(`${link}\n`)
  await says(bob, 'Asked Alice.')
  await says(alice, 'Bob wants to be your friend.')
  alice.write('/accept\n')
  await says(bob, 'Alice has accepted.')
  bob.write('hello Alice\n')
  await says(alice, 'Bob: hello Alice')
  await says(bob, 'read by Alice')
  alice.write('hello Bob\n')
  await says(bob, 'Alice: hello Bob')
  await says(alice, 'read by Bob')

  // Her process is killed, and with it the node; he sees that she is away.
  alice.kill9()
  await alice.ended
  await says(bob, 'Alice is offline.')
  await until(() => nodePid(home) === undefined, 'the node ends with her')
  bob.write('are you there?\n')
  await says(bob, 'are you there? … queued')

  alice = start('alice')
  await says(alice, 'Alice')
  await says(alice, 'you: hello Bob ✓✓ read')
  await says(alice, 'Bob: are you there?')
  assert.equal(readFileSync(settings, 'utf8'), before, 'the node came back at another port')
  await until(() => count(bob, 'read by Alice') === 2, 'he sees that she read it')

  const pid = nodePid(home) ?? assert.fail('no node runs')
  process.kill(pid, 'SIGKILL')
  await says(alice, 'The node on this machine has ended (SIGKILL)')
  await until(async () => nodePid(home) !== undefined && (await answers(portIn(before))), 'the node is back')
  assert.notEqual(nodePid(home), pid)
  assert.equal(readFileSync(settings, 'utf8'), before)

  bob.write('/quit\n')
  assert.equal(await bob.mayEnd().ended, 0, bob.err)
  await says(alice, 'Bob is offline.')
  alice.endInput()
  assert.equal(await alice.ended, 0, alice.err)
  assert.equal(nodePid(home), undefined)
  assert.deepEqual([alice.err, bob.err], ['', ''])
})

test('on its first start, a code is asked for in the local network, and whoever has it is asked', async (t) => {
  const alice = await startPeer(t, { name: 'Alice' })
  const bob = startPiped(t, ['--profile', join(folder(t), 'bob'), ...onLoopback])
  await says(bob, 'What is your name?')
  bob.write('Bob\n')
  await says(bob, 'Paste a friend’s invite or type its code')
  bob.write('5SVWQ-J3D76\n')
  await says(bob, '! Nobody in this network has that code: ask for the link instead (not-found)')
  bob.write(`${(await alice.invite({})).code.toLowerCase()}\n`)
  await says(bob, 'Asked Alice.')
  const asked = async (): Promise<string | undefined> => (await alice.friends())[0]?.peer
  await until(async () => (await asked()) !== undefined, 'the request arrives')
  await alice.acceptFriend({ peer: (await asked()) ?? '' })
  await says(bob, 'Alice has accepted.')
})

test('a code is typed with a blank and a note; what could also be a handle is asked for again', async (t) => {
  const node = await startNode(t)
  const nodes = node.addresses()
  const alice = await startPeer(t, { nodes, name: 'Alice' })
  await until(async () => (await alice.self()).nodes[0]?.state === 'connected', 'her code can be parked')
  let { code } = await alice.invite({})
  // One of letters only is asked about too: it looks like two words.
  while (!/\d/u.test(code)) code = (await alice.invite({})).code
  const bob = startPiped(t, ['--profile', join(folder(t), 'bob'), '--node', nodes[0] ?? '', ...onLoopback])
  await says(bob, 'What is your name?')
  bob.write('Bob\n/add alice hello\n')
  await says(bob, 'Is “alice hello” a code, or is “alice” a handle?')
  bob.write(`/add ${code.toLowerCase().replace('-', ' ')} it is Bob\n`)
  await says(bob, 'Asked Alice.')
  await until(async () => (await alice.friends()).length === 1, 'the request arrived')
  const [asks] = await alice.friends()
  assert.deepEqual([asks?.name, asks?.note], ['Bob', 'it is Bob'])
  await alice.acceptFriend({ peer: asks?.peer ?? '' })
  await says(bob, 'Alice has accepted.')
  bob.write('/connection @Alice\n')
  await says(bob, 'direct · tcp')
})

test('only the plain text of a message reaches the terminal; the typed text survives it', inTerminal, async (t) => {
  const attacks = [
    '\u001b]52;c;cHduZWQ=\u0007',
    '\u001b]0;title\u001b\\',
    '\u001b[2J',
    '\u001b[38;5;213m',
    '\u009b5;5H',
  ]
  const unseen = ['\u202e', '\u2066', '\u0007', '\u001b]', '\u009b', '\u001b[2J', '38;5;213', 'cHduZWQ']
  const hostile = attacks.join('') + '\u202e\u2066\u0007'
  const node = await startNode(t)
  const nodes = node.addresses()
  const eve = await startPeer(t, { nodes, name: `Eve${hostile}` })
  const terminal = startInTerminal(t, ['--profile', join(folder(t), 'p'), '--node', nodes[0] ?? '', ...onLoopback])
  await terminal.sees('What is your name?')
  terminal.enter('Alice')
  await terminal.sees('No friends yet.')

  const { link } = await eve.invite({})
  terminal.enter(link)
  await until(async () => (await eve.friends()).length === 1, 'the request arrived')
  const [alice] = await eve.friends()
  await eve.acceptFriend({ peer: alice?.peer ?? '' })
  await terminal.sees('Eve has accepted.')
  await until(async () => (await eve.friends())[0]?.online === true, 'they are connected')

  terminal.type('half a li')
  await terminal.sees('half a li')
  await eve.sendMessage({ peer: alice?.peer ?? '', text: `before ${hostile} after` })
  // The message appears above, and the prompt with the typed text is restored below it.
  await terminal.sees('Eve: before  after')
  assert.match(plain(terminal.output), /Eve: before {2}after\s+Eve ● direct › half a li$/u)
  terminal.enter('ne')
  await until(
    async () => (await eve.messages({ peer: alice?.peer ?? '' })).some((m) => m.text === 'half a line'),
    'sent',
  )

  terminal.type('\u0003')
  await terminal.ends(0)
  for (const bad of unseen) assert.ok(!terminal.output.includes(bad), JSON.stringify(bad))
})

test('/privacy changes a setting of the profile: for the running peer, and for the next start', async (t) => {
  const args = ['--profile', join(folder(t), 'p'), '--name', 'Alice', '--node', nowhere, ...onLoopback]
  const first = startPiped(t, [...args, '--no-read-receipts'])
  await says(first, 'you are Alice')
  first.write('/privacy\n')
  await says(first, 'direct         auto')
  await says(first, 'read-receipts  off')
  first.write('/privacy direct nobody\n/privacy handle\n')
  await says(first, '! Usage: /privacy direct auto|verified|never|only')
  await says(first, '! There is no choice handle.')
  first.write('/privacy direct never\n/privacy typing-marks off\n')
  await says(first, 'direct         never     who is reached directly and learns your address: nobody')
  await says(first, 'typing-marks   off')
  first.endInput()
  assert.equal(await first.ended, 0, first.err)

  const second = startPiped(t, args)
  await says(second, 'you are Alice')
  second.write('/privacy\n')
  await says(second, 'direct         never')
  await says(second, 'upnp           on        ask the router to let friends in (no effect while direct is never)')
  // The flag of the first start was for that run only.
  await says(second, 'read-receipts  on')
  await says(second, 'typing-marks   off')
  second.endInput()
  assert.equal(await second.ended, 0, second.err)
})

test('a passphrase is set and entered without being shown', inTerminal, async (t) => {
  const profile = join(folder(t), 'p')
  const first = startPiped(t, ['--profile', profile, '--name', 'Alice', '--node', nowhere, ...onLoopback])
  await says(first, 'you are Alice')
  first.endInput()
  assert.equal(await first.ended, 0, first.err)

  const change = startInTerminal(t, ['passphrase', '--profile', profile])
  await change.sees('Current passphrase (Enter if there is none): ')
  change.enter('')
  await change.sees('New passphrase: ')
  change.enter('open sesame')
  await change.sees('New passphrase again: ')
  change.enter('open sesame')
  await change.sees('The passphrase is changed.')
  await change.ends(0)

  const terminal = startInTerminal(t, ['--profile', profile, ...onLoopback])
  await terminal.sees('Passphrase: ')
  terminal.enter('open barley')
  await terminal.sees('Wrong passphrase. Passphrase: ')
  terminal.enter('open sesame')
  await terminal.sees('you are Alice')
  terminal.type('\u0004')
  await terminal.ends(0)
  assert.doesNotMatch(change.output + terminal.output, /sesame|barley/u)

  const refused = startPiped(t, ['--profile', profile])
  assert.equal(await refused.mayEnd().ended, 1)
  assert.match(refused.err, /^quorum: .+\(wrong-passphrase\)\n$/u)
})

/** An address without a listener. */
const nowhere = '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWQtvzoKmogkLjN5PMeFpLek3BrCT3YahaUihd5RCndShw'

function says(process: LineProcess, text: string): Promise<string> {
  return process.line(JSON.stringify(text), (line) => line.includes(text))
}

function count(process: LineProcess, text: string): number {
  return process.lines.filter((line) => line.includes(text)).length
}

/** The embedded node of a profile below `home`. */
function nodePid(home: string): number | undefined {
  const processes = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  const own = processes.find((line) => line.includes(`--data ${home}`))
  return own === undefined ? undefined : Number.parseInt(own, 10)
}

function portIn(settings: string): number {
  return (JSON.parse(settings) as { port: number }).port
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
