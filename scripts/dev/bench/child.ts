/**
 * One end of a measurement in a process of its own: a peer, many light peers, or one end of a plain TCP connection. The
 * parent sends commands over the IPC channel (serve.ts). Times are measured in this process, so that they do not
 * contain the channel's delay.
 */
import { once } from 'node:events'
import net from 'node:net'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { createPeer, openMemoryStore, openSqliteStore } from '#protocol'
import type { ConnectionInfo, Message, Peer, PeerEvent } from '#protocol'
import { fileCommands } from './file-commands.ts'
import { serve } from './serve.ts'
import { streamCommands } from './stream-end.ts'

interface StartOptions {
  folder: string
  nodes: string[]
  direct: 'auto' | 'never'
  name?: string
}

interface Series {
  to: string
  count: number
  text: string
}

const loopback = '/ip4/127.0.0.1/tcp/0'
const light: Peer[] = []
let peer: Peer | undefined

function running(): Peer {
  if (peer === undefined) throw new Error('The peer is not started')
  return peer
}

/** Parameters and results are values that the IPC channel can carry. */
const commands = {
  ...fileCommands(running),
  ...streamCommands,

  /** Starts a peer with a store on disk; returns its PeerId. */
  async start({ folder, nodes, direct, name }: StartOptions): Promise<string> {
    const store = await openSqliteStore({ directory: folder })
    peer = await createPeer({ store, nodes, direct, listen: [loopback], ...(name === undefined ? {} : { name }) })
    return (await peer.self()).peer
  },

  /** Accepts the first friend request that arrives; returns when the friend is online. */
  async accept(): Promise<void> {
    const request = await waitFor(async () => (await running().friends()).find(({ state }) => state === 'incoming'))
    await running().acceptFriend({ peer: request.peer })
    await commands.online()
  },

  async request({ to }: { to: string }): Promise<void> {
    await running().requestFriend({ to })
    await commands.online()
  },

  async online(): Promise<void> {
    await waitFor(async () => (await running().friends()).find(({ online }) => online))
  },

  /** Returns when messages take this path. */
  async path({ to, path }: { to: string; path: ConnectionInfo['path'] }): Promise<void> {
    await waitFor(async () => ((await running().connection({ peer: to })).path === path ? true : undefined))
  },

  /** Milliseconds from sending until the receipt that the message is on the other disk, one message after the other. */
  async sendUntilDelivered({ to, count, text }: Series): Promise<number[]> {
    const receipts = watchReceipts()
    const times: number[] = []
    for (let sent = 0; sent < count; sent += 1) {
      const started = performance.now()
      const message = await running().sendMessage({ peer: to, text })
      await receipts.until(message.seq)
      times.push(performance.now() - started)
    }
    receipts.stop()
    return times
  },

  /** Answers every message with the same text. */
  async echo(): Promise<void> {
    running().subscribe((event) => {
      if (event.event === 'message-received')
        void running().sendMessage({ peer: event.data.peer, text: event.data.text })
    })
  },

  /** Milliseconds from sending until the answer of an `echo` arrives. */
  async sendUntilAnswered({ to, count, text }: Series): Promise<number[]> {
    const times: number[] = []
    for (let sent = 0; sent < count; sent += 1) {
      const answer = nextEvent((event) => event.event === 'message-received')
      const started = performance.now()
      await running().sendMessage({ peer: to, text })
      await answer
      times.push(performance.now() - started)
    }
    return times
  },

  /** Milliseconds until `count` messages, sent as fast as the peer accepts them, are all on the other disk. */
  async sendMany({ to, count, text }: Series): Promise<number> {
    const receipts = watchReceipts()
    const started = performance.now()
    let last: Message | undefined
    for (let sent = 0; sent < count; sent += 1) {
      last = await running().sendMessage({ peer: to, text })
      // Like a program that reads its messages from a stream: between two of them the network gets its turn.
      await yieldToEventLoop()
    }
    if (last !== undefined) await receipts.until(last.seq)
    receipts.stop()
    return performance.now() - started
  },

  /** Returns when parcels can be left for the friend. */
  async mailbox(): Promise<void> {
    await waitFor(async () => (await running().friends()).find(({ mailbox }) => mailbox))
  },

  /** Writes `count` messages to a friend who is away; returns when all of them are left at a node. */
  async leave({ to, count, text }: Series): Promise<void> {
    for (let sent = 0; sent < count; sent += 1) await running().sendMessage({ peer: to, text })
    await waitFor(async () => {
      const newest = await running().messages({ peer: to, limit: Math.min(count, 500) })
      return newest.every(({ leftAt }) => leftAt !== undefined) || undefined
    })
  },

  /** Milliseconds from the start of a peer until it has received `count` messages, give or take one look. */
  async startUntilReceived({ count, ...options }: StartOptions & { count: number }): Promise<number> {
    const started = performance.now()
    await commands.start(options)
    await waitFor(async () => (await running().friends()).find(({ unread }) => unread >= count))
    return performance.now() - started
  },

  /** Starts peers that only keep a reservation at the node; returns when all of them have one. */
  async startLight({ nodes, count }: { nodes: string[]; count: number }): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      light.push(await createPeer({ store: openMemoryStore(), nodes, direct: 'never' }))
    }
    for (const one of light) {
      await waitFor(async () => (await one.self()).nodes.every(({ reserved }) => reserved) || undefined)
    }
  },

  /** Starts a plain TCP echo server; returns its port. */
  async listenTcp(): Promise<number> {
    const server = net.createServer({ noDelay: true }, (socket) => {
      socket.pipe(socket)
      socket.on('error', () => socket.destroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    server.unref()
    return (server.address() as net.AddressInfo).port
  },

  /** Milliseconds of each round trip to a plain TCP echo server. */
  async tcpRoundTrips({ port, bytes, count }: { port: number; bytes: number; count: number }): Promise<number[]> {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const payload = Buffer.alloc(bytes, 1)
    const times: number[] = []
    for (let sent = 0; sent < count; sent += 1) {
      const returned = Promise.withResolvers<void>()
      let received = 0
      const read = (chunk: Buffer): void => {
        received += chunk.byteLength
        if (received === bytes) returned.resolve()
      }
      socket.on('data', read)
      const started = performance.now()
      socket.write(payload)
      await returned.promise
      times.push(performance.now() - started)
      socket.off('data', read)
    }
    socket.destroy()
    return times
  },

  async stop(): Promise<void> {
    const all = peer === undefined ? light : [peer, ...light]
    await Promise.all(all.map((one) => one.stop()))
  },
}

export type Commands = typeof commands

/** Receipts arrive in order, so the highest sequence is enough. Only one caller may wait at a time. */
function watchReceipts(): { until(seq: number): Promise<void>; stop(): void } {
  let highest = 0
  let waiting: { seq: number; resolve: () => void } | undefined
  const stop = running().subscribe((event) => {
    if (event.event !== 'message-changed' || event.data.state !== 'delivered') return
    highest = Math.max(highest, event.data.seq)
    if (waiting !== undefined && highest >= waiting.seq) waiting.resolve()
  })
  return {
    stop,
    async until(seq) {
      if (highest >= seq) return
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting = { seq, resolve }
      await promise
    },
  }
}

async function nextEvent(matches: (event: PeerEvent) => boolean): Promise<void> {
  const found = Promise.withResolvers<void>()
  const stop = running().subscribe((event) => {
    if (matches(event)) found.resolve()
  })
  await found.promise
  stop()
}

/** Polls, so no measured time may contain it. */
async function waitFor<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

serve(commands)
