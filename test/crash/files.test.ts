/**
 * threats.md 40 and 47: a receiver killed at every step of its disk access (open, write, sync, rename, …), before it,
 * after it and in the middle of it, and again while it recovers: the received files are complete, stored once, have
 * their dates, those that the sender skipped are known, and nothing else remains. No file gets its final name before
 * its data is safe on the disk.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { chunkDigest } from '../../protocol/file/digest.ts'
import { FileList } from '../../protocol/file/manifest.ts'
import { Staging } from '../../protocol/file/receive/staging.ts'
import type { ManifestEntry } from '../../protocol/wire/offer.ts'
import { folder } from '../support/cleanup.ts'
import { DyingDisk, type Cut } from '../support/dying-disk.ts'
import { fileDigest, MiB, tree } from '../support/transfers.ts'

const id = '01890a5d-ac96-774b-bcce-000000000001'
const modified = Date.UTC(2020, 1, 2, 3, 4, 5)
const none = new AbortController().signal

/** The files sent: a file, one that ends with a hole, a folder with different kinds of entries, a name in use. */
const content = new Map<string, Buffer | undefined>([
  ['large', noise(MiB + 70_000)],
  ['hole', Buffer.concat([noise(100, MiB), Buffer.alloc(MiB)])],
  ['folder/one', noise(3000)],
  ['folder/changed', noise(2 * MiB)],
  ['folder/deep/two', noise(10)],
  ['folder/deep/empty', Buffer.alloc(0)],
  ['folder/nothing/', undefined],
  ['gone', noise(100)],
  ['taken', noise(500)],
])
/** Those that the sender skips, the first one in the middle of it. */
const skipped = ['folder/changed', 'gone']
const entries: ManifestEntry[] = [...content].map(([name, bytes]) => ({
  path: name,
  size: bytes?.byteLength ?? 0,
  modified: bytes == null ? 0 : modified,
}))
const list = new FileList(entries)
const paths = entries.map(({ path: name }) => name)
const missing = skipped.map((name) => paths.indexOf(name))

const cuts: Cut[] = ['before', 'half', 'after']

test('a receiver killed at any step of its disk access: everything complete, once, and nothing else', async (t) => {
  const steps = await everyStep(t, { links: true, every: 1 })
  assert.ok(steps > 40, `${steps} steps are fewer than there must be: the disk is reached in another way`)
  t.diagnostic(`${steps} steps, each cut before, within and after`)
})

test('the same on a disk without hard links', async (t) => {
  await everyStep(t, { links: false, every: 3 })
})

test('a receiver killed again while it recovers from the first kill', async (t) => {
  const where = folder(t)
  const disk = new DyingDisk(t, where)
  const steps = await whole(disk, path.join(where, 'steps'))
  let cases = 0
  for (let first = 3; first <= steps; first += 9) {
    for (let second = 2; ; second += 9) {
      const at = path.join(where, `${first}-${second}`)
      prepare(at)
      await disk.run(() => receive(at), first, 'after')
      const died = await disk.run(() => receive(at), second, 'after')
      await disk.run(() => receive(at))
      check(at, `killed at ${first}, then at ${second}`)
      fs.rmSync(at, { recursive: true })
      cases += 1
      if (!died) break
    }
  }
  t.diagnostic(`${cases} pairs of kills`)
  assert.deepEqual(disk.early, [])
})

test('files that were received and moved away since are not fetched again, and nothing is stored twice', async (t) => {
  const at = path.join(folder(t), 'received')
  prepare(at)
  // Up to the last chunk of the folder.
  await receive(at, (name) => name !== 'taken')
  fs.renameSync(path.join(at, 'large'), `${at}-large`)
  const asked: string[] = []
  await receive(at, (name) => asked.push(name) > 0)
  assert.deepEqual(asked, ['taken'], 'what was skipped is not asked for again')
  fs.renameSync(`${at}-large`, path.join(at, 'large'))
  check(at, 'moved away')
})

