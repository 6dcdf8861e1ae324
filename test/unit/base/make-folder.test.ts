/** Creating a folder with those above it, on every file system. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { makeFolder, makeFolderSync } from '../../../protocol/base/make-folder.ts'
import { folder } from '../../support/cleanup.ts'

const waysToMake = [
  ['asynchronous', makeFolder],
  ['synchronous', async (at: string, mode?: number) => makeFolderSync(at, mode)],
] as const

for (const [how, make] of waysToMake) {
  test(`${how}: those above are created with the same permissions, and one that exists is left as it is`, async (t) => {
    const top = folder(t)
    const deep = path.join(top, 'a', 'b', 'c')
    await make(deep, 0o700)
    for (const each of [deep, path.dirname(deep)]) assert.equal(fs.statSync(each).mode & 0o777, 0o700)
    fs.chmodSync(deep, 0o755)
    await make(deep, 0o700)
    assert.equal(fs.statSync(deep).mode & 0o777, 0o755)
    fs.symlinkSync(deep, path.join(top, 'link'))
    await make(path.join(top, 'link'))
    await make(path.join(top, 'link', 'd'))
    assert.deepEqual(fs.readdirSync(deep), ['d'])
    await make('/')
  })

  test(`${how}: a file in the way is an error`, async (t) => {
    const file = path.join(folder(t), 'file')
    fs.writeFileSync(file, '')
    await assert.rejects(async () => make(file), { code: 'EEXIST' })
    await assert.rejects(async () => make(path.join(file, 'below', 'deep')), { code: /^(ENOTDIR|ENOENT)$/ })
  })
}

test(
  'a file system that takes no folder answers at once',
  { skip: process.platform !== 'linux' && 'no procfs' },
  () => {
    // In a process of its own: where it spins, no timer of this one would run.
    const module = new URL('../../../protocol/base/make-folder.ts', import.meta.url).href
    const script = `
    const { makeFolder, makeFolderSync } = await import(${JSON.stringify(module)})
    try { makeFolderSync('/proc/quorum/below') } catch (error) { console.log(error.code) }
    await makeFolder('/proc/quorum/below').catch((error) => console.log(error.code))`
    const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    assert.deepEqual([stdout, signal], ['ENOENT\nENOENT\n', null])
  },
)

test('nothing that people run creates folders in the way that spins', () => {
  const root = new URL('../../../', import.meta.url)
  const found = ['protocol', 'node', 'desktop', 'scripts/cli'].flatMap((room) =>
    fs
      .readdirSync(new URL(room, root), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.m?tsx?$/.test(name))
      .filter((name) => /mkdir(Sync)?\([^)]*recursive/s.test(fs.readFileSync(new URL(`${room}/${name}`, root), 'utf8')))
      .map((name) => `${room}/${name}`),
  )
  assert.deepEqual(found, [])
})
