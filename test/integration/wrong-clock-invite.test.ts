/** Invites where the clock of one of the two is wrong: they work, expire when they should, and the person is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { befriend, startNode, startPeer, until } from '../support/network.ts'

const years = 365 * 24 * 3_600_000

for (const [who, off] of [
  ['in the past', -50 * years],
  ['in the future', 20 * years],
] as const) {
  test(`with a clock ${who} on either side, an invite works, and is expired when it is`, async (t) => {
    const nodes = (await startNode(t)).addresses()
    const [wrong, right] = [
      await startPeer(t, { nodes, name: 'Wrong', now: () => Date.now() + off }),
      await startPeer(t, { nodes, name: 'Right' }),
    ]
    const told = (): boolean =>
      wrong.events.some(({ event, data }) => event === 'warning' && data.code === 'wrong-clock')
    await until(told, 'the person is told that the clock is wrong')
    for (const [author, reader] of [
      [wrong, right],
      [right, wrong],
    ] as const) {
      const { link } = await author.invite({ expiresIn: 1 })
      await assert.rejects(reader.requestFriend({ to: link }), { code: 'invite-expired' })
      const fresh = await author.invite({})
      const known = await reader.recipient({ to: fresh.link })
      assert.ok(known.kind === 'invite' && !known.expired)
    }
    await befriend(wrong, right)
    const { id } = await right.sendMessage({ peer: wrong.id, text: 'what time is it?' })
    const arrived = async (): Promise<boolean> => (await right.message({ message: id })).state === 'delivered'
    await until(arrived, 'they talk')
    assert.ok(!right.events.some(({ event, data }) => event === 'warning' && data.code === 'wrong-clock'))
  })
}
