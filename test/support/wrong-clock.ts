/**
 * A peer whose clock is wrong, in a process of its own: libp2p reads the clock too. Arguments: the node's address and
 * the years that it is ahead. Reports the state of its node twice a second, with the milliseconds since it began.
 */
import assert from 'node:assert/strict'

const [node = assert.fail('which node?'), years = '0'] = process.argv.slice(2)
const off = Number(years) * 365 * 24 * 60 * 60 * 1000

const Right = globalThis.Date
globalThis.Date = class extends Right {
  constructor(...given: unknown[]) {
    super(...((given.length === 0 ? [Right.now() + off] : given) as [number]))
  }
  static override now(): number {
    return Right.now() + off
  }
} as DateConstructor

const { createPeer, openMemoryStore } = await import('../../protocol/index.ts')
const peer = await createPeer({ store: openMemoryStore(), nodes: [node], listen: ['/ip4/127.0.0.1/tcp/0'] })
const begun = performance.now()
setInterval(async () => {
  const [state] = (await peer.self()).nodes
  process.send?.({ ...state, uptime: performance.now() - begun })
}, 500)
process.on('disconnect', () => process.exit())
