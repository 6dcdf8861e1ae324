/**
 * Measures chat between two processes with stores on disk, directly and through a node that is a third process. The
 * same run measures plain TCP between two processes, because only ratios can be compared between machines.
 */
import { join } from 'node:path'
import { rounded, timesOf, type Times } from './figures.ts'
import { Stage, type Child } from './processes.ts'
import type { Measure } from './measure.ts'

/** The length of a typical sentence. */
const textBytes = 128
const text = 'x'.repeat(textBytes)

export async function measureChat({ quick, progress }: Measure) {
  const count = quick ? { messages: 10, tcp: 200, many: 50 } : { messages: 200, tcp: 5000, many: 5000 }
  progress('chat: plain TCP')
  const tcp = await plainTcp(count.tcp)
  const measured = { direct: await conversation('direct'), relayed: await conversation('relayed') }
  return {
    definitions: {
      delivered: 'from sendMessage() until the sender has the receipt that the message is on the receiver’s disk',
      answered: 'from sendMessage() until the answer, another message, is on the sender’s disk',
      tcp: 'a round trip of the same bytes over plain TCP between two processes',
    },
    textBytes,
    tcpRoundTrips: count.tcp,
    tcpP50Ms: tcp.p50,
    tcpP99Ms: tcp.p99,
    roundTrips: count.messages,
    messagesOneWay: count.many,
    ...measured,
  }

  async function conversation(path: 'direct' | 'relayed') {
    await using stage = new Stage()
    progress(`chat: ${path}, becoming friends`)
    const { addresses } = await stage.node()
    const [alice, bob] = [stage.child(), stage.child()]
    const start = (child: Child, name: string): Promise<string> =>
      child.ask('start', {
        folder: join(stage.folder, name),
        nodes: addresses,
        direct: path === 'direct' ? 'auto' : 'never',
      })
    const [, to] = await Promise.all([start(alice, 'alice'), start(bob, 'bob')])
    await Promise.all([bob.ask('accept'), alice.ask('request', { to })])
    await alice.ask('path', { to, path })

    progress(`chat: ${path}, one message at a time`)
    await alice.ask('sendUntilDelivered', { to, text, count: 10 })
    const delivered = timesOf(await alice.ask('sendUntilDelivered', { to, text, count: count.messages }))
    progress(`chat: ${path}, ${count.many} messages one way`)
    const manyMs = await alice.ask('sendMany', { to, text, count: count.many })
    progress(`chat: ${path}, messages and answers`)
    await bob.ask('echo')
    const answered = timesOf(await alice.ask('sendUntilAnswered', { to, text, count: count.messages }))
    await Promise.all([alice.ask('stop'), bob.ask('stop')])
    return {
      ...named('delivered', delivered, tcp),
      ...named('answered', answered, tcp),
      messagesPerSecond: rounded((count.many * 1000) / manyMs),
    }
  }
}

function named(what: 'delivered' | 'answered', times: Times, tcp: Times) {
  return {
    [`${what}P50Ms`]: times.p50,
    [`${what}P99Ms`]: times.p99,
    [`${what}P50TimesTcp`]: rounded(times.p50 / tcp.p50),
    [`${what}P99TimesTcp`]: rounded(times.p99 / tcp.p99),
  }
}

async function plainTcp(count: number): Promise<Times> {
  await using stage = new Stage()
  const [near, far] = [stage.child(), stage.child()]
  const port = await far.ask('listenTcp')
  await near.ask('tcpRoundTrips', { port, bytes: textBytes, count: 200 })
  return timesOf(await near.ask('tcpRoundTrips', { port, bytes: textBytes, count }))
}
