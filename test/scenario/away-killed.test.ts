/**
 * Friends who are never up together, and who are killed with -9 at any moment, as is the node: what a call has answered
 * arrives once, and in order. A seed decides; it is printed, and QUORUM_SEED repeats a run as far as processes can be.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { mailboxes, startFriends, talking, Unanswered, type HeadlessPeer } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { random } from '../support/random.ts'
import { until } from '../support/until.ts'

const rounds = 5
/** Beyond the time after which a message is left. */
const longest = 9000

test(`friends who are never up together, ${rounds} kills of each and of the node`, async (t) => {
  const { next } = random(t)
  const { node, alice, bob } = await startFriends(new Stage(t), 'never')
  await mailboxes(alice, bob)
  await Promise.all([alice.kill9(), bob.kill9()])
  const shown = new Map<HeadlessPeer, string[]>()
  for (const peer of [alice, bob]) {
    shown.set(peer, [])
    peer.onEvent = ({ event, data }) => {
      if (event === 'message-received') shown.get(peer)?.push(data.id)
    }
  }
  const said = new Map<HeadlessPeer, string[]>([
    [alice, []],
    [bob, []],
  ])
  for (let round = 0; round < rounds; round += 1) {
    for (const [self, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await self.start()
      const texts = Array.from({ length: 1 + Math.floor(next() * 4) }, (_, at) => `${self.name} ${round} ${at}`)
      const killed = wait(next() * longest).then(() => self.kill9())
      const results = await Promise.allSettled(texts.map((text) => self.send(other, text)))
      for (const [at, result] of results.entries()) {
        if (result.status === 'fulfilled') said.get(self)?.push(texts[at] ?? '')
        else assert.ok(result.reason instanceof Unanswered, String(result.reason))
      }
      if (next() < 0.4) {
        await wait(next() * longest)
        await node.kill9()
        await node.start()
      }
      await killed
    }
  }

  await Promise.all([alice.start(), bob.start()])
  await talking(alice, bob)
  await until(async () => {
    const all = [...(await alice.history(bob)), ...(await bob.history(alice))]
    return all.every(({ direction, state }) => direction === 'in' || state === 'delivered' || state === 'read')
  }, 'everything is delivered')
  for (const [self, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const own = (await self.history(other)).filter(({ direction }) => direction === 'out').map(({ text }) => text)
    const theirs = (await other.history(self)).filter(({ direction }) => direction === 'in').map(({ text }) => text)
    assert.deepEqual(theirs, own)
    for (const text of said.get(self) ?? []) assert.equal(own.filter((one) => one === text).length, 1, text)
    const ids = shown.get(self) ?? []
    assert.equal(new Set(ids).size, ids.length, 'nothing is shown twice')
  }
  await Promise.all([alice.stop(), bob.stop()])
  await node.stop()
})
