/**
 * A process that opens the store in the given folder and reports the result in a line of JSON: `{"open":true}` or
 * `{"error":code}`. With `append` it then adds messages without end, and writes one line for each that the store
 * acknowledged.
 */
import { writeSync } from 'node:fs'
import { errorToData } from '../../protocol/base/errors.ts'
import { openSqliteStore } from '../../protocol/store/sqlite.ts'

const [directory = '', mode] = process.argv.slice(2)
/** Synchronous: a message whose line is missing when the process is killed was not acknowledged. */
function say(line: unknown): void {
  let rest = Buffer.from(`${JSON.stringify(line)}\n`)
  while (rest.byteLength > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      // The pipe is full: its reader is late.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

try {
  const store = await openSqliteStore({ directory })
  say({ open: true })
  if (mode === 'append') {
    const peer = 'friend'
    const text = (seq: number) => `message ${seq} ${'of some length '.repeat(seq % 50)}`
    for (;;) {
      const message = store.queueMessage(peer, {
        id: `out-${store.conversation(peer).queued + 1}`,
        text: text(1),
        sentAt: 1,
      })
      say({ queued: message.seq })
      if (message.seq % 3 === 0) {
        store.markSent(peer, [{ seq: store.conversation(peer).sent + 1, hash: new Uint8Array([message.seq % 256]) }])
        say({ sent: store.conversation(peer).sent })
      }
      const seq = store.conversation(peer).received + 1
      const hash = new Uint8Array(32).fill(seq % 256)
      store.receiveMessage(peer, {
        id: `in-${seq}`,
        text: text(seq),
        sentAt: 1,
        receivedAt: 2,
        seq,
        hash,
        recalled: false,
      })
      say({ received: seq })
    }
  }
  setInterval(() => {}, 60_000)
} catch (error) {
  say({ error: errorToData(error).code })
}
