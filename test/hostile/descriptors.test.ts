/** A node whose process may open no more files (docs/threats.md 19). */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { bothTransports, doorsOf } from '../support/doors.ts'
import { guardProcess } from '../support/guard.ts'
import { HeadlessNode } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { befriend, online, startPeer, tell, until } from '../support/network.ts'
import { rawSockets } from '../support/raw-socket.ts'

guardProcess()

/** The limits by address do not come before it. */
const descriptors = 120

test(
  'hostile 19: without a file descriptor left, a node keeps who is there, refuses others, and lets them in afterwards',
  { skip: process.platform !== 'linux' && 'it counts descriptors in /proc' },
  async (t) => {
    const limited = ['sh', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`]
    const node = await new HeadlessNode(new Stage(t), 'node', { through: limited, listen: bothTransports }).start()
    const open = (): number => fs.readdirSync(`/proc/${node.pid}/fd`).length
    const setup = { nodes: [node.addresses[0] ?? ''], direct: 'never' } as const
    const [alice, bob] = [await startPeer(t, setup), await startPeer(t, setup)]
    await befriend(alice, bob)
    const before = open()
    assert.ok(before < descriptors / 2, `${before} at the start`)

    const socket = rawSockets(t)
    const doors = doorsOf('a node', node.addresses)
    const sockets: Awaited<ReturnType<typeof socket>>[] = []
    for (let n = 0; n < 2 * descriptors; n += 1) {
      const door = doors[n % doors.length] ?? assert.fail()
      sockets.push(await socket(door, `127.0.${1 + (n % 100)}.1`))
    }
    await until(() => open() >= descriptors - 1, 'none is left')
    for (let n = 0; n < 10; n += 1) {
      await tell(alice, bob, `in the rush ${n}`)
      await tell(bob, alice, `as well ${n}`)
    }
    assert.equal((await alice.friends())[0]?.path, 'relayed')
    const late = await startPeer(t, setup)
    for (const { socket: one } of sockets) one.destroy()
    await until(async () => (await late.self()).nodes[0]?.state === 'connected', 'there is room again')
    await online(alice, bob)
    await tell(alice, bob, 'afterwards')
    await until(() => open() <= before + 2, 'none stays open')
  },
)
