/** file/receive/staging.ts: a transfer that is stopped before it is published is not published any more. */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'
import { chunkDigest } from '../../../protocol/file/digest.ts'
import { FileList } from '../../../protocol/file/manifest.ts'
import { Staging, stagingFolder } from '../../../protocol/file/receive/staging.ts'
import { folder } from '../../support/cleanup.ts'
import { fileDigest } from '../../support/transfers.ts'

/** A transfer of one file: `receive` opens it and puts what is missing. */
function transferOf(t: TestContext, bytes: Buffer) {
  const directory = folder(t)
  const list = new FileList([{ path: 'secret', size: bytes.byteLength, modified: 0 }])
  const options = {
    directory,
    id: randomUUID(),
    list,
    paths: ['secret'],
    missing: [],
    onMissing: () => {},
    onStored: () => {},
  }
  const names: string[] = []
  const onNames = (decided: readonly string[]): void => void names.splice(0, names.length, ...decided)
  const receive = async (signal: AbortSignal): Promise<Staging> => {
    const staging = await Staging.open({ ...options, names, onNames }, signal)
    for (let next = staging.next; next != null; next = staging.next) {
      const data = Buffer.from(bytes.subarray(next.offset, next.offset + next.length))
      await staging.put(data, chunkDigest(data), next.last ? fileDigest(bytes) : undefined)
    }
    return staging
  }
  return { directory, receive, hidden: path.basename(stagingFolder(directory, options.id)) }
}

for (const [what, size] of [
  ['one chunk', 1000],
  ['several chunks', 3 * limits.chunk + 1],
] as const) {
  test(`a file of ${what} that is stopped when all of it has arrived is not published, and can go on`, async (t) => {
    const bytes = randomBytes(size)
    const { directory, receive, hidden } = transferOf(t, bytes)
    const stop = new AbortController()
    const stopped = await receive(stop.signal)
    stop.abort(new Error('stopped'))
    await assert.rejects(stopped.finish(), /stopped/)
    await stopped.close()
    assert.deepEqual(fs.readdirSync(directory), [hidden])

    const resumed = await receive(new AbortController().signal)
    assert.deepEqual(await resumed.finish(), ['secret'])
    assert.deepEqual(fs.readdirSync(directory), ['secret'])
    assert.ok(fs.readFileSync(path.join(directory, 'secret')).equals(bytes))
  })
}
