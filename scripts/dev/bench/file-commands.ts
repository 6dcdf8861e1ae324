/**
 * What a child of the bench does with files: sends and receives them as a peer, and the same over plain TCP and TLS.
 * Times are taken here, where things happen.
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import net from 'node:net'
import { pipeline } from 'node:stream/promises'
import tls from 'node:tls'
import type { Peer, Transfer } from '#protocol'

/** A buffer as large as a chunk: what a careful program would take. */
const highWaterMark = 1024 * 1024

/** Key and certificate, PEM. */
export interface Certificate {
  key: string
  cert: string
}

export interface Chatting {
  transferMs: number
  /** From sending a message to its receipt, while the transfer went on. */
  deliveredMs: number[]
}

/** `running`: the peer of this process. */
export function fileCommands(running: () => Peer) {
  const done = async (id: string): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = ({ state, error }: Transfer): void => {
      if (state === 'done') resolve()
      else if (state === 'failed' || state === 'cancelled') reject(new Error(error?.message ?? state))
    }
    const stop = running().subscribe(({ event, data }) => {
      if (event === 'transfer-changed' && data.id === id) look(data)
    })
    await promise.finally(stop)
  }

  return {
    /** Accepts whatever is offered from now on. */
    async acceptFiles({ directory }: { directory: string }): Promise<void> {
      running().subscribe(({ event, data }) => {
        if (event === 'transfer-offered') void running().acceptTransfer({ transfer: data.id, directory })
      })
    },

    /** Milliseconds from the call until the receiver says that all is on its disk. */
    async sendFiles({ to, path }: { to: string; path: string }): Promise<number> {
      const began = performance.now()
      const { id } = await running().sendFiles({ peer: to, paths: [path] })
      await done(id)
      return performance.now() - began
    },

    /** The same, with one message after the other beside it. */
    async sendFilesChatting({ to, path }: { to: string; path: string }): Promise<Chatting> {
      const began = performance.now()
      const { id } = await running().sendFiles({ peer: to, paths: [path] })
      let over = false
      const sent = done(id).finally(() => (over = true))
      const deliveredMs: number[] = []
      while (!over) {
        const at = performance.now()
        const message = await running().sendMessage({ peer: to, text: 'Are you there?' })
        const { promise, resolve } = Promise.withResolvers<void>()
        const stop = running().subscribe(({ event, data }) => {
          if (event === 'message-changed' && data.id === message.id && data.state === 'delivered') resolve()
        })
        await promise
        stop()
        deliveredMs.push(performance.now() - at)
      }
      await sent
      return { transferMs: performance.now() - began, deliveredMs }
    },

    /** Takes one file over plain TCP or TLS, puts it on the disk, and says so with one byte; returns its port. */
    async takeFile({ path, certificate }: { path: string; certificate?: Certificate }): Promise<number> {
      const take = async (socket: net.Socket): Promise<void> => {
        const file = createWriteStream(path, { highWaterMark })
        await pipeline(socket, file, { end: true })
        const handle = await open(path, 'r+')
        await handle.sync()
        await handle.close()
      }
      const serve = (socket: net.Socket): void => {
        void take(socket).then(() => socket.end('.'))
      }
      const options = { allowHalfOpen: true, noDelay: true }
      const server =
        certificate == null ? net.createServer(options, serve) : tls.createServer({ ...options, ...certificate }, serve)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as net.AddressInfo).port
    },

    /** Milliseconds until the other side has the file on its disk. */
    async giveFile({
      path,
      port,
      certificate,
    }: {
      path: string
      port: number
      certificate?: Certificate
    }): Promise<number> {
      const began = performance.now()
      const where = { port, host: '127.0.0.1', allowHalfOpen: true }
      const socket =
        certificate == null
          ? net.connect(where)
          : tls.connect({ ...where, ca: certificate.cert, checkServerIdentity: () => undefined })
      await once(socket, certificate == null ? 'connect' : 'secureConnect')
      const answered = once(socket, 'data')
      await pipeline(createReadStream(path, { highWaterMark }), socket)
      await answered
      return performance.now() - began
    },
  }
}
