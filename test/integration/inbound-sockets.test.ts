/** Sockets from accept to connection, on real sockets with small limits: places, handshakes and turns by address. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { InboundSockets, type InboundLimits } from '../../protocol/net/inbound-sockets.ts'
import { undo } from '../support/cleanup.ts'
import { until } from '../support/until.ts'

const roomy: InboundLimits = {
  sockets: 100,
  socketsPerAddress: [100, 100],
  share: 100,
  handshakes: 100,
  handshakesWhenLate: 100,
  handshakesPerAddress: 100,
  wait: 3_600_000,
  deadline: 3_600_000,
  quiet: 3_600_000,
  handshakeRate: { tokens: 100, per: 1000 },
}

/** A server with these limits, a way to connect to it, and the sockets whose handshakes have begun. */
async function scene(t: TestContext, limits: Partial<InboundLimits>) {
  const server = net.createServer()
  const inbound = new InboundSockets({ ...roomy, handshakesWhenLate: limits.handshakes ?? 100, ...limits })
  const begun: Socket[] = []
  const begin = (socket: Socket): void => void begun.push(socket.on('data', () => undefined))
  // 127.0.0.9 is a proxy.
  const cut = inbound.accept(server, begin, ({ remoteAddress }) => remoteAddress === '127.0.0.9')
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo(t).defer(() => {
    cut()
    server.close()
  })
  const connect = async (from: string, data = 'hello'): Promise<Socket> => {
    const { port } = server.address() as net.AddressInfo
    const socket = net.connect({ host: '127.0.0.1', port, localAddress: from })
    undo(t).defer(() => void socket.destroy())
    socket.on('error', () => socket.destroy()).resume()
    await once(socket, 'connect')
    if (data !== '') socket.write(data)
    return socket
  }
  const froms = (): string[] => begun.map(({ remoteAddress = '' }) => remoteAddress)
  return { inbound, begun, connect, froms, cut }
}

test('a socket that says nothing takes no handshake', async (t) => {
  const { begun, connect, inbound } = await scene(t, { handshakes: 1 })
  const silent = await connect('127.0.0.1', '')
  await connect('127.0.0.2')
  await until(() => begun.length === 1, 'the one that speaks begins')
  assert.equal(inbound.stats().sockets, 2)
  silent.destroy()
  await until(() => inbound.stats().sockets === 1, 'a socket that closes is forgotten')
})

test('handshakes wait for each other, by turns of the addresses, and not for a connection', async (t) => {
  const { begun, connect, froms, inbound } = await scene(t, { handshakes: 1 })
  for (let count = 0; count < 3; count += 1) await connect('127.0.0.1')
  await until(() => begun.length === 1, 'the first begins')
  await connect('127.0.0.2')
  await until(() => inbound.stats().waiting === 3, 'the others wait')
  for (let count = 0; count < 3; count += 1) inbound.connected(begun[count] ?? assert.fail())
  await until(() => begun.length === 4, 'all have begun')
  assert.ok(froms().indexOf('127.0.0.2') < 3, `it came in turn: ${froms().join(' ')}`)
  assert.equal(inbound.stats().sockets, 4)
})

test('a handshake that fails makes room for the next one', async (t) => {
  const { begun, connect } = await scene(t, { handshakesPerAddress: 1 })
  await connect('127.0.0.1')
  await connect('127.0.0.1')
  await until(() => begun.length === 1, 'one begins')
  begun[0]?.destroy()
  await until(() => begun.length === 2, 'the other begins')
})

test('an address begins no more handshakes than its rate allows, and others are not held up', async (t) => {
  const { begun, connect, froms } = await scene(t, { handshakeRate: { tokens: 2, per: 3_600_000 } })
  for (let count = 0; count < 3; count += 1) await connect('127.0.0.1')
  await connect('127.0.0.2')
  await until(() => begun.length === 3, 'three have begun')
  assert.equal(froms().filter((from) => from === '127.0.0.2').length, 1)
})

test('when all places are taken, the address with the most gives way: first what is no connection', async (t) => {
  const { begun, connect, inbound } = await scene(t, { sockets: 4, share: 2 })
  const connected = await connect('127.0.0.1')
  await until(() => begun.length === 1, 'it begins')
  inbound.connected(begun[0] ?? assert.fail())
  const silent = await connect('127.0.0.1', '')
  await until(() => inbound.stats().sockets === 2, 'both are there')
  await connect('127.0.0.1')
  await connect('127.0.0.1')
  await until(() => inbound.stats().sockets === 4, 'all places are taken')
  await connect('127.0.0.2')
  await until(() => silent.destroyed, 'the silent one gives way')
  await until(() => begun.some(({ remoteAddress }) => remoteAddress === '127.0.0.2'), 'the newcomer is in')
  assert.equal(connected.destroyed, false)
})

