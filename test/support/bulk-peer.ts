/**
 * A process that sends or receives bytes through a circuit, as fast as the other side allows: over a real circuit with
 * end-to-end encryption, or over the bare streams of a circuit, where only the relay limits the sender.
 */
import { randomBytes } from 'node:crypto'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { pull, push } from '../../protocol/net/streams.ts'
import { createPeerNetwork, type PeerNetwork } from '../../protocol/net/libp2p.ts'
import { Policy } from '../../protocol/net/policy.ts'
import { openMemoryStore } from '../../protocol/store/memory.ts'
import { answerCircuits, bareHost, callCircuit, connectTo, reserve } from './circuit.ts'
import { patience } from './until.ts'
import { serve, type Table } from './worker.ts'

const bulkProtocol = '/quorum-test/bulk/1.0.0'
const chunk = 64 * 1024

let network: PeerNetwork | undefined
let bare: Libp2p | undefined
let toNode: Connection | undefined
let node = ''
let reading = true
let pushed = 0
let taken = 0
let stream: Stream | undefined

const calls = {
  /** A real peer with a reservation. Returns its PeerId. */
  async join(address: string): Promise<string> {
    node = address
    const { privateKey, peer } = await identityFromSeed(randomBytes(32))
    const nodePeer = address.slice(address.lastIndexOf('/') + 1)
    const policy = new Policy({
      store: openMemoryStore(),
      privacy: () => ({ direct: 'auto', lan: true }),
      isNode: (other) => other === nodePeer,
      loopback: true,
    })
    // Friendship is not tested here.
    policy.relation = (other) => (other === nodePeer ? 'node' : 'friend')
    network = await createPeerNetwork({ privateKey, listen: [], policy })
    await network.handle(bulkProtocol, take)
    await network.start()
    toNode = await network.services.directDial.dial(node, 'own-node', AbortSignal.timeout(patience), patience)
    await network.services.circuits.reserve(toNode.remotePeer)
    return peer
  },
  /** A host that speaks the relay's protocols by hand, with a reservation. Returns its PeerId. */
  async joinBare(address: string): Promise<string> {
    bare = await bareHost()
    toNode = await connectTo(bare, address)
    await answerCircuits(bare, take)
    const status = await reserve(toNode)
    if (status !== 100) throw new Error(`refused with ${status}`)
    return bare.peerId.toString()
  },
  /** From now on incoming data is left unread. */
  async stopReading(): Promise<void> {
    reading = false
  },
  /** Opens a circuit to `peer`, for `push`. */
  async open(peer: string): Promise<void> {
    if (network != null) {
      const address = `${node}/p2p-circuit/p2p/${peer}`
      const circuit = await network.services.directDial.dial(address, { peer }, AbortSignal.timeout(patience), patience)
      stream = await circuit.newStream(bulkProtocol)
    } else {
      stream = (await callCircuit(toNode ?? missing(), peer)).stream
    }
  },
  /** Sends `bytes`, or as many as are accepted before the stream ends, and waits until the other side has ended too. */
  async push(bytes: number): Promise<void> {
    const to = stream ?? missing()
    const data = randomBytes(chunk)
    for (let left = bytes; left > 0; left -= chunk) {
      await push(to, data)
      pushed += chunk
    }
    await to.close()
    for await (const bytes of pull(to)) throw new Error(`${bytes.byteLength} bytes came back`)
  },
  /** Ends the circuit and everything else. */
  async leave(): Promise<void> {
    await network?.stop()
    await bare?.stop()
  },
  async counts(): Promise<{ pushed: number; taken: number }> {
    return { pushed, taken }
  },
} satisfies Table
export type BulkPeer = typeof calls

async function take(from: Stream): Promise<void> {
  if (!reading) return
  for await (const bytes of pull(from)) taken += bytes.byteLength
  await from.close()
}

function missing(): never {
  throw new Error('Join and open first')
}

serve(calls)
