/** threats.md 53: another user of this machine creates links in the staging folder of a transfer. */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { chunkDigest } from '../../protocol/file/digest.ts'
import { FileList } from '../../protocol/file/manifest.ts'
import { Staging, stagingFolder } from '../../protocol/file/receive/staging.ts'
import { limits } from '../../protocol/base/limits.ts'
import { folder } from '../support/cleanup.ts'
import { fileDigest } from '../support/transfers.ts'

const small = randomBytes(1000)
const large = randomBytes(limits.chunk + 1)

/** A transfer of both files into the folder `tree`, staged in `at`; nothing may be written to a folder outside. */
function scene(t: TestContext) {
  const around = folder(t)
  const [at, outside] = [path.join(around, 'downloads'), path.join(around, 'outside')]
  for (const made of [at, outside]) fs.mkdirSync(made)
  fs.writeFileSync(path.join(outside, 'precious'), 'mine')
  const paths = ['tree/large', 'tree/small']
  const list = new FileList([
    { path: 'tree/large', size: large.byteLength, modified: 0 },
    { path: 'tree/small', size: small.byteLength, modified: 0 },
  ])
  const id = randomUUID()
  const open = (onStored = () => {}): Promise<Staging> =>
    Staging.open(
      { directory: at, id, list, paths, names: [], onNames: () => {}, missing: [], onMissing: () => {}, onStored },
      new AbortController().signal,
    )
  const staged = (...names: string[]): string => path.join(stagingFolder(at, id), ...names)
  const untouched = (): void => {
    assert.deepEqual(fs.readdirSync(outside), ['precious'])
    assert.equal(fs.readFileSync(path.join(outside, 'precious'), 'utf8'), 'mine')
  }
  return { at, outside, open, staged, untouched }
}

/** Writes chunk after chunk until `before` accepts the next one. */
async function put(staging: Staging, before: (path: string, chunk: number) => boolean = () => false): Promise<void> {
  for (let next = staging.next; next != null; next = staging.next) {
    const [name, bytes] = next.file === 0 ? ['large', large] : ['small', small]
    if (before(name, next.chunk)) return
    const data = Buffer.from(bytes.subarray(next.offset, next.offset + next.length))
    await staging.put(data, chunkDigest(data), next.last ? fileDigest(bytes) : undefined)
  }
}

test('threats.md 53: a link in the place of a folder is not followed', async (t) => {
  const { outside, open, staged, untouched } = scene(t)
  const staging = await open()
  fs.mkdirSync(staged('files'))
  fs.symlinkSync(outside, staged('files', 'tree'))
  await assert.rejects(put(staging), { code: 'not-writable' })
  await staging.close()
  untouched()
})

test('threats.md 53: a link in the place of a new file, small or large, is replaced, not followed', async (t) => {
  const { at, outside, open, staged, untouched } = scene(t)
  const staging = await open()
  fs.mkdirSync(staged('files', 'tree'), { recursive: true })
  for (const name of ['large', 'small']) fs.symlinkSync(path.join(outside, 'precious'), staged('files', 'tree', name))
  await put(staging)
  await staging.finish()
  untouched()
  for (const [name, content] of [['large', large] as const, ['small', small] as const]) {
    assert.ok(fs.lstatSync(path.join(at, 'tree', name)).isFile())
    assert.deepEqual(fs.readFileSync(path.join(at, 'tree', name)), content)
  }
})

test('threats.md 53: a partly received file that became a link is neither read nor written through the link', async (t) => {
  const { at, outside, open, staged, untouched } = scene(t)
  const first = await open()
  await put(first, (_, chunk) => chunk === 1)
  await first.settled()
  await first.close()
  // With exactly the bytes of the first chunk: only the link itself differs.
  fs.renameSync(staged('files', 'tree', 'large'), path.join(outside, 'stolen'))
  fs.symlinkSync(path.join(outside, 'stolen'), staged('files', 'tree', 'large'))
  const second = await open().catch((error: unknown) => error)
  if (second instanceof Staging) {
    await put(second)
    await second.finish()
    assert.ok(fs.lstatSync(path.join(at, 'tree', 'large')).isFile())
  } else assert.ok(second instanceof Error)
  assert.equal(fs.statSync(path.join(outside, 'stolen')).size, limits.chunk)
  fs.rmSync(path.join(outside, 'stolen'))
  untouched()
})

test('threats.md 53: a link in the place of the folder itself or of its journal is refused', async (t) => {
  const folderIsLink = scene(t)
  fs.symlinkSync(folderIsLink.outside, folderIsLink.staged())
  await assert.rejects(folderIsLink.open(), { code: 'not-writable' })
  folderIsLink.untouched()
  const journalIsLink = scene(t)
  fs.mkdirSync(journalIsLink.staged())
  fs.symlinkSync(path.join(journalIsLink.outside, 'precious'), journalIsLink.staged('journal'))
  await assert.rejects(journalIsLink.open())
  journalIsLink.untouched()
})

test('a staging folder that failed has one error code for every reason, and is not used again', async (t) => {
  const { open } = scene(t)
  const staging = await open(() => {
    throw new Error('no code')
  })
  await assert.rejects(
    put(staging).then(() => staging.settled()),
    { code: 'internal', message: 'no code' },
  )
  await assert.rejects(staging.settled(), { code: 'internal' })
  await staging.close()
})
