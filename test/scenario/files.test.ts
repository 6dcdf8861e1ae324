/**
 * Files between friends, direct and relayed, over the headless contract: all kinds of files and folders arrive
 * unchanged, even if a peer was away, restarted, paused the transfer or changed its decision in the meantime.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type HeadlessPeer, talking, startFriends } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import {
  becomes,
  digestOf,
  give,
  leftovers,
  MiB,
  offer,
  randomFile,
  reaches,
  transferOf,
  tree,
} from '../support/transfers.ts'
import { until } from '../support/until.ts'

for (const direct of ['auto', 'never'] as const) {
  describe(`files, --direct ${direct}`, () => {
    const stage = new Stage({ after })
    let alice: HeadlessPeer
    let bob: HeadlessPeer
    let places = 0
    /** A new folder to send from, and a path for the receiving folder, which does not exist yet. */
    const fresh = (): { from: string; to: string } => {
      const at = path.join(stage.folder, `case-${++places}`)
      fs.mkdirSync(path.join(at, 'from'), { recursive: true })
      return { from: path.join(at, 'from'), to: path.join(at, 'to') }
    }
    before(async () => {
      ;({ alice, bob } = await startFriends(stage, direct))
    })

    test('one file, many in one call, equal names and an empty file: everything arrives, nothing is replaced', async () => {
      const { from, to } = fresh()
      const files = [
        randomFile(path.join(from, 'a/photo.jpg'), 3 * MiB + 17),
        randomFile(path.join(from, 'b/photo.jpg'), 100),
        randomFile(path.join(from, 'empty'), 0),
        randomFile(path.join(from, 'grüße 你好 👩‍👩‍👧.txt'), 5),
      ]
      fs.mkdirSync(to)
      fs.writeFileSync(path.join(to, 'photo.jpg'), 'mine')
      const id = await give(alice, bob, files, to)
      const [, received] = await becomes(id, 'done', [alice, bob])
      assert.equal(received?.savedTo, to)
      assert.deepEqual(
        fs.readdirSync(to).toSorted(),
        ['photo.jpg', 'photo (2).jpg', 'photo (3).jpg', 'empty', 'grüße 你好 👩‍👩‍👧.txt'].toSorted(),
      )
      assert.equal(fs.readFileSync(path.join(to, 'photo.jpg'), 'utf8'), 'mine')
      // Which of the two gets which number depends on which was complete first.
      assert.deepEqual(
        ['photo (2).jpg', 'photo (3).jpg'].map((name) => digestOf(path.join(to, name))).toSorted(),
        files
          .slice(0, 2)
          .map((file) => digestOf(file))
          .toSorted(),
      )
      for (const [file, source] of files.entries()) {
        assert.equal((await alice.call('transferFile', { transfer: id, file })).path, source)
        const { path: there } = await bob.call('transferFile', { transfer: id, file })
        assert.equal(digestOf(there), digestOf(source))
      }
      assert.equal(await bob.refusal('transferFile', { transfer: id, file: files.length }), 'not-found')
      const again = await give(alice, bob, [files[2] ?? ''], to)
      await becomes(again, 'done', [alice, bob])
      assert.equal(fs.statSync(path.join(to, 'empty (2)')).size, 0)
    })

    test('a folder of 10,000 small files, empty ones, nested and empty folders, names of all kinds', async (t) => {
      const { from, to } = fresh()
      const folder = path.join(from, 'tree')
      for (let at = 0; at < 10_000; at++) {
        randomFile(path.join(folder, `${at % 7}/日本 ${at % 50}/ß${at}.bin`), at % 10 === 0 ? 0 : at % 3000)
      }
      for (const name of ['nothing', '3/nothing', '3/日本 3/no/thing'])
        fs.mkdirSync(path.join(folder, name), { recursive: true })
      const id = await give(alice, bob, [folder], to)
      const [, received] = await becomes(id, 'done', [alice, bob])
      t.diagnostic(`${received?.count} entries`)
      assert.deepEqual(tree(to), tree(from))
    })

    test('offered while the friend is away: it waits until both are online; both restart in each state', async () => {
      const { from, to } = fresh()
      const file = randomFile(path.join(from, 'large.bin'), 120 * MiB)
      const restart = async (): Promise<void> => {
        await Promise.all([alice.stop(), bob.stop()])
        await Promise.all([alice.start(), bob.start()])
        await talking(alice, bob)
      }
      await bob.stop()
      await alice.sees(bob, false)
      const { id, state } = await alice.call('sendFiles', { peer: bob.id, paths: [file] })
      assert.equal(state, 'offered')
      await alice.stop()
      await alice.start()
      await bob.start()
      await bob.event('transfer-offered', (one) => one.id === id)
      await restart()
      assert.deepEqual(
        (await becomes(id, 'offered', [alice, bob])).map(({ direction }) => direction),
        ['out', 'in'],
      )
      await alice.stop()
      await bob.sees(alice, false)
      await bob.call('acceptTransfer', { transfer: id, directory: to })
      await becomes(id, 'waiting', [bob])
      await bob.stop()
      await Promise.all([alice.start(), bob.start()])
      await reaches(bob, id, 10 * MiB)
      await restart()
      const { doneBytes } = await transferOf(bob, id)
      assert.ok(doneBytes >= 10 * MiB, `${doneBytes} are left of 10 MiB`)
      await alice.call('pauseTransfer', { transfer: id })
      await becomes(id, 'paused', [alice, bob])
      await restart()
      const [hers, his] = await becomes(id, 'paused', [alice, bob])
      assert.deepEqual([hers?.pausedBy, his?.pausedBy], ['me', 'them'])
      await alice.call('resumeTransfer', { transfer: id })
      await becomes(id, 'done', [alice, bob])
      assert.equal(digestOf(path.join(to, 'large.bin')), digestOf(file))
      fs.rmSync(file)
      fs.rmSync(to, { recursive: true })
    })

    test('paused and resumed from either side, from both at once, and before the pause has taken effect', async () => {
      const { from, to } = fresh()
      const file = randomFile(path.join(from, 'large.bin'), 100 * MiB)
      const id = await give(alice, bob, [file], to)
      for (const pausing of [[alice], [bob], [alice, bob]]) {
        await becomes(id, 'active', [bob])
        await Promise.all(pausing.map((peer) => peer.call('pauseTransfer', { transfer: id })))
        await becomes(id, 'paused', [alice, bob])
        if (pausing.length === 2) {
          await until(async () => {
            const views = [await transferOf(alice, id), await transferOf(bob, id)]
            return views.every(({ pausedBy }) => pausedBy === 'both')
          }, 'both know of both')
          await alice.call('resumeTransfer', { transfer: id })
          await until(async () => (await transferOf(bob, id)).pausedBy === 'me', 'one still pauses')
          await bob.call('resumeTransfer', { transfer: id })
        } else await Promise.all(pausing.map((peer) => peer.call('resumeTransfer', { transfer: id })))
      }
      for (const peer of [alice, bob, alice, bob]) {
        if ((await transferOf(peer, id)).state === 'done') break
        await peer.call('pauseTransfer', { transfer: id })
        await peer.call('resumeTransfer', { transfer: id })
      }
      await becomes(id, 'done', [alice, bob])
      assert.equal(digestOf(path.join(to, 'large.bin')), digestOf(file))
      fs.rmSync(path.dirname(file), { recursive: true })
      fs.rmSync(to, { recursive: true })
    })

    test('declined, recalled, cancelled by either side at any moment: no partial data is left', async () => {
      const { from, to } = fresh()
      // Large enough not to be whole before a busy machine has cancelled it.
      const file = randomFile(path.join(from, 'large.bin'), 400 * MiB)
      fs.mkdirSync(to)
      fs.writeFileSync(path.join(to, 'large.bin'), 'mine')
      const clean = async (id: string): Promise<void> => {
        await becomes(id, 'cancelled', [alice, bob])
        await until(() => fs.readdirSync(to).join() === 'large.bin', 'nothing of it is left')
        assert.equal(fs.readFileSync(path.join(to, 'large.bin'), 'utf8'), 'mine')
      }
      const declined = await offer(alice, bob, [file])
      await bob.call('declineTransfer', { transfer: declined })
      await becomes(declined, 'declined', [alice, bob])
      for (const canceller of [alice, bob]) {
        const offered = await offer(alice, bob, [file])
        await canceller.call('cancelTransfer', { transfer: offered })
        await clean(offered)
        for (const moment of [0, 1, 30 * MiB]) {
          const id = await give(alice, bob, [file], to)
          await reaches(bob, id, moment)
          await canceller.call('cancelTransfer', { transfer: id })
          await clean(id)
        }
        const paused = await give(alice, bob, [file], to)
        await reaches(bob, paused, 5 * MiB)
        await bob.call('pauseTransfer', { transfer: paused })
        await becomes(paused, 'paused', [alice, bob])
        await canceller.call('cancelTransfer', { transfer: paused })
        await clean(paused)
      }
      await bob.stop()
      await alice.sees(bob, false)
      const { id } = await alice.call('sendFiles', { peer: bob.id, paths: [file] })
      const offering = (await alice.history(bob)).find(({ transfer }) => transfer === id) ?? assert.fail('no message')
      await alice.call('recallMessage', { message: offering.id })
      await becomes(id, 'cancelled', [alice])
      await bob.start()
      await talking(alice, bob)
      assert.ok(!(await bob.call('transfers', {})).some((transfer) => transfer.id === id))
    })

    test('one of two transfers is cancelled: the call answers at once, and the other transfer continues', async () => {
      const { from, to } = fresh()
      // So large that neither is done while the other is cancelled, however fast the machine is.
      const file = randomFile(path.join(from, 'large.bin'), 600 * MiB)
      const goesOn = await give(alice, bob, [file], to)
      await becomes(goesOn, 'active', [bob])
      for (const canceller of [bob, alice]) {
        const id = await give(alice, bob, [file], to)
        await becomes(id, 'active', [bob])
        await canceller.call('cancelTransfer', { transfer: id })
        assert.notEqual((await transferOf(bob, goesOn)).state, 'done', 'it waited for the other one')
      }
      await bob.call('cancelTransfer', { transfer: goesOn })
      await becomes(goesOn, 'cancelled', [alice, bob])
      fs.rmSync(path.dirname(from), { recursive: true })
    })

    test('messages keep arriving during a transfer, in order', async () => {
      const { from, to } = fresh()
      const id = await give(alice, bob, [randomFile(path.join(from, 'large.bin'), 60 * MiB)], to)
      await becomes(id, 'active', [bob])
      const texts: string[] = []
      for (let at = 0; (await transferOf(bob, id)).state === 'active'; at++) {
        texts.push(`during ${at}`)
        await alice.send(bob, `during ${at}`)
        await bob.has(alice, `during ${at}`, 'delivered')
      }
      await becomes(id, 'done', [alice, bob])
      assert.ok(texts.length > 0)
      const arrived = (await bob.history(alice)).map(({ text }) => text).filter((text) => text.startsWith('during'))
      assert.deepEqual(arrived, texts)
      fs.rmSync(path.dirname(from), { recursive: true })
    })

    test('the friend is removed or blocked during a transfer: it ends on both sides, no partial data is left', async () => {
      const { from, to } = fresh()
      const file = randomFile(path.join(from, 'large.bin'), 150 * MiB)
      const id = await give(alice, bob, [file], to)
      await reaches(bob, id, 5 * MiB)
      await (direct === 'auto'
        ? bob.call('blockPeer', { peer: alice.id })
        : bob.call('removeFriend', { peer: alice.id }))
      await becomes(id, 'cancelled', [bob])
      await until(() => fs.readdirSync(to).length === 0, 'nothing of it is left')
      assert.deepEqual(leftovers(stage.folder), [])
      assert.notEqual((await transferOf(alice, id)).state, 'done')
      fs.rmSync(file)
    })
  })
}
