/** Kill -9 at any moment: everything that the store acknowledged is present, and the store is intact. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { openSqliteStore } from '../../protocol/store/sqlite.ts'
import type { Message } from '../../protocol/store/store.ts'
import { random } from '../support/random.ts'

const rounds = 20
const peer = 'friend'
interface Line {
  open?: true
  error?: string
  queued?: number
  sent?: number
  received?: number
}

test('a creation killed at any of its steps is completed by the next start', async (t) => {
  for (let step = 1; step <= 20; step++) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-store-crash-'))
    t.after(() => fs.rmSync(directory, { recursive: true }))
    const child = spawn(process.execPath, [path.join(import.meta.dirname, '../support/store-process.ts'), directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    // Every change in the directory is a step. A process faster than these events is killed when it reports ready.
    let changes = 0
    const watcher = fs.watch(directory, () => {
      if (++changes === step) child.kill('SIGKILL')
    })
    child.stdout.on('data', () => child.kill('SIGKILL'))
    await exited
    watcher.close()
    const store = await openSqliteStore({ directory })
    assert.equal(store.queueMessage(peer, { id: '1', text: 'first', sentAt: 1 }).seq, 1)
    store.close()
  }
})

test(`what was acknowledged survives ${rounds} kills at random moments, and the store is intact`, async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-store-crash-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const acknowledged = { queued: 0, sent: 0, received: 0 }
  const { next } = random(t)
  for (let round = 1; round <= rounds; round++) {
    const last = 1 + Math.floor(next() * 300)
    const child = spawn(
      process.execPath,
      [path.join(import.meta.dirname, '../support/store-process.ts'), directory, 'append'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const exited = once(child, 'exit')
    let lines = 0
    for await (const line of createInterface(child.stdout)) {
      const { open: _, error, ...numbers } = JSON.parse(line) as Line
      assert.equal(error, undefined)
      Object.assign(acknowledged, numbers)
      if (++lines === last) child.kill('SIGKILL')
    }
    await exited
    assert.equal(child.signalCode, 'SIGKILL')

    const store = await openSqliteStore({ directory })
    const { queued, sent, received, delivered } = store.conversation(peer)
    for (const [name, is] of Object.entries({ queued, sent, received })) {
      const least = acknowledged[name as keyof typeof acknowledged]
      // One more message may have been on the disk when the process died before reporting it.
      assert.ok(is === least || is === least + 1, `${name} is ${is}, ${least} was acknowledged`)
    }
    Object.assign(acknowledged, { queued, sent, received })
    assert.equal(delivered, 0)
    const all = store.messages(peer, 1_000_000)
    const of = (direction: Message['direction']) => all.filter((message) => message.direction === direction)
    const numbers = (length: number) => Array.from({ length }, (_, n) => n + 1)
    assert.deepEqual(
      of('out').map(({ seq }) => seq),
      numbers(queued),
    )
    assert.deepEqual(
      of('in').map(({ seq }) => seq),
      numbers(received),
    )
    assert.deepEqual(
      of('out').map(({ state }) => state === 'sent'),
      numbers(queued).map((seq) => seq <= sent),
    )
    assert.equal(store.unread(peer), received)
    assert.equal(store.search('message', 1_000_000).length, queued + received)
    store.close()
  }
  assert.ok(acknowledged.received > 0)
})
