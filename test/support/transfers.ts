/**
 * Transfers between headless peers: files to send, waiting for the state of a transfer, and the content of a folder
 * afterwards, whole trees by digest.
 */
import assert from 'node:assert/strict'
import { createHash, randomFillSync } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { Transfer } from '#protocol'
import type { HeadlessPeer } from './headless.ts'
import { until } from './until.ts'
import { limits } from '../../protocol/base/limits.ts'
import { chunkDigest, FileDigest } from '../../protocol/file/digest.ts'

export const MiB = 1024 * 1024

/** Writes `bytes` random bytes; returns the path. */
export function randomFile(file: string, bytes: number): string {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const handle = fs.openSync(file, 'w')
  const block = Buffer.allocUnsafe(Math.min(bytes, MiB))
  for (let at = 0; at < bytes;) {
    const part = block.subarray(0, Math.min(block.byteLength, bytes - at))
    randomFillSync(part)
    at += fs.writeSync(handle, part)
  }
  fs.closeSync(handle)
  return file
}

/** SHA-256 of a file, or of `length` bytes of it from `offset` on. */
export function digestOf(file: string, offset = 0, length = Infinity): string {
  const hash = createHash('sha256')
  const handle = fs.openSync(file, 'r')
  const block = Buffer.allocUnsafe(MiB)
  const end = Math.min(fs.fstatSync(handle).size, offset + length)
  for (let at = offset; at < end;) {
    const read = fs.readSync(handle, block, 0, Math.min(block.byteLength, end - at), at)
    hash.update(block.subarray(0, read))
    at += read
  }
  fs.closeSync(handle)
  return hash.digest('hex')
}

/** The digest under which a file of `bytes` travels. */
export function fileDigest(bytes: Uint8Array): Uint8Array {
  const digest = new FileDigest()
  for (let at = 0; at < bytes.byteLength; at += limits.chunk) {
    digest.add(chunkDigest(bytes.subarray(at, at + limits.chunk)))
  }
  return digest.value()
}

/** Everything below `folder`: a path, and `folder`, `link` or the file's size and digest. */
export function tree(folder: string): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (at: string): void => {
    const items = fs.readdirSync(path.join(folder, at), { withFileTypes: true })
    for (const item of items) {
      const below = path.join(at, item.name)
      if (item.isDirectory()) {
        found.set(`${below}/`, 'folder')
        walk(below)
      } else if (item.isSymbolicLink()) found.set(below, `link to ${fs.readlinkSync(path.join(folder, below))}`)
      else found.set(below, `${fs.statSync(path.join(folder, below)).size} ${digestOf(path.join(folder, below))}`)
    }
  }
  walk('')
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Names of Quorum's temporary files that are still below `folder`. */
export function leftovers(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name).startsWith('.quorum-'))
}

/** Offers `paths`, and returns the transfer's id when the other side has the offer. */
export async function offer(from: HeadlessPeer, to: HeadlessPeer, paths: string[]): Promise<string> {
  const { id } = await from.call('sendFiles', { peer: to.id, paths })
  await to.event('transfer-offered', (transfer) => transfer.id === id)
  return id
}

/** Offers `paths` and has them accepted into `directory`. */
export async function give(from: HeadlessPeer, to: HeadlessPeer, paths: string[], directory: string): Promise<string> {
  const id = await offer(from, to, paths)
  await to.call('acceptTransfer', { transfer: id, directory })
  return id
}

export async function transferOf(peer: HeadlessPeer, id: string): Promise<Transfer> {
  const found = (await peer.call('transfers', {})).find((transfer) => transfer.id === id)
  return found ?? assert.fail(`${peer.name} does not know transfer ${id}`)
}

/** Returns when the transfer has reached `state` at every one of `peers`. */
export async function becomes(
  id: string,
  state: Transfer['state'],
  peers: readonly HeadlessPeer[],
): Promise<Transfer[]> {
  return Promise.all(peers.map((peer) => becomesAt(peer, id, state)))
}

async function becomesAt(peer: HeadlessPeer, id: string, state: Transfer['state']): Promise<Transfer> {
  let last: Transfer | undefined
  const brief = () => JSON.stringify({ ...last, files: last?.files.length })
  await until(
    async () => {
      last = await transferOf(peer, id)
      return last.state === state
    },
    () => `${peer.name}: the transfer is ${state}; it is ${brief()}`,
    () => last?.doneBytes,
  )
  return last ?? assert.fail()
}

/** Returns when `peer` has transferred the given number of bytes; fails if the transfer ends before. */
export async function reaches(peer: HeadlessPeer, id: string, bytes: number): Promise<void> {
  await until(async () => {
    const { doneBytes, state } = await transferOf(peer, id)
    assert.ok(doneBytes >= bytes || !['done', 'failed', 'cancelled'].includes(state), `it is ${state} already`)
    return doneBytes >= bytes
  }, `${peer.name} has ${bytes} bytes`)
}
