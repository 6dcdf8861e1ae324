/** How often somebody who asks can disturb a person (docs/threats.md 30). */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { apiLimits } from '../../protocol/api/limits.ts'
import { friendLimits } from '../../protocol/friend/limits.ts'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { envelope } from '../support/envelopes.ts'
import { friendsAlone } from '../support/friends-alone.ts'

test('hostile 30: a request rings once, and again at most once a day, when what is shown has changed', async (t) => {
  const { friends, store, identity, events, offer, pass } = await friendsAlone(t)
  const stranger = await identityFromSeed(randomBytes(32))
  let sequence = 1
  const ask = async (note?: string): Promise<void> => {
    sequence += 1
    await offer([envelope(stranger, identity.peer, { sequence, ...(note === undefined ? {} : { note }) })], 1)
  }
  const rings = (): number => events.filter(({ event }) => event === 'friend-request').length
  for (let n = 0; n < 40; n += 1) await ask(`note ${n}`)
  assert.equal(rings(), 1)
  assert.equal(store.friend(stranger.peer)?.note, 'note 39', 'the newest is shown')
  assert.ok(events.some(({ event, data }) => event === 'friend-changed' && data.note === 'note 39'))
  pass(friendLimits.ringsAgain)
  await ask('note 39')
  assert.equal(rings(), 1, 'nothing has changed')
  await ask('another')
  await ask('and another')
  assert.equal(rings(), 2)
  assert.equal(friends.list().length, 1)
})

test('hostile 30: a declined peer is not heard for a month, except with an invite made since then', async (t) => {
  const { friends, store, identity, events, offer, pass } = await friendsAlone(t)
  const stranger = await identityFromSeed(randomBytes(32))
  let sequence = 1
  const state = (): string | undefined => store.friend(stranger.peer)?.state
  const asks = async (token?: Uint8Array): Promise<string | undefined> => {
    sequence += 1
    await offer([envelope(stranger, identity.peer, { sequence, ...(token === undefined ? {} : { token }) })], 1)
    return state()
  }
  const invite = (): Uint8Array => friends.invites.create(false, 365 * apiLimits.inviteLifetime).token
  const [old] = [invite(), pass(1)]
  assert.equal(await asks(), 'incoming')
  friends.decline(stranger.peer)
  assert.deepEqual([await asks(), await asks(old), await asks(randomBytes(16))], ['removed', 'removed', 'removed'])
  assert.equal(events.filter(({ event }) => event === 'friend-request').length, 1)
  pass(1)
  assert.equal(await asks(invite()), 'incoming', 'the person has changed their mind')
  friends.decline(stranger.peer)
  pass(friendLimits.declineRemembered - 1)
  assert.equal(await asks(), 'removed')
  pass(1)
  assert.equal(await asks(), 'incoming')
  friends.decline(stranger.peer)
  friends.request({ peer: stranger.peer }, '')
  assert.equal(await asks(), 'friend', 'whom the person asks is heard')
  friends.remove(stranger.peer)
  assert.equal(await asks(), 'incoming', 'and may ask again after a friendship')
})