test('an address has its number of sockets, of which the oldest that is no connection gives way', async (t) => {
  const { connect, inbound } = await scene(t, { socketsPerAddress: [2, 100] })
  const [first] = [await connect('127.0.0.1', ''), await connect('127.0.0.1', ''), await connect('127.0.0.1', '')]
  await until(() => first.destroyed, 'the oldest is gone')
  assert.equal(inbound.stats().sockets, 2)
})

test('a socket whose handshake does not begin in time is cut, and keeps nobody else from beginning', async (t) => {
  const { begun, connect, inbound } = await scene(t, { wait: 50, handshakes: 1 })
  const all = [await connect('127.0.0.1'), await connect('127.0.0.1', ''), await connect('127.0.0.1')]
  await until(() => all.filter(({ destroyed }) => destroyed).length === 2, 'one is left')
  assert.deepEqual([begun.length, begun[0]?.destroyed], [1, false])
  begun[0]?.destroy()
  await until(() => inbound.stats().sockets === 0, 'it has ended too')
  await connect('127.0.0.2')
  await until(() => begun.length === 2, 'the next one begins')
})

test('a handshake that does not end in time is cut', async (t) => {
  const { begun, connect } = await scene(t, { deadline: 50 })
  const socket = await connect('127.0.0.1')
  await until(() => socket.destroyed, 'it is gone')
  assert.equal(begun.length, 1)
})

test('hostile 84: while others wait, a handshake in which nothing happens gives way, and no other one', async (t) => {
  for (const [limits, from] of [
    [{ handshakes: 2 }, '127.0.0.2'],
    [{ handshakesPerAddress: 2 }, '127.0.0.1'],
  ] as const) {
    const { begun, connect } = await scene(t, { ...limits, quiet: 500 })
    const alive = await connect('127.0.0.1')
    const talk = setInterval(() => alive.write('more'), 10)
    undo(t).defer(() => clearInterval(talk))
    const stalled = await connect('127.0.0.1')
    await until(() => begun.length === 2, 'both begin')
    await connect(from)
    await until(() => begun.length === 3, 'the newcomer begins')
    await until(() => stalled.destroyed, 'the stalled one is gone')
    assert.equal(alive.destroyed, false)
  }
})

test('while the process is late, few handshakes are in progress at once', async (t) => {
  const { begun, connect, inbound } = await scene(t, { handshakesWhenLate: 2 })
  const busy = setInterval(() => {
    for (const end = performance.now() + 300; performance.now() < end;);
  }, 1)
  undo(t).defer(() => clearInterval(busy))
  for (let count = 0; count < 8; count += 1) await connect(`127.0.0.${count + 1}`)
  for (let done = 0; done < 3; done += 1) {
    await until(() => begun.length === done + 2, 'two are in progress')
    await until(() => inbound.stats().waiting === 6 - done, 'the others wait')
    inbound.connected(begun[done] ?? assert.fail())
  }
  clearInterval(busy)
  await until(() => begun.length === 8, 'on time again, all are in progress')
})

test('sockets of a proxy count for the addresses that it tells, not for its own', async (t) => {
  const { begun, connect, inbound } = await scene(t, {
    socketsPerAddress: [2, 100],
    handshakesPerAddress: 1,
    handshakeRate: { tokens: 1, per: 3_600_000 },
  })
  const all: Socket[] = []
  for (let count = 0; count < 4; count += 1) all.push(await connect('127.0.0.9'))
  await until(() => begun.length === 4, 'all have begun')
  for (const socket of begun) inbound.cameFrom(socket, '192.0.2.1')
  await until(() => all.filter(({ destroyed }) => destroyed).length === 2, 'one address has two')
  assert.equal(inbound.stats().sockets, 2)
})

test('what came in through a closed server is cut', async (t) => {
  const { connect, inbound, cut } = await scene(t, {})
  const all = [await connect('127.0.0.1', ''), await connect('127.0.0.1')]
  await until(() => inbound.stats().sockets === 2, 'they are in')
  cut()
  await until(() => all.every(({ destroyed }) => destroyed), 'they are gone')
})
