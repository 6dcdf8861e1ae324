/**
 * A disk under node:fs whose power can be cut at any step: from then on no operation is carried out and no call
 * returns, as for a process killed with -9. Completed and partial writes stay. It also records which data is written
 * but not yet synced, and every name that a file gets.
 */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { undo } from './cleanup.ts'

/** How much of the last write before the power cut is on the disk. */
export type Cut = 'before' | 'after' | 'half'

type Call = (...args: unknown[]) => Promise<unknown>
type Calls = Record<string, Call>
type Done = (error: unknown, result?: unknown) => void

const onPaths = ['open', 'mkdir', 'link', 'rename', 'rm', 'unlink']
const onHandles = ['write', 'writev', 'truncate', 'utimes', 'sync', 'datasync']
/** Files by number: with a callback, and at once. */
const onNumbers = ['write', 'writev', 'ftruncate', 'fsync', 'fdatasync']
const atOnce = ['writeSync', 'ftruncateSync', 'futimesSync', 'closeSync']
const onPathsAtOnce = ['openSync', 'mkdirSync', 'rmSync']
const writes = new Set([
  'write',
  'writev',
  'truncate',
  'utimes',
  'ftruncate',
  'writeSync',
  'ftruncateSync',
  'futimesSync',
])

const sample = await fs.promises.open(process.execPath, 'r')
const handles = Object.getPrototypeOf(sample) as Calls
await sample.close()

export class DyingDisk {
  readonly #folder: string
  /** Open files: the inode of each, and how to close it. */
  readonly #handles = new Map<FileHandle | number, { inode: number; close: () => Promise<void> | void }>()
  /** Inodes with content that no sync has covered. */
  readonly #unsynced = new Set<number>()
  /** Names given to content that was not synced, except in folders that only Quorum uses. */
  readonly early: string[] = []
  /** The disk does not support hard links. */
  links = true
  /** Steps so far. */
  steps = 0
  /** Names of the steps. */
  trace: string[] = []
  readonly #onTheWay = new Set<Promise<unknown>>()
  readonly #closeSync = fs.closeSync
  readonly #life = new AsyncLocalStorage<symbol>()
  #alive = Symbol('none yet')
  #die: { at: number; cut: Cut } | undefined
  #dead = Promise.withResolvers<void>()

  /** Steps below `folder` count, until the test is over. */
  constructor(t: TestContext, folder: string) {
    this.#folder = folder
    const promises = fs.promises as unknown as Calls
    const originals: [Calls, string, Call][] = [
      ...onPaths.map((name): [Calls, string, Call] => [promises, name, promises[name] ?? assert.fail(name)]),
      ...onHandles.map((name): [Calls, string, Call] => [handles, name, handles[name] ?? assert.fail(name)]),
    ]
    const step = this.#step.bind(this)
    for (const [holder, name, original] of originals) {
      holder[name] = function (this: unknown, ...args) {
        return step(this, name, original, args)
      }
    }
    const numbers = this.#filesByNumber()
    syncBuiltinESMExports()
    undo(t).defer(() => {
      for (const [holder, name, original] of originals) holder[name] = original
      Object.assign(fs, numbers)
      syncBuiltinESMExports()
    })
  }

  /** Replaces the callback and synchronous calls of node:fs in the same way; returns the original ones. */
  #filesByNumber(): Record<string, unknown> {
    const calls = fs as unknown as Record<string, (...args: unknown[]) => unknown>
    const originals: Record<string, (...args: unknown[]) => unknown> = {}
    for (const name of ['open', ...onNumbers]) {
      const original = (originals[name] = calls[name] ?? assert.fail(name))
      const promised: Call = async (...args) => {
        const { promise, resolve, reject } = Promise.withResolvers<unknown>()
        const done: Done = (error, result) => (error instanceof Error ? reject(error) : resolve(result))
        original(...args, done)
        return promise
      }
      calls[name] = (...args) => {
        const done = args.pop() as Done
        const self = name === 'open' ? undefined : args[0]
        void callBack(this.#step(self, name, promised, args), done)
      }
    }
    for (const name of [...atOnce, ...onPathsAtOnce]) {
      const original = (originals[name] = calls[name] ?? assert.fail(name))
      calls[name] = (...args) => this.#stepAtOnce(name, original, args)
    }
    return originals
  }

  #stepAtOnce(name: string, original: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    const [first] = args
    const file = typeof first === 'number' ? this.#handles.get(first) : undefined
    const at = typeof first === 'string' && first.startsWith(this.#folder) ? first : undefined
    const byTest = this.#life.getStore() == null
    if (byTest || (file == null && at == null)) return original(...args)
    // The caller counts as killed, so the call never returns.
    if (this.#isOver()) throw new Error('The power is off')
    this.steps += 1
    this.trace.push(at == null ? name : `${name} ${path.basename(at)}`)
    const last = this.steps === this.#die?.at ? this.#die.cut : undefined
    if (last != null) void this.#cut()
    if (last === 'before') throw new Error('The power is off')
    if (last === 'half' && name === 'writeSync') args[3] = Math.floor(Number(args[3]) / 2)
    if (file != null && writes.has(name)) this.#unsynced.add(file.inode)
    if (name === 'closeSync') this.#handles.delete(first as number)
    const result = original(...args)
    if (name === 'openSync') this.#opened(result as number)
    if (last != null) throw new Error('The power is off')
    return result
  }

  #opened(handle: number): void {
    const { ino: inode, size } = fs.fstatSync(handle)
    // The file system reuses the inode number of a removed file.
    if (size === 0) this.#unsynced.delete(inode)
    this.#handles.set(handle, { inode, close: () => this.#closeSync(handle) })
  }

