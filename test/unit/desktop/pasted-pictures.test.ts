/** Pasted pictures stay on the disk as long as a draft or an unfinished transfer needs them, and are bounded. */
import assert from 'node:assert/strict'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { PastedPictures, pastedLimits } from '../../../desktop/main/pasted-pictures.ts'
import type { NumberedFile, Transfer } from '../../../protocol/index.ts'
import { folder } from '../../support/cleanup.ts'
import { html, png, svg } from '../../support/pictures.ts'

const time = new Date(2026, 10, 27, 20, 21, 5)
const picture = png(3, 2)

function pasted(t: TestContext) {
  const sent: { transfer: Transfer; path: string }[] = []
  /** Files of transfers that have more than they name. */
  const more = new Map<string, NumberedFile[]>()
  const peer = { away: false }
  const pictures = new PastedPictures({
    profile: folder(t),
    onNotRemoved: (error) => assert.fail(error),
    nameOf: (at) => `Picture ${at.getHours()}`,
    transfers: () =>
      peer.away ? Promise.reject(new Error('locked')) : Promise.resolve(sent.map(({ transfer }) => transfer)),
    filesAfter: (id, after) => Promise.resolve((more.get(id) ?? []).filter(({ file }) => file > after)),
    pathOf: (id) => Promise.resolve(sent.find(({ transfer }) => transfer.id === id)?.path ?? ''),
  })
  const add = (): string => pictures.add(picture, time) ?? assert.fail('it is a picture')
  const send = (path: string, state: Transfer['state']): Transfer => {
    const files = [{ path: basename(path), size: 1, done: 0 }]
    const transfer = { id: String(sent.length), direction: 'out', state, count: 1, files } as unknown as Transfer
    sent.push({ transfer, path })
    return transfer
  }
  return { pictures, add, send, peer, more }
}

test('a pasted picture is private, and is removed when neither a draft nor a transfer needs it', async (t) => {
  const { pictures, add, send, peer } = pasted(t)
  const [draft, waiting, done, failed] = [add(), add(), add(), add()]
  assert.equal(basename(draft), 'Picture 20.png')
  assert.equal(statSync(draft).mode & 0o777, 0o600)
  await pictures.sweep()
  const transfer = send(waiting, 'offered')
  send(done, 'done')
  const resumable = send(failed, 'failed')
  resumable.error = { code: 'disk-full', message: '' }
  peer.away = true
  await pictures.sent([waiting, done, failed])
  assert.ok(existsSync(done), 'nothing is removed while it is unknown what is needed')
  peer.away = false
  await pictures.sweep()
  assert.deepEqual([draft, waiting, done, failed].map(existsSync), [true, true, false, true])
  transfer.state = 'cancelled'
  resumable.error = { code: 'source-changed', message: '' }
  await pictures.sweep()
  assert.deepEqual([draft, waiting, failed].map(existsSync), [true, false, false])
  peer.away = true
  const other = join(folder(t), 'mine.txt')
  writeFileSync(other, 'mine')
  pictures.discard([draft, other])
  assert.ok(!existsSync(draft), 'what was never sent is needed by nothing')
  assert.ok(existsSync(other))
})

test('only pictures are stored, and only so many', (t) => {
  const { pictures, add } = pasted(t)
  for (const other of ['', html, svg, picture.subarray(0, 40)]) {
    assert.equal(pictures.add(Buffer.from(other), time), undefined)
  }
  const trailing = pictures.add(Buffer.concat([picture, Buffer.from(html)]), time)
  assert.equal(statSync(trailing ?? '').size, picture.length)
  for (let n = 1; n < pastedLimits.pictures; n++) add()
  assert.throws(add, { code: 'rate-limited' })
})

test('a picture stays that a transfer needs but does not name among its first files', async (t) => {
  const { pictures, add, send, more } = pasted(t)
  const [late, other] = [add(), add()]
  const transfer = send(late, 'waiting')
  transfer.files = []
  transfer.count = 200
  more.set(transfer.id, [{ file: 150, path: basename(late), size: 1, done: 0 }])
  await pictures.sent([late, other])
  assert.deepEqual([late, other].map(existsSync), [true, false])
  more.clear()
  await pictures.sweep()
  assert.ok(!existsSync(late))
})
