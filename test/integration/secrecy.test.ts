/**
 * What a node, or an observer of its connections, can see of a relayed conversation: every byte on both connections and
 * everything that passes inside the relay and the directory is searched for the texts and for their authors.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Stream } from '@libp2p/interface'
import type { NodeNetwork } from '../../protocol/net/libp2p.ts'
import { directoryProtocol } from '../../protocol/net/policy.ts'
import { friendOf, nextEvent, online, pathBetween, startOpenNode, startPeer, tell, until } from '../support/network.ts'
import { startProxy } from '../support/proxy.ts'
import { wordsIn } from '../support/search.ts'
import { portOf } from '../support/addresses.ts'

/** Plain text that every connection sends before it is encrypted: proof that a capture contains the real bytes. */
const inTheClear = '/multistream/1.0.0'

interface Insides {
  /** One end of a circuit: what the relay carries. */
  relayed: Buffer[]
  /** Frames of the directory, decrypted. */
  directory: Buffer[]
}

/** The internal names that protocol/net/relay.ts depends on too. */
interface Hop {
  stream: { pb(codec: object): unknown; unwrap(): Stream }
}
interface RelayInsides {
  handleConnect(hop: Hop, options: object): Promise<void>
  stopHop(request: object, options: object): Promise<Stream | undefined>
}

test('a search finds a word in every encoding and at every position', () => {
  const word = 'Grüße an Zoë'
  const both = [word, 'not there']
  for (const encoding of ['utf8', 'utf16le'] as const) {
    for (let before = 0; before < 6; before += 1) {
      const text = Buffer.concat([randomBytes(before), Buffer.from(word, encoding), randomBytes(5)])
      for (const form of [text, text.toString('hex'), text.toString('base64'), text.toString('base64url')]) {
        const haystack = Buffer.concat([randomBytes(100), Buffer.from(form), randomBytes(100)])
        assert.deepEqual(wordsIn(haystack, both), [word])
      }
    }
  }
})

test('nothing that crosses the node for a relayed conversation can be read', async (t) => {
  const insides: Insides = { relayed: [], directory: [] }
  const node = await startOpenNode(t, (network) => record(network, insides))
  const port = portOf(node.address)
  const links = [await startProxy(t, port), await startProxy(t, port)]
  const [nearAlice, nearBob] = links.map((link) => `/ip4/127.0.0.1/tcp/${link.port}/p2p/${node.peer}`)

  const names = ['Alice Wörlitz-Öztürk', 'Bob Nebelkrähe']
  const note = 'Remember the lighthouse keeper, we met there'
  const handles = ['alice.woerlitz', 'bob_nebel-7']
  const texts = ['The treasure lies under the old oak', 'Кто это читает?', `A long one: ${'tell nobody '.repeat(3000)}`]
  const secrets = [...names, note, ...texts.slice(0, 2), 'tell nobody tell nobody']

  const alice = await startPeer(t, { nodes: [nearAlice ?? ''], name: names[0] ?? '', direct: 'never' })
  const bob = await startPeer(t, { nodes: [nearBob ?? ''], name: names[1] ?? '', direct: 'never' })
  for (const peer of [alice, bob]) {
    await until(async () => (await peer.self()).nodes[0]?.reserved === true, 'the node carries conversations')
  }
  await alice.setProfile({ handle: handles[0] ?? '' })
  await bob.setProfile({ handle: handles[1] ?? '' })

  const asked = nextEvent(alice, 'friend-request')
  await bob.requestFriend({ to: handles[0] ?? '', note })
  assert.equal((await asked).note, note)
  await alice.acceptFriend({ peer: bob.id })
  await online(alice, bob)
  for (const text of texts) {
    await tell(alice, bob, text)
    await tell(bob, alice, text)
  }
  await bob.markRead({ peer: alice.id, upTo: 3 })
  await until(async () => (await alice.messages({ peer: bob.id }))[0]?.state === 'read', 'the read mark arrived')

  // The text was sent, and only through the node.
  assert.deepEqual(await pathBetween(alice, bob), ['relayed', 'relayed'])
  assert.deepEqual([(await friendOf(alice, bob))?.name, (await friendOf(bob, alice))?.name], [names[1], names[0]])
  assert.deepEqual(
    (await alice.messages({ peer: bob.id })).map(({ text }) => text),
    texts.flatMap((text) => [text, text]),
  )
  assert.equal(node.network.getConnections().length, links.length)

  const said = Buffer.byteLength(texts.join('')) * 2
  for (const link of links) {
    const [toNode, fromNode] = link.seen()
    assert.ok(toNode != null && fromNode != null && link.seen().length === 2)
    // All texts passed here in both directions, encrypted. The plain greeting proves that the captured bytes are real.
    assert.ok(toNode.byteLength > said / 2 && fromNode.byteLength > said / 2)
    for (const way of [toNode, fromNode]) {
      assert.deepEqual(wordsIn(way, [inTheClear]), [inTheClear])
      assert.deepEqual(wordsIn(way, [...secrets, ...handles]), [])
    }
  }
  const relayed = Buffer.concat(insides.relayed)
  assert.ok(relayed.byteLength > said)
  assert.deepEqual(wordsIn(relayed, [inTheClear]), [inTheClear])
  assert.deepEqual(wordsIn(relayed, [...secrets, ...handles]), [])
  // The directory receives handles, because peers search for them. Everything else that it carries is sealed.
  const directory = Buffer.concat(insides.directory)
  assert.deepEqual(wordsIn(directory, handles), handles)
  assert.deepEqual(wordsIn(directory, secrets), [])
})

/** Records what passes inside the node: all that its relay and its directory send and receive, decrypted. */
function record(network: NodeNetwork, insides: Insides): void {
  const relay = network.services.relay as unknown as RelayInsides
  const { handleConnect, stopHop } = relay
  relay.handleConnect = (hop, options) => {
    const stream = {
      pb: (codec: object) => hop.stream.pb(codec),
      unwrap: () => tap(hop.stream.unwrap(), insides.relayed),
    }
    return handleConnect.call(relay, { ...hop, stream }, options)
  }
  relay.stopHop = async (request, options) => {
    const stream = await stopHop.call(relay, request, options)
    return stream == null ? undefined : tap(stream, insides.relayed)
  }
  const handle = network.handle.bind(network)
  network.handle = (protocol, handler, options) => {
    if (protocol !== directoryProtocol) return handle(protocol, handler, options)
    return handle(
      protocol,
      (stream, connection) => {
        stream.addEventListener('message', ({ data }) => insides.directory.push(Buffer.from(data.subarray())))
        return handler(tap(stream, insides.directory), connection)
      },
      options,
    )
  }
}

/** The relay sends what it received from one end of a circuit to the other end: both directions pass through `send`. */
function tap(stream: Stream, sent: Buffer[]): Stream {
  const send = stream.send.bind(stream)
  stream.send = (data) => {
    sent.push(Buffer.from(data.subarray()))
    return send(data)
  }
  return stream
}
