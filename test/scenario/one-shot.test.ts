/**
 * `quorum send` and `quorum receive` as people and scripts use them: two programs on two profiles, the received files,
 * the output, and the exit codes.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Transfer } from '#protocol'
import type { LineProcess } from '../support/line-process.ts'
import { befriendedProfiles, type Profile } from '../support/profiles.ts'
import { startInTerminal, startPiped } from '../support/terminal.ts'
import { folder } from '../support/cleanup.ts'
import { until } from '../support/until.ts'

const inTerminal = { skip: process.platform === 'linux' ? false : 'a terminal is lent by script(1) of util-linux' }

/** The states in JSON lines, without consecutive repetitions. */
function states({ lines }: LineProcess): string[] {
  const all = lines.map((line) => (JSON.parse(line) as Transfer).state)
  return all.filter((state, index) => state !== all[index - 1])
}

function last({ lines }: LineProcess): Transfer {
  return JSON.parse(lines.at(-1) ?? '') as Transfer
}

function says(process: LineProcess, text: string): Promise<void> {
  return until(
    () => process.err.includes(text),
    () => `${JSON.stringify(text)}; it said ${process.err}`,
  )
}

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

/** Hidden remains in a folder: parts of incomplete transfers. */
function visible(profile: Profile): string[] {
  return readdirSync(profile.downloads).filter((name) => !name.startsWith('.'))
}

test('files and folders arrive unchanged; both programs report it in words, JSON and exit code', async (t) => {
  const { folder: home, alice, bob } = await befriendedProfiles(t)
  const photos = join(home, 'My Photos')
  mkdirSync(join(photos, 'empty'), { recursive: true })
  mkdirSync(join(photos, 'sub'))
  writeFileSync(join(photos, 'one.jpg'), randomBytes(3_000_000))
  writeFileSync(join(photos, 'sub', 'ünï code.jpg'), randomBytes(70_000))
  writeFileSync(join(photos, 'nothing.txt'), '')
  writeFileSync(join(home, 'notes.txt'), 'as promised\n')

  const files = [photos, join(home, 'notes.txt')]
  const send = startPiped(t, ['send', ...files, '--to', 'bob', '--note', 'see this', '--json', ...alice.options])
  await says(send, 'For Bob: “My Photos” and 4 more files, 3.1 MB')
  await says(send, 'Waiting for Bob to come online.')
  const into = join(home, 'chosen')
  const receive = startPiped(t, ['receive', '--from', alice.id.slice(-6), '--into', into, '--json', ...bob.options])
  assert.equal(await receive.mayEnd().ended, 0, receive.err)
  assert.equal(await send.mayEnd().ended, 0, send.err)

  for (const file of ['one.jpg', join('sub', 'ünï code.jpg'), 'nothing.txt']) {
    assert.equal(digest(join(into, 'My Photos', file)), digest(join(photos, file)), file)
  }
  assert.deepEqual(readdirSync(join(into, 'My Photos', 'empty')), [])
  assert.equal(readFileSync(join(into, 'notes.txt'), 'utf8'), 'as promised\n')
  assert.deepEqual(readdirSync(into).toSorted(), ['My Photos', 'notes.txt'], 'and nothing else is left there')
  assert.match(receive.err, /Alice offers you .+\n {2}“see this”\n/u)
  assert.match(receive.err, /Alice sent you .+: saved to .+chosen\.\n$/u)
  assert.match(send.err, /You sent Bob .+: Bob has it\.\n$/u)
  assert.equal(states(send)[0], 'offered')
  for (const process of [send, receive]) {
    assert.equal(last(process).state, 'done')
    assert.equal(last(process).doneBytes, 3_070_012)
  }
  assert.equal(last(receive).savedTo, into)
})

