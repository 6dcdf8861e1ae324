/**
 * One end of a measurement in a process of its own: a peer, many light peers, or one end of a plain TCP connection. Its
 * parent tells it what to do over the channel; when the parent is gone it ends. Times are taken here, where things
 * happen, not across the channel.
 */
import { once } from 'node:events'
import net from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { createPeer, errorToData, openMemoryStore, openSqliteStore } from '#protocol'
import type { ConnectionInfo, Message, Peer, PeerEvent } from '#protocol'
import { fileCommands } from './file-commands.ts'
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
  if (peer == null) throw new Error('The peer is not started')
  return peer
}

/** Every command takes and returns what the channel can carry. */
const commands = {
  ...fileCommands(running),
  ...streamCommands,

  /** Starts a peer on a store on disk; returns its PeerId. */
  async start({ folder, nodes, direct, name }: StartOptions): Promise<string> {
    const store = await openSqliteStore({ directory: folder })
    peer = await createPeer({ store, nodes, direct, listen: [loopback], ...(name == null ? {} : { name }) })
    return (await peer.self()).peer
  },

  /** Accepts the first request that comes; returns when the conversation is open. */
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

  /** Returns when messages go this way. */
  async path({ to, path }: { to: string; path: ConnectionInfo['path'] }): Promise<void> {
    await waitFor(async () => ((await running().connection({ peer: to })).path === path ? true : undefined))
  },

  /** Milliseconds from sending until the receipt says it is on the other disk, one message after the other. */
  async sendUntilDelivered({ to, count, text }: Series): Promise<number[]> {
    const receipts = watchReceipts()
    const times: number[] = []
    for (let at = 0; at < count; at += 1) {
      const began = performance.now()
      const message = await running().sendMessage({ peer: to, text })
      await receipts.until(message.seq)
      times.push(performance.now() - began)
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

  /** Milliseconds from sending until the answer of an `echo` is here. */
  async sendUntilAnswered({ to, count, text }: Series): Promise<number[]> {
    const times: number[] = []
    for (let at = 0; at < count; at += 1) {
      const answer = nextEvent((event) => event.event === 'message-received')
      const began = performance.now()
      await running().sendMessage({ peer: to, text })
      await answer
      times.push(performance.now() - began)
    }
    return times
  },

  /** Milliseconds until so many messages, sent as fast as they are taken, are all on the other disk. */
  async sendMany({ to, count, text }: Series): Promise<number> {
    const receipts = watchReceipts()
    const began = performance.now()
    let last: Message | undefined
    for (let at = 0; at < count; at += 1) {
      last = await running().sendMessage({ peer: to, text })
      // As a program that gets its messages from somewhere: the network has its turn.
      await turn()
    }
    if (last != null) await receipts.until(last.seq)
    receipts.stop()
    return performance.now() - began
  },

  /** Starts peers that only hold their place at the node; returns when it has them all. */
  async startLight({ nodes, count }: { nodes: string[]; count: number }): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      light.push(await createPeer({ store: openMemoryStore(), nodes, direct: 'never' }))
    }
    for (const one of light) {
      await waitFor(async () => (await one.self()).nodes.every(({ reserved }) => reserved) || undefined)
    }
  },

  /** A plain TCP echo; returns its port. */
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

  /** Milliseconds of one exchange with a plain TCP echo. */
  async tcpRoundTrips({ port, bytes, count }: { port: number; bytes: number; count: number }): Promise<number[]> {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    const payload = Buffer.alloc(bytes, 1)
    const times: number[] = []
    for (let at = 0; at < count; at += 1) {
      const back = Promise.withResolvers<void>()
      let received = 0
      const read = (chunk: Buffer): void => {
        received += chunk.byteLength
        if (received === bytes) back.resolve()
      }
      socket.on('data', read)
      const began = performance.now()
      socket.write(payload)
      await back.promise
      times.push(performance.now() - began)
      socket.off('data', read)
    }
    socket.destroy()
    return times
  },

  async stop(): Promise<void> {
    const all = peer == null ? light : [peer, ...light]
    await Promise.all(all.map((one) => one.stop()))
  },
}

export type Commands = typeof commands
export type CommandName = keyof Commands
export interface Command {
  id: number
  name: CommandName
  params: unknown
}
export type Answer = { id: number; result: unknown } | { id: number; error: string }

/** Receipts are in order, so the highest sequence says it all; one waits at a time. */
function watchReceipts(): { until(seq: number): Promise<void>; stop(): void } {
  let highest = 0
  let waiting: { seq: number; resolve: () => void } | undefined
  const stop = running().subscribe((event) => {
    if (event.event !== 'message-changed' || event.data.state !== 'delivered') return
    highest = Math.max(highest, event.data.seq)
    if (waiting != null && highest >= waiting.seq) waiting.resolve()
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

async function nextEvent(fits: (event: PeerEvent) => boolean): Promise<void> {
  const found = Promise.withResolvers<void>()
  const stop = running().subscribe((event) => {
    if (fits(event)) found.resolve()
  })
  await found.promise
  stop()
}

/** Nothing timed waits here. */
async function waitFor<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function serve({ id, name, params }: Command): Promise<void> {
  const answer = (value: Answer): void => void process.send?.(value)
  try {
    const command = commands[name] as (params: unknown) => Promise<unknown>
    answer({ id, result: await command(params) })
  } catch (error) {
    answer({ id, error: errorToData(error).message })
  }
}

process.on('message', (command: Command) => void serve(command))
process.on('disconnect', () => process.exit())
