/** The node's mailboxes and other processes: a second process on the same store, and a process that is killed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { test } from 'node:test'
import { openMailboxes } from '../../node/mailboxes.ts'
import { folder } from '../support/cleanup.ts'

const now = 1_800_000_000_000
const bytes = (text: string) => new TextEncoder().encode(text)

test('a second process on the same store is refused (threats.md 44)', async (t) => {
  const file = path.join(folder(t), 'held.db')
  const mail = openMailboxes(file)
  t.after(() => mail.close())
  const script = `
    import { openMailboxes } from ${JSON.stringify(new URL('../../node/mailboxes.ts', import.meta.url).href)}
    try { openMailboxes(process.argv[1]); console.log('opened') } catch (error) { console.log(error.code) }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file])
  let out = ''
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  await once(child, 'close')
  assert.equal(out.trim(), 'store-locked')
  await mail.hold('bob', 'alice', bytes('still works'), now)
})

test('envelopes held when the process was killed are present, and no stale lock remains (threats.md 40)', async (t) => {
  const file = path.join(folder(t), 'held.db')
  const script = `
    import { openMailboxes } from ${JSON.stringify(new URL('../../node/mailboxes.ts', import.meta.url).href)}
    const mail = openMailboxes(process.argv[1])
    for (let n = 0; ; n++) { await mail.hold('p' + n, 'alice', new Uint8Array(100).fill(n), 1); process.stdout.write(n + '\\n') }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file])
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
    if (out.length > 400) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const acknowledged = out.split('\n').slice(0, -1).map(Number)
  assert.ok(acknowledged.length > 10)
  const mail = openMailboxes(file)
  t.after(() => mail.close())
  for (const n of acknowledged) assert.equal(mail.held(`p${n}`).length, 1, `envelope ${n}`)
})
