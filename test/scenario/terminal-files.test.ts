/** Files between two people at their terminals: typed, offered, accepted, paused, cancelled; and the received files. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LineProcess } from '../support/line-process.ts'
import { befriendedProfiles } from '../support/profiles.ts'
import { plain, startInTerminal, startPiped } from '../support/terminal.ts'
import { until } from '../support/until.ts'

const inTerminal = { skip: process.platform === 'linux' ? false : 'a terminal is lent by script(1) of util-linux' }

function says(process: LineProcess, text: string): Promise<string> {
  return process.line(JSON.stringify(text), (line) => line.includes(text))
}

test(
  '/send with Tab here, /accept there: the block is updated on both screens, and the file is the same',
  inTerminal,
  async (t) => {
    const { folder: home, alice, bob } = await befriendedProfiles(t)
    const sent = join(home, 'My Films')
    mkdirSync(sent)
    const content = randomBytes(20_000_000)
    writeFileSync(join(sent, 'film one.mkv'), content)

    const her = startInTerminal(t, alice.options)
    const his = startInTerminal(t, bob.options)
    await her.sees('Bob ● direct › ')
    await his.sees('Alice ● direct › ')
    her.type(`/send ${join(home, 'My')}\t`)
    await her.sees(String.raw`My\ Films/`)
    her.type('film\t')
    await her.sees(String.raw`film\ one.mkv `)
    her.enter('-- the one I told you about')
    await her.sees('you offer Bob “film one.mkv”, 20 MB')
    await his.sees('Alice offers you “film one.mkv”, 20 MB')
    assert.match(plain(his.output), /“the one I told you about”/u)
    his.enter('/accept')
    await his.sees('saved to')
    await her.sees('Bob has it')
    assert.match(plain(his.output), /█+░* +\d+ % +[\d.]+ of 20\.0 MB/u)
    assert.ok(readFileSync(join(bob.downloads, 'film one.mkv')).equals(content))

    // The conversation continues, and its history lists the transfer.
    her.enter('did you like it?')
    await his.sees('Alice: did you like it?')
    his.type('\u0004')
    await his.ends(0)
    const later = startInTerminal(t, bob.options)
    await later.sees('saved to')
    her.type('\u0004')
    later.type('\u0004')
    await Promise.all([her.ends(0), later.ends(0)])
  },
)

test('several at once: by number, into a folder, paused, declined, cancelled by either', async (t) => {
  const { folder: home, alice, bob } = await befriendedProfiles(t)
  const [one, two, three] = ['one.bin', 'two.bin', 'three.bin'].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ]
  for (const file of [one, two, three]) writeFileSync(file, randomBytes(100_000))
  const large = join(home, 'large.bin')
  writeFileSync(large, '')
  truncateSync(large, 600_000_000)
  const her = startPiped(t, alice.options)
  const his = startPiped(t, bob.options)
  await says(her, 'Bob is online.')
  await says(his, 'Alice is online.')

  her.write(`/send ${one}\n/send ${two}\n/send ${three}\n`)
  await says(his, 'three.bin”')
  his.write('/accept\n')
  await says(his, '! Which one? /accept 1 (one.bin), /accept 2 (two.bin), /accept 3 (three.bin)')
  const into = join(home, 'a new folder')
  his.write(`/accept 2 ${into}\n`)
  await says(his, `saved to ${join(into, 'two.bin')}`)
  await says(her, 'you sent Bob “two.bin”, 100 kB: Bob has it')
  assert.ok(readFileSync(join(into, 'two.bin')).equals(readFileSync(two)))
  his.write('/decline 1\n')
  await says(her, 'you offered Bob “one.bin”, 100 kB: Bob declined')
  her.write('/cancel 3\n')
  await says(his, 'Alice offered you “three.bin”, 100 kB: cancelled')

  her.write(`/send ${large}\n`)
  await says(his, 'large.bin”')
  his.write('/accept\n')
  await says(her, 'you send Bob “large.bin”, 600 MB: on its way')
  his.write('/pause\n')
  await says(his, 'Alice sends you “large.bin”, 600 MB: paused. /resume 4 continues')
  await says(her, 'you send Bob “large.bin”, 600 MB: paused by Bob')
  assert.ok(!existsSync(join(bob.downloads, 'large.bin')))
  his.write('/resume\n')
  await until(() => her.lines.filter((line) => line.includes('on its way')).length === 2, 'it moves again')
  his.write('/cancel\n')
  await says(her, 'you offered Bob “large.bin”, 600 MB: cancelled')
  await until(() => readdirSync(bob.downloads).length === 0, 'nothing is left of it')
  for (const process of [her, his]) {
    process.endInput()
    assert.equal(await process.ended, 0, process.err)
    assert.equal(process.err, '')
  }
})
