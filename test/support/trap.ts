/** A port that must receive no connections. */
import { once } from 'node:events'
import net from 'node:net'
import type { TestContext } from 'node:test'
import { undo } from './cleanup.ts'

/** Accepts connections on loopback, closes them at once, and counts them. `address`: without a PeerId. */
export async function trap(t: TestContext): Promise<{ address: string; calls(): number }> {
  let calls = 0
  const server = net.createServer((socket) => {
    calls += 1
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo(t).defer(() => void server.close())
  return { address: `/ip4/127.0.0.1/tcp/${(server.address() as net.AddressInfo).port}`, calls: () => calls }
}
