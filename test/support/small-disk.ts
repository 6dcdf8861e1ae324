/** Small disks: file systems in memory, which only root may mount. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { undo } from './cleanup.ts'

const mounts = os.platform() === 'linux' && os.userInfo().uid === 0

/** Options of a test that mounts. */
export const needsMount = { skip: mounts ? false : 'NOT RUN: needs root to mount a small disk' }

/** A new disk for `t`, of `size` in the notation of mount(8): `2m`, `500000`. Only its owner may read it. */
export function smallDisk(t: TestContext, size: string): string {
  const disk = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-disk-'))
  undo(t).defer(() => fs.rmdirSync(disk))
  undo(t).defer(mountSmallDisk(disk, size))
  return disk
}

/** Mounts one at `folder`, which exists; returns a function that unmounts it, even with open files. */
export function mountSmallDisk(folder: string, size: string): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', folder])
  return () => void execFileSync('umount', ['--lazy', folder])
}

/** Fills a disk to its last page; returns a function that frees the space. */
export function fillDisk(disk: string): () => void {
  const ballast = path.join(disk, 'ballast')
  const file = fs.openSync(ballast, 'w')
  try {
    for (const size of [65_536, 4096, 1]) while (written(file, size) === size);
  } finally {
    fs.closeSync(file)
  }
  return () => fs.rmSync(ballast)
}

/** How many of `size` bytes fit. */
function written(file: number, size: number): number {
  try {
    return fs.writeSync(file, Buffer.alloc(size))
  } catch (error) {
    assert.equal(Reflect.get(Object(error), 'code'), 'ENOSPC')
    return 0
  }
}
