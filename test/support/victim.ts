/** The test's end of victim-process.ts: a node and a peer in a process of their own, whose memory can be measured. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { CallResults, PeerEvent } from '../../protocol/index.ts'
import type { CallName } from '../../protocol/index.ts'
import type { RelayNodeStats } from '../../protocol/relay-node.ts'
import type { FriendRow } from '../../protocol/store/store.ts'
import { nextOf } from './child.ts'
import { undo } from './cleanup.ts'
import { doorsOf, type Door } from './doors.ts'
import type { Order } from './victim-process.ts'

const MiB = 1024 * 1024

type OrderWithoutId = Order extends infer O ? (O extends Order ? Omit<O, 'id'> : never) : never
type Message = PeerEvent | { id: number; result: unknown } | { id: number; error: { code: string; message: string } }

export interface Victim {
  pid: number
  /** PeerId and listening address. */
  peer: string
  address: string
  /** Address of the node, with its PeerId. */
  node: string
  /** Every address of both. */
  doors: Door[]
  events: PeerEvent[]
  call<C extends CallName>(name: C, params?: unknown): Promise<CallResults[C]>
  putFriend(row: FriendRow): Promise<void>
  nodeStats(): Promise<RelayNodeStats>
  /** MiB of objects and buffers that are referenced. */
  inUse(): Promise<number>
  /** Runs `work`; returns the peak growth of resident memory in MiB, and the growth that remains afterwards. */
  growth(work: () => Promise<void>): Promise<{ peak: number; kept: number }>
  /** Fails if the process has ended, whatever ended it. */
  alive(): void
}

export async function startVictim(t: TestContext): Promise<Victim> {
  const child = fork(path.join(import.meta.dirname, 'victim-process.ts'), {
    // A small young generation: garbage is collected early, so the measurement counts referenced memory.
    execArgv: ['--max-semi-space-size=1', '--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
  })
  const pid = child.pid ?? assert.fail('the victim does not start')
  undo(t).defer(async () => {
    if (child.exitCode != null || child.signalCode != null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  const [first] = (await nextOf(child, 'message')) as [{ ready: CallResults['self'] & { nodeAddresses: string[] } }]
  const { ready } = first
  const events: PeerEvent[] = []
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  child.on('message', (message) => {
    const received = message as Message
    if ('event' in received) events.push(received)
    else if ('error' in received)
      waiting.get(received.id)?.reject(Object.assign(new Error(received.error.message), received.error))
    else waiting.get(received.id)?.resolve(received.result)
  })
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the victim died: ${code ?? signal}`))
  })
  const order = async (what: OrderWithoutId): Promise<unknown> => {
    const id = ++lastId
    const answer = Promise.withResolvers<unknown>()
    waiting.set(id, answer)
    child.send({ ...what, id })
    try {
      return await answer.promise
    } finally {
      waiting.delete(id)
    }
  }
  return {
    pid,
    peer: ready.peer,
    address: ready.listen[0] ?? assert.fail('the victim does not listen'),
    node: ready.nodeAddresses[0] ?? assert.fail('the node does not listen'),
    doors: [...doorsOf('a node', ready.nodeAddresses), ...doorsOf('a peer', ready.listen)],
    events,
    call: async <C extends CallName>(name: C, params: unknown = {}) =>
      (await order({ order: 'call', name, params })) as CallResults[C],
    async putFriend(row) {
      await order({ order: 'put-friend', row })
    },
    nodeStats: async () => (await order({ order: 'node-stats' })) as RelayNodeStats,
    inUse: async () => ((await order({ order: 'in-use' })) as number) / MiB,
    async growth(work) {
      await order({ order: 'collect' })
      // Resets the highest resident size (proc_pid_clear_refs(5)).
      fs.writeFileSync(`/proc/${pid}/clear_refs`, '5')
      const before = resident(pid, 'VmRSS')
      await work()
      const peak = resident(pid, 'VmHWM') - before
      await order({ order: 'collect' })
      return { peak, kept: resident(pid, 'VmRSS') - before }
    },
    alive() {
      assert.ok(child.exitCode == null && child.signalCode == null, 'the victim has died')
    },
  }
}

/** A line of /proc/PID/status, in MiB. */
function resident(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  return (Number(found?.[1] ?? assert.fail(`no ${line}`)) * 1024) / MiB
}
