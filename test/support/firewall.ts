/**
 * A firewall between the peers of one process: it sees every TCP connection they make, closes open ones and refuses new
 * ones from the moment it is switched on.
 */
import diagnostics from 'node:diagnostics_channel'
import type net from 'node:net'
import type { TestContext } from 'node:test'
import { undo } from './cleanup.ts'

export interface Firewall {
  /** Connections to these ports that are open now. */
  open(...ports: number[]): number
  /** Connections to these ports that were ever made. */
  made(...ports: number[]): number
  /** Closes open connections to these ports, and refuses new ones, until `unblock`. */
  block(...ports: number[]): void
  unblock(): void
}

export function firewall(t: TestContext): Firewall {
  const blocked = new Set<number>()
  const sockets: { socket: net.Socket; port: number }[] = []
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: net.Socket }
    socket.once('connect', () => {
      const port = socket.remotePort ?? 0
      sockets.push({ socket, port })
      if (blocked.has(port)) socket.resetAndDestroy()
    })
  }
  diagnostics.subscribe('net.client.socket', onSocket)
  undo(t).defer(() => void diagnostics.unsubscribe('net.client.socket', onSocket))
  const to = (ports: number[]): net.Socket[] =>
    sockets.flatMap(({ socket, port }) => (ports.includes(port) ? socket : []))
  return {
    open: (...ports) => to(ports).filter((socket) => !socket.destroyed).length,
    made: (...ports) => to(ports).length,
    block: (...ports) => {
      for (const port of ports) blocked.add(port)
      for (const socket of to(ports)) socket.resetAndDestroy()
    },
    unblock: () => blocked.clear(),
  }
}