  /** Runs `work` until it has ended or the power is cut at step number `at`; returns whether the power was cut. */
  async run(work: () => Promise<void>, at = Infinity, cut: Cut = 'before'): Promise<boolean> {
    this.steps = 0
    this.trace = []
    this.#die = { at, cut }
    this.#dead = Promise.withResolvers()
    const life = (this.#alive = Symbol('life'))
    const lived = this.#life.run(life, () => work().then(() => false))
    const died = await Promise.race([lived, this.#dead.promise.then(() => true)])
    this.#die = undefined
    // Operations in progress still reach the disk; after that this run does nothing more.
    while (this.#onTheWay.size > 0) await Promise.allSettled(this.#onTheWay)
    await new Promise(setImmediate)
    // The operating system closes the open files of a killed process.
    for (const { close } of this.#handles.values()) await close()
    this.#handles.clear()
    return died
  }

  async #step(self: unknown, name: string, original: Call, args: unknown[]): Promise<unknown> {
    const onHandle = name === 'close' || onHandles.includes(name) || onNumbers.includes(name)
    const ours = onHandle
      ? this.#handles.has(self as FileHandle | number)
      : typeof args[0] === 'string' && args[0].startsWith(this.#folder)
    if (!ours) return original.apply(self, args)
    if (this.#isOver()) return new Promise(() => undefined)
    this.steps += 1
    const where = onHandle ? '' : ` ${path.basename(String(args.at(name === 'link' || name === 'rename' ? 1 : 0)))}`
    this.trace.push(`${name}${where}`)
    const last = this.steps === this.#die?.at ? this.#die.cut : undefined
    if (last === 'before') return this.#cut()
    if (name === 'link' && !this.links) throw Object.assign(new Error('no links here'), { code: 'EPERM' })
    // For calls with a file descriptor, the descriptor is the first argument.
    const first = typeof self === 'number' ? 1 : 0
    if (last === 'half' && name === 'write') args[first + 2] = Math.floor(Number(args[first + 2]) / 2)
    if (last === 'half' && name === 'writev') args[first] = (args[first] as Uint8Array[]).slice(0, 1)
    if (name === 'link' || name === 'rename') this.#look(String(args[0]), String(args[1]))
    const inode = onHandle ? this.#handles.get(self as FileHandle | number)?.inode : undefined
    if (inode != null && writes.has(name)) this.#unsynced.add(inode)
    if (name === 'close') this.#handles.delete(self as FileHandle)
    const work = original.apply(self, args)
    this.#onTheWay.add(work)
    const result = await work
      .catch((error: unknown) => {
        if (last == null) throw error
      })
      .finally(() => this.#onTheWay.delete(work))
    if (inode != null && name.endsWith('sync')) this.#unsynced.delete(inode)
    if (name === 'open' && result != null) {
      const handle = result as FileHandle | number
      this.#opened(typeof handle === 'number' ? handle : handle.fd)
      if (typeof handle === 'number') return last == null ? this.#passed(handle) : this.#cut()
      const { ino: inode } = fs.fstatSync(handle.fd)
      this.#handles.delete(handle.fd)
      // Unlike the other methods, it is not on the prototype.
      const close = handle.close.bind(handle)
      handle.close = () => this.#step(handle, 'close', close, []) as Promise<void>
      this.#handles.set(handle, { inode, close })
    }
    return last == null ? this.#passed(result) : this.#cut()
  }

  /** The power may have been cut while this call was in progress. */
  async #passed(result: unknown): Promise<unknown> {
    return this.#isOver() ? new Promise(() => undefined) : result
  }

  #look(from: string, to: string): void {
    if (to.includes('/.quorum-')) return
    const below = fs.statSync(from).isDirectory() ? fs.readdirSync(from, { recursive: true, encoding: 'utf8' }) : ['']
    for (const name of below) {
      const stats = fs.statSync(path.join(from, name))
      if (stats.size > 0 && stats.isFile() && this.#unsynced.has(stats.ino)) this.early.push(path.join(to, name))
    }
  }

  /** The caller belongs to an earlier run: it may have waited in an uncounted call until the next run began. */
  #isOver(): boolean {
    return this.#die == null || this.#life.getStore() !== this.#alive
  }

  #cut(): Promise<never> {
    this.#die = undefined
    this.#dead.resolve()
    return new Promise(() => undefined)
  }
}

async function callBack(work: Promise<unknown>, done: Done): Promise<void> {
  const [error, result] = await work.then(
    (value) => [null, value],
    (reason: unknown) => [reason, undefined],
  )
  done(error, result)
}
