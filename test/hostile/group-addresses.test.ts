/**
 * Two members of a group who are not friends (docs/threats.md 117): neither learns an address of the other, and nothing
 * but the protocol of groups, and a request to be friends, is open between them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { openMemoryStore } from '../../protocol/index.ts'
import { chatProtocol, dcutrProtocol, fileProtocol, groupProtocol } from '../../protocol/net/policy.ts'
import { befriended, Line, startAttacker } from '../support/attacker.ts'
import { guardProcess } from '../support/guard.ts'
import { GroupLine, joined, link, target, testGroup, textsOf, TestChain, entries } from '../support/hostile-member.ts'
import { startNode, startPeer, until } from '../support/network.ts'

guardProcess()

test('hostile 117: a member who is no friend learns no address over a circuit, and opens nothing but groups', async (t) => {
  const node = await startNode(t)
  const [nodeAddress = ''] = node.addresses()
  const store = openMemoryStore()
  const friend = await startAttacker(t)
  store.putFriend(befriended(friend.peer))
  const peer = await startPeer(t, { store, nodes: node.addresses() })
  const own = (await peer.self()).listen
  const victim = target(peer, own[0] ?? '')
  const ports = own.map(
    (one) =>
      multiaddr(one)
        .getComponents()
        .find(({ name }) => name === 'tcp')?.value ?? '',
  )
  assert.ok(ports.every((port) => port !== '') && ports.length > 0)

  // Mallory keeps everything that the other side says on any stream that it opens.
  const mallory = await startAttacker(t)
  const opened: { protocol: string; line: Line }[] = []
  const told: Uint8Array[] = []
  for (const protocol of [groupProtocol, chatProtocol, fileProtocol, dcutrProtocol])
    await mallory.host.handle(protocol, (stream) => void opened.push({ protocol, line: new Line(stream) }), {
      runOnLimitedConnection: true,
    })
  mallory.host.addEventListener('peer:identify', ({ detail }) => {
    if (detail.peerId.toString() === peer.id)
      told.push(
        Buffer.from(detail.listenAddrs.map(String).join('\n')),
        detail.signedPeerRecord?.addresses.length
          ? Buffer.from(detail.signedPeerRecord.addresses.map(String).join('\n'))
          : Buffer.alloc(0),
        Buffer.from(String(detail.observedAddr ?? '')),
      )
  })

  const group = await testGroup()
  group.addKey(friend.identity)
  group.addKey(mallory.identity)
  const [line] = await joined(friend, group, [victim])
  assert.ok(line)
  const reserved = async (): Promise<boolean> => (await peer.self()).nodes.some((one) => one.reserved)
  await until(reserved, 'the victim can be reached over its node')
  await assert.rejects(
    mallory.dial(`${nodeAddress}/p2p-circuit/p2p/${(await startAttacker(t)).peer}`),
    'nobody else is there',
  )
  const circuit: Connection = await mallory.dial(`${nodeAddress}/p2p-circuit/p2p/${peer.id}`)
  const groups: GroupLine = await link(mallory, group, { ...victim, id: peer.id }, circuit)
  const spoken = new TestChain(group, mallory.identity)
  await groups.send(entries(spoken.say('from a stranger to you')))
  await until(async () => (await textsOf(victim, group.id)).length === 1, 'they can talk')
  await peer.sendMessage({ group: group.id, text: 'from the victim' })
  await groups.send({
    kind: 'state',
    answer: false,
    decisions: 0,
    digest: '00'.repeat(32),
    ids: [],
    chains: [],
    again: [],
    cards: [],
  })
  const all = (): Buffer => Buffer.concat([...groups.line.frames, ...opened.flatMap((one) => one.line.frames), ...told])
  await until(() => all().includes('from the victim'), 'and hear')
  await until(() => groups.heard.some(({ kind }) => kind === 'cards'), 'the cards of all')
  await until(() => told.length > 0, 'and who they say they are')
  for (let round = 0; round < 3; round += 1) {
    for (const protocol of [chatProtocol, fileProtocol, dcutrProtocol]) {
      const refused = await mallory.open(circuit, protocol, false).then(
        async (other) => {
          await other.dropped()
          return true
        },
        () => true,
      )
      assert.ok(refused, protocol)
    }
    await peer.sendMessage({ group: group.id, text: `round ${round}` })
    await until(() => all().includes(`round ${round}`), 'the link goes on')
  }
  // Whatever is tried for the sake of a better path would be tried by now.
  await pause(30_000)
  await peer.sendMessage({ group: group.id, text: 'after a while' })
  await until(() => all().includes('after a while'), 'the link goes on')
  assert.equal(circuit.status, 'open')
  assert.deepEqual(
    new Set(opened.map(({ protocol }) => protocol)),
    opened.length === 0 ? new Set() : new Set([groupProtocol]),
  )
  const known = all()
  for (const port of ports) {
    const [textual, binary] = [`/tcp/${port}`, Buffer.from([0x06, Number(port) >> 8, Number(port) & 255])]
    assert.ok(!known.includes(textual), `the port in text: ${textual}`)
    assert.ok(!known.includes(binary), `the port in an address: ${port}`)
  }
  const direct = mallory.host.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peer.id)
  assert.ok(direct.every(({ remoteAddr }) => remoteAddr.toString().includes('/p2p-circuit')))
})