async function everyStep(t: TestContext, { links, every }: { links: boolean; every: number }): Promise<number> {
  const where = folder(t)
  const disk = new DyingDisk(t, where)
  disk.links = links
  const steps = await whole(disk, path.join(where, 'steps'))
  for (let step = 1; step <= steps; step += every) {
    for (const cut of cuts) {
      const at = path.join(where, `${step}-${cut}`)
      prepare(at)
      const died = await disk.run(() => receive(at), step, cut)
      const last = disk.trace.at(-1)
      await disk.run(() => receive(at))
      // The number of steps varies a little between runs.
      check(at, died ? `killed ${cut} step ${step}, ${last}` : 'not killed')
      fs.rmSync(at, { recursive: true })
    }
  }
  assert.deepEqual(disk.early, [], 'named before it was safe')
  return steps
}

/** Runs it once without a kill; returns its steps. */
async function whole(disk: DyingDisk, at: string): Promise<number> {
  prepare(at)
  assert.equal(await disk.run(() => receive(at)), false)
  check(at, 'not killed')
  return disk.steps
}

function prepare(at: string): void {
  fs.mkdirSync(at)
  fs.writeFileSync(path.join(at, 'taken'), 'mine')
}

/**
 * One process of a receiver: continues from the stored state to the end, or to the step that ends it. The store is a
 * file beside the folder.
 */
async function receive(at: string, wants: (name: string) => boolean = () => true): Promise<void> {
  const store = `${at}.names`
  const known = { names: [] as readonly string[], missing: [] as readonly number[] }
  if (fs.existsSync(store)) Object.assign(known, JSON.parse(fs.readFileSync(store, 'utf8')))
  const keep = (changes: Partial<typeof known>): void => {
    fs.writeFileSync(`${store}~`, JSON.stringify(Object.assign(known, changes)))
    fs.renameSync(`${store}~`, store)
  }
  const staging = await Staging.open(
    {
      directory: at,
      id,
      list,
      paths,
      names: known.names,
      missing: known.missing,
      onStored: () => {},
      onNames: (names) => keep({ names: [...names] }),
      onMissing: (missing) => keep({ missing }),
    },
    none,
  )
  for (let chunk = staging.next; chunk != null; chunk = staging.next) {
    const name = paths[chunk.file] ?? ''
    if (!wants(name)) {
      await staging.settled()
      await staging.close()
      return
    }
    if (skipped.includes(name) && (chunk.chunk > 0 || chunk.last)) {
      await staging.skip(chunk.file)
      continue
    }
    const bytes = content.get(name) ?? assert.fail()
    const data = bytes.subarray(chunk.offset, chunk.offset + chunk.length)
    await staging.put(data, chunkDigest(data), chunk.last ? fileDigest(bytes) : undefined)
  }
  await staging.finish()
  assert.deepEqual(staging.missing, missing)
}

function check(at: string, what: string): void {
  const expected = new Map<string, string>()
  for (const [name, bytes] of content) {
    if (skipped.includes(name)) continue
    if (bytes == null) fs.mkdirSync(path.join(at, '..', 'expected', name), { recursive: true })
    else {
      const file = path.join(at, '..', 'expected', name === 'taken' ? 'taken (2)' : name)
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, bytes)
    }
  }
  fs.writeFileSync(path.join(at, '..', 'expected', 'taken'), 'mine')
  for (const [name, is] of tree(path.join(at, '..', 'expected'))) expected.set(name, is)
  assert.deepEqual(tree(at), expected, what)
  for (const [name, bytes] of content) {
    if (bytes == null || bytes.byteLength === 0 || skipped.includes(name)) continue
    const file = path.join(at, name === 'taken' ? 'taken (2)' : name)
    const stats = fs.statSync(file)
    assert.equal(stats.mtimeMs, modified, `the date of ${name}, ${what}`)
    assert.equal(stats.mode & 0o111, 0)
    assert.equal(stats.nlink, 1)
  }
  fs.rmSync(`${at}.names`, { force: true })
}

/** Bytes that differ from each other; of `total` bytes all but the first `length` are zeros. */
function noise(length: number, total = length): Buffer {
  const bytes = Buffer.alloc(total)
  let state = length
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[at] = state >>> 24
  }
  return bytes
}
