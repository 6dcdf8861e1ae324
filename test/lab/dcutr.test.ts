/**
 * Hole punch messages between Quorum and js-libp2p's own DCUtR service, in both roles, over a circuit in the NAT lab:
 * each side reads the other's addresses and dials them at the agreed moment. js-libp2p dials from a port that no node
 * has seen (libp2p/test-plans#864), so its own dial never passes a router: here it has a public address.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { needsLab } from '../support/lab-needs.ts'
import { labWithNode } from '../support/lab-node.ts'
import type { LineProcess } from '../support/line-process.ts'
import type { Report } from '../support/dcutr-end.ts'

const port = 4002

test(
  'dialled by js-libp2p: Quorum starts the exchange, and js-libp2p dials the address that Quorum sent',
  needsLab,
  async (t) => {
    const { ours, stock, outside } = await ends(t, 'callee', 'caller')
    const { dials } = await reported(stock, 'dials')
    assert.ok(dials?.startsWith(`/ip4/${outside}/tcp/`), `${dials} is not the router of Quorum`)
    // Not `no-answer`: the answer of js-libp2p had an address. Both ends of that dial act as the dialled side.
    assert.match((await reported(ours, 'log')).log ?? '', /^no direct path to .* \(blocked\)$/)
  },
)

test(
  'dialled by Quorum: js-libp2p starts the exchange, both dial, and the connection becomes direct',
  needsLab,
  async (t) => {
    const { ours, stock, outside, stockAddress } = await ends(t, 'caller', 'callee')
    const { dials } = await reported(stock, 'dials')
    assert.ok(dials?.startsWith(`/ip4/${outside}/tcp/`), `${dials} is not the router of Quorum`)
    assert.ok((await reported(ours, 'direct')).direct?.startsWith(stockAddress))
    assert.ok((await reported(stock, 'direct')).direct?.startsWith(`/ip4/${outside}/tcp/`))
  },
)

interface Ends {
  ours: LineProcess
  stock: LineProcess
  /** The address of Quorum as seen from the internet. */
  outside: string
  stockAddress: string
}

/** Quorum behind a router, js-libp2p at a public address, and a node that both use; the callee is ready first. */
async function ends(t: TestContext, oursIs: 'callee' | 'caller', stockIs: 'callee' | 'caller'): Promise<Ends> {
  const { lab, stage, node } = await labWithNode(t)
  const [address = assert.fail('the node does not listen')] = node.addresses
  const [home, open] = [await lab.place('cone'), await lab.place('open')]
  const stockAddress = `/ip4/${open.outside}/tcp/${port}`
  const start = {
    ours: () => stage.start('dcutr', ['ours', oursIs, address], { through: home.space.enter }),
    stock: () => stage.start('dcutr', ['stock', stockIs, address, stockAddress], { through: open.space.enter }),
  }
  const inOrder = oursIs === 'callee' ? (['ours', 'stock'] as const) : (['stock', 'ours'] as const)
  const processes: Partial<Record<'ours' | 'stock', LineProcess>> = {}
  for (const one of inOrder) {
    const started = start[one]()
    await reported(started, 'ready')
    processes[one] = started
  }
  const { ours = assert.fail(), stock = assert.fail() } = processes
  return { ours, stock, outside: home.outside, stockAddress }
}

async function reported(from: LineProcess, what: keyof Report): Promise<Report> {
  return JSON.parse(await from.line(`it reports ${what}`, (line) => what in (JSON.parse(line) as Report))) as Report
}
