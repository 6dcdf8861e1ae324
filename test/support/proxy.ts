/** A TCP proxy that records every byte of both directions: the view of an observer on that link. */
import { once } from 'node:events'
import net from 'node:net'
import type { TestContext } from 'node:test'
import { undo } from './cleanup.ts'

export interface Proxy {
  port: number
  /** Everything since the start, each direction of each connection in one piece. */
  seen(): Buffer[]
  /** Open connections stay open but carry no more data, as with an unplugged cable. New connections work. */
  silence(): void
}

/** Forwards to `port` on loopback. */
export async function startProxy(t: TestContext, port: number): Promise<Proxy> {
  const recorded: Buffer[][] = []
  const sockets = new Set<net.Socket>()
  const carry = (from: net.Socket, to: net.Socket): void => {
    const bytes: Buffer[] = []
    recorded.push(bytes)
    sockets.add(from)
    from.on('data', (chunk) => bytes.push(chunk))
    from.pipe(to)
    // The end of one side ends the other, for any reason.
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
  const server = net.createServer((near) => {
    const far = net.connect({ host: '127.0.0.1', port })
    carry(near, far)
    carry(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo(t).defer(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as net.AddressInfo).port,
    seen: () => recorded.map((bytes) => Buffer.concat(bytes)),
    silence: () => {
      for (const socket of sockets) socket.unpipe().resume()
    },
  }
}
