/**
 * A program that runs inside a network of the lab and measures how the network treats plain TCP. `serve` listens on the
 * given ports, and reports to each caller the source port that it sees and the result of a connection back to it. `call
 * HOST PORT LOCAL-PORT` prints that answer, or null if there is none.
 */
import net from 'node:net'
import { text } from 'node:stream/consumers'

/** Milliseconds after which a call counts as lost. The answer to a call takes as long as one lost call. */
const lost = 1000

export interface Seen {
  port: number
  /** An error's code, or `silence`. */
  back: string
}

const [act, ...args] = process.argv.slice(2)
if (act === 'serve') {
  for (const port of args)
    net.createServer({ allowHalfOpen: true }, (socket) => void answer(socket)).listen(Number(port))
  // The process that started it has ended.
  process.stdin.resume().once('end', () => process.exit())
} else {
  const [host = '', port, localPort] = args
  const socket = net.connect({ host, port: Number(port), localPort: Number(localPort) })
  const timer = setTimeout(() => socket.destroy(new Error('Nobody answers')), 3 * lost)
  process.stdout.write(await text(socket).catch(() => 'null'))
  clearTimeout(timer)
}

async function answer(socket: net.Socket): Promise<void> {
  const { remoteAddress = '', remotePort = 0 } = socket
  const seen: Seen = { port: remotePort, back: await callBack(remoteAddress, remotePort) }
  socket.end(JSON.stringify(seen))
}

function callBack(host: string, port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = net.connect({ host, port }, () => resolve('connected'))
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  const timer = setTimeout(() => resolve('silence'), lost)
  return promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}
