/**
 * A process that restores a backup is killed with -9 before each of its steps, and once more while the next one goes
 * on: the folder has the profile of before or the restored one, whole, and nothing besides.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { exportBackup, openSqliteStore } from '../../protocol/index.ts'
import { folder } from '../support/cleanup.ts'

const script = path.join(import.meta.dirname, '../support/restore-process.ts')

async function makeProfile(directory: string, name: string): Promise<void> {
  const store = await openSqliteStore({ directory })
  store.setSetting('seed', Buffer.alloc(32, name.length))
  store.setSetting('name', Buffer.from(name))
  store.queueMessage('b', { id: '1', text: `said by ${name}`, sentAt: 1 })
  store.close()
}

async function backup(t: TestContext): Promise<{ file: string; words: string }> {
  const directory = folder(t)
  await makeProfile(directory, 'restored')
  const store = await openSqliteStore({ directory })
  const { path: file, words = '' } = await exportBackup(store, { path: path.join(folder(t), 'backup') })
  store.close()
  return { file, words }
}

/** Returns whether it was killed. */
async function run(directory: string, file: string, words: string, step: number): Promise<boolean> {
  const child = spawn(process.execPath, [script, directory, file, words, String(step)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  await once(child, 'close')
  if (child.signalCode === 'SIGKILL') return true
  assert.equal(child.exitCode, 0)
  assert.ok(Number(out) < step, `${out.trim()} steps, and step ${step} was not one of them`)
  return false
}

/** The name in the profile; undefined: it is a new one. It is as it was when it was closed. */
async function nameIn(directory: string): Promise<string | undefined> {
  const store = await openSqliteStore({ directory })
  try {
    const name = store.setting('name')
    const texts = store.messages('b', 10).map(({ text }) => text)
    assert.deepEqual(texts, name === undefined ? [] : [`said by ${Buffer.from(name).toString()}`])
    return name && Buffer.from(name).toString()
  } finally {
    store.close()
    assert.deepEqual(fs.readdirSync(directory).toSorted(), ['lock.db', 'store.db', 'store.key'])
  }
}

for (const before of ['the former', undefined]) {
  const where = before === undefined ? 'in an empty folder' : 'over a profile'
  test(`94: a restore ${where} that is killed at any step leaves the old or the new profile`, async (t) => {
    const { file, words } = await backup(t)
    const former = folder(t)
    if (before !== undefined) await makeProfile(former, before)
    const found: (string | undefined)[] = []
    for (let step = 1; ; step++) {
      const directory = folder(t)
      fs.cpSync(former, directory, { recursive: true })
      const killed = await run(directory, file, words, step)
      // The opening that goes on after the decision is killed as well, at another step each time.
      if (fs.existsSync(path.join(directory, 'store.restored.key'))) await run(directory, file, '', 1 + (step % 8))
      found.push(await nameIn(directory))
      if (!killed) break
    }
    const decided = found.indexOf('restored')
    t.diagnostic(`${found.length} runs; with step ${decided + 1} the new profile is decided for`)
    assert.ok(decided > 5 && found.length - decided > 3, 'kills before and after the decision')
    assert.deepEqual(new Set(found.slice(0, decided)), new Set([before]))
    assert.deepEqual(new Set(found.slice(decided)), new Set(['restored']))
  })
}
