/**
 * The file commands of a process of the benchmark: it sends and receives files as a peer, and over plain TCP and TLS.
 * Times are measured in this process, so that they do not contain the IPC channel's delay.
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import net from 'node:net'
import { pipeline } from 'node:stream/promises'
import tls from 'node:tls'
import type { Peer, Transfer } from '#protocol'

/** A buffer as large as a chunk of a transfer, so that plain TCP is not slowed down by small reads. */
const highWaterMark = 1024 * 1024

/** Key and certificate in PEM. */
export interface Certificate {
  key: string
  cert: string
}

export interface Chatting {
  transferMs: number
  /** From sending each message to its receipt, while the transfer was active. */
  deliveredMs: number[]
}

/** `running` returns the peer of this process. */
export function fileCommands(running: () => Peer) {
  const done = async (id: string): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const settle = ({ state, error }: Transfer): void => {
      if (state === 'done') resolve()
      else if (state === 'failed' || state === 'cancelled') reject(new Error(error?.message ?? state))
    }
    const stop = running().subscribe(({ event, data }) => {
      if (event === 'transfer-changed' && data.id === id) settle(data)
    })
    await promise.finally(stop)
  }

  return {
    /** Accepts every transfer that is offered from now on. */
    async acceptFiles({ directory }: { directory: string }): Promise<void> {
      running().subscribe(({ event, data }) => {
        if (event === 'transfer-offered') void running().acceptTransfer({ transfer: data.id, directory })
      })
    },

    /** Milliseconds from the call until the receiver confirms that everything is on its disk. */
    async sendFiles({ to, path }: { to: string; path: string }): Promise<number> {
      const started = performance.now()
      const { id } = await running().sendFiles({ peer: to, paths: [path] })
      await done(id)
      return performance.now() - started
    },

    /** Sends files and, during the transfer, one message after the other. */
    async sendFilesChatting({ to, path }: { to: string; path: string }): Promise<Chatting> {
      const started = performance.now()
      const { id } = await running().sendFiles({ peer: to, paths: [path] })
      let over = false
      const sent = done(id).finally(() => (over = true))
      const deliveredMs: number[] = []
      while (!over) {
        const sentAt = performance.now()
        const message = await running().sendMessage({ peer: to, text: 'Are you there?' })
        const { promise, resolve } = Promise.withResolvers<void>()
        const stop = running().subscribe(({ event, data }) => {
          if (event === 'message-changed' && data.id === message.id && data.state === 'delivered') resolve()
        })
        await promise
        stop()
        deliveredMs.push(performance.now() - sentAt)
      }
      await sent
      return { transferMs: performance.now() - started, deliveredMs }
    },

    /** Receives one file over plain TCP or TLS, syncs it to disk, and confirms with one byte. Returns the port. */
    async takeFile({ path, certificate }: { path: string; certificate?: Certificate }): Promise<number> {
      const receive = async (socket: net.Socket): Promise<void> => {
        const file = createWriteStream(path, { highWaterMark })
        await pipeline(socket, file, { end: true })
        const handle = await open(path, 'r+')
        await handle.sync()
        await handle.close()
      }
      const serve = (socket: net.Socket): void => {
        void receive(socket).then(() => socket.end('.'))
      }
      const options = { allowHalfOpen: true, noDelay: true }
      const server =
        certificate === undefined
          ? net.createServer(options, serve)
          : tls.createServer({ ...options, ...certificate }, serve)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as net.AddressInfo).port
    },

    /** Milliseconds until the receiver has the file on its disk. */
    async giveFile({
      path,
      port,
      certificate,
    }: {
      path: string
      port: number
      certificate?: Certificate
    }): Promise<number> {
      const started = performance.now()
      const target = { port, host: '127.0.0.1', allowHalfOpen: true }
      const socket =
        certificate === undefined
          ? net.connect(target)
          : tls.connect({ ...target, ca: certificate.cert, checkServerIdentity: () => undefined })
      await once(socket, certificate === undefined ? 'connect' : 'secureConnect')
      const answered = once(socket, 'data')
      await pipeline(createReadStream(path, { highWaterMark }), socket)
      await answered
      return performance.now() - started
    },
  }
}
