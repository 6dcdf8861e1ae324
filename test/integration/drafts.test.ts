/** Unfinished messages: stored in the encrypted profile over a restart, bounded, and gone with the friendship. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { createPeer, limits, openSqliteStore } from '../../protocol/index.ts'
import { folder, undo } from '../support/cleanup.ts'
import { befriended } from '../support/friends.ts'

test('a draft survives a restart, is replaced and removed, and goes with the friendship', async (t) => {
  const directory = folder(t)
  const [susan, tom] = await Promise.all([0, 1].map(async () => (await identityFromSeed(randomBytes(32))).peer))
  assert.ok(susan !== undefined && tom !== undefined)
  const store = await openSqliteStore({ directory })
  for (const peer of [susan, tom]) store.putFriend(befriended(peer, []))
  store.close()
  const open = async () => createPeer({ store: await openSqliteStore({ directory }), listen: [] })

  const first = await open()
  await first.setDraft({ peer: susan, text: 'never finished' })
  await first.setDraft({ peer: susan, text: 'not finished yet', replyTo: 'a-message' })
  await first.setDraft({ peer: tom, text: 'x'.repeat(limits.messageText) })
  await first.setDraft({ peer: tom, text: '' })
  await assert.rejects(first.setDraft({ peer: tom, text: 'x'.repeat(limits.messageText + 1) }), { code: 'bad-request' })
  const stranger = (await identityFromSeed(randomBytes(32))).peer
  await assert.rejects(first.setDraft({ peer: stranger, text: 'x' }), { code: 'not-friend' })
  await first.setDraftFiles({ peer: tom, paths: ['/home/a/film.mkv', '/home/a/Photos'] })
  await first.setDraftFiles({ peer: susan, paths: ['/home/a/notes.txt'] })
  await first.setDraft({ peer: susan, text: 'not finished yet', replyTo: 'a-message' })
  await assert.rejects(first.setDraftFiles({ peer: stranger, paths: [] }), { code: 'not-friend' })
  await first.stop()

  const second = await open()
  undo(t).defer(async () => void (await second.stop()))
  assert.deepEqual(await second.drafts(), [{ peer: susan, text: 'not finished yet', replyTo: 'a-message' }])
  assert.deepEqual(
    (await second.draftFiles()).toSorted((a, b) => a.paths.length - b.paths.length),
    [
      { peer: susan, paths: ['/home/a/notes.txt'] },
      { peer: tom, paths: ['/home/a/film.mkv', '/home/a/Photos'] },
    ],
  )
  await second.setDraftFiles({ peer: tom, paths: [] })
  assert.deepEqual(
    (await second.draftFiles()).map(({ peer }) => peer),
    [susan],
  )
  await second.removeFriend({ peer: susan })
  assert.deepEqual([await second.drafts(), await second.draftFiles()], [[], []])
  await second.stop()
  const after = await openSqliteStore({ directory })
  undo(t).defer(() => after.close())
  assert.equal(after.setting(`draft/${susan}`), undefined)
})