test('an interrupted transfer is stored and continues with the next start of either program', async (t) => {
  const { folder: home, alice, bob } = await befriendedProfiles(t)
  const film = join(home, 'film.mkv')
  writeFileSync(film, randomBytes(1_000_000))
  truncateSync(film, 200_000_000)
  const send = startPiped(t, ['send', film, '--to', bob.id, '--json', ...alice.options])
  await says(send, 'For Bob')
  const receive = startPiped(t, ['receive', '--yes', ...bob.options])
  await send.line('it moves', (line) => (JSON.parse(line) as Transfer).state === 'active')
  send.signal('SIGINT')
  assert.equal(await send.ended, 130, send.err)
  assert.match(send.err, /Stopped\. 1 transfer not finished/u)
  assert.equal(states(send).includes('done'), false)
  await says(receive, 'Waiting for Alice to come online.')
  receive.signal('SIGINT')
  assert.equal(await receive.ended, 130, receive.err)
  assert.deepEqual(visible(bob), [], 'nothing is visible before all of it is there')

  const again = startPiped(t, ['receive', '--from', 'Alice', ...bob.options])
  await says(again, 'From Alice, accepted before: “film.mkv”, 200 MB')
  const goOn = startPiped(t, ['send', ...alice.options])
  assert.equal(await goOn.mayEnd().ended, 0, goOn.err)
  assert.equal(await again.mayEnd().ended, 0, again.err)
  assert.equal(digest(join(bob.downloads, 'film.mkv')), digest(film))
  assert.deepEqual(readdirSync(bob.downloads), ['film.mkv'])
  // Now there is no transfer left to continue.
  const idle = startPiped(t, ['send', ...alice.options])
  assert.equal(await idle.mayEnd().ended, 2)
  assert.match(idle.err, /^quorum: .+ \(bad-request\)\n$/u)
})

test('a person is asked on a terminal, sees a bar, and may decline', inTerminal, async (t) => {
  const { folder: home, alice, bob } = await befriendedProfiles(t)
  const file = join(home, 'photo.jpg.exe')
  writeFileSync(file, randomBytes(5_000_000))
  const send = (): LineProcess => startPiped(t, ['send', file, '--to', 'Bob', ...alice.options])
  const first = send()
  const declining = startInTerminal(t, ['receive', ...bob.options])
  await declining.sees('Alice offers you “photo.jpg.exe”, 5 MB')
  await declining.sees('Accept? [y/N] ')
  assert.match(declining.output, /! “photo\.jpg\.exe” pretends to be a document/u)
  declining.enter('')
  await declining.ends(1)
  assert.equal(await first.mayEnd().ended, 1, first.err)
  assert.match(first.err, /Bob declined\.\n$/u)

  const second = send()
  const accepting = startInTerminal(t, ['receive', '--once', ...bob.options])
  await accepting.sees('Accept? [y/N] ')
  accepting.enter('y')
  await accepting.sees('saved to')
  await accepting.ends(0)
  assert.equal(await second.mayEnd().ended, 0, second.err)
  assert.deepEqual(visible(bob), ['photo.jpg.exe'])
})

test('invalid or impossible arguments end the program at once with one plain line', async (t) => {
  const { folder: home, alice } = await befriendedProfiles(t)
  const file = join(home, 'x')
  writeFileSync(file, 'x')
  const fails = async (code: number, message: RegExp, args: string[], options = alice.options): Promise<void> => {
    const process = startPiped(t, [...args, ...options]).mayEnd()
    assert.equal(await process.ended, code, `${args.join(' ')}: ${process.err}`)
    assert.match(process.err, /^quorum: [^\n]+\n$/u)
    assert.match(process.err, message)
    assert.deepEqual(process.lines, [])
  }
  await fails(2, /give --to FRIEND/u, ['send', file])
  await fails(2, /Nobody is called “Zoe”\. There is Bob/u, ['send', file, '--to', 'Zoe'])
  await fails(2, /PATH/u, ['send', '--to', 'Bob'])
  await fails(2, /--from FRIEND, or --yes/u, ['receive'])
  await fails(2, /keep/u, ['receive', '--once', '--keep', '--yes'])
  await fails(1, /not-found/u, ['send', join(home, 'missing'), '--to', 'Bob'])
  const never = join(folder(t), 'never')
  await fails(1, /There is no profile .+ \(not-found\)/u, ['send', file, '--to', 'Bob'], ['--profile', never])
  assert.ok(!existsSync(never))

  const running = startPiped(t, alice.options)
  await running.line('it runs', (line) => line.includes('you are Alice'))
  await fails(1, /send or accept there, or close it first \(store-locked\)/u, ['send', file, '--to', 'Bob'])
  running.endInput()
  assert.equal(await running.ended, 0, running.err)
})
