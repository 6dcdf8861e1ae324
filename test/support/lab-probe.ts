/**
 * What a network of the lab does to plain TCP, as a program to be run inside it. `serve` listens on the ports given,
 * tells each caller from which port the call seems to come, and what comes of calling back there; `call HOST PORT
 * LOCAL-PORT` prints that answer, or null when nobody answers.
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
  // Whoever started it is gone.
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
