/** Friendship without a network: how a peer handles envelopes, from any source. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { PeerEvent } from '../../protocol/api/events.ts'
import { Friends } from '../../protocol/friend/friends.ts'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { SealingKeys } from '../../protocol/identity/sealing.ts'
import { openMemoryStore } from '../../protocol/index.ts'

/** `Friends` alone, with clocks that the test moves. */
export async function friendsAlone(t: TestContext) {
  let clock = 0
  let date = Date.now()
  t.mock.method(performance, 'now', () => clock)
  const store = openMemoryStore()
  t.after(() => store.close())
  const identity = await identityFromSeed(randomBytes(32))
  const events: PeerEvent[] = []
  const friends = new Friends({
    identity,
    store,
    sealing: new SealingKeys(identity, store, () => date),
    now: () => date,
    networkNow: () => date,
    emit: (event) => events.push(event),
    name: () => '',
    peerAddress: () => ({ nodes: [], addresses: [] }),
    view: (row) => ({ ...row, online: false, path: 'none', unread: 0 }),
    onEnvelopeQueued: () => {},
    onChange: () => {},
    onForgotten: () => {},
    online: () => false,
    onDialMe: () => {},
    onStand: () => {},
  })
  return {
    friends,
    store,
    identity,
    events,
    /** Moves the clock of the day. */
    pass(ms: number): void {
      date += ms
    },
    /**
     * Offers envelopes, `perSecond` of them a second; those over the rate are lost. Returns how many were accepted.
     */
    async offer(envelopes: Iterable<Uint8Array>, perSecond: number): Promise<number> {
      let taken = 0
      for (const one of envelopes) {
        clock += 1000 / perSecond
        try {
          await friends.receive(one)
          taken += 1
        } catch (error) {
          assert.equal(Reflect.get(Object(error), 'code'), 'rate-limited', String(error))
        }
      }
      return taken
    },
  }
}
