/**
 * A disk under node:fs/promises whose power can be cut at any step: from then on nothing is done any more and no call
 * ever returns, as for a process killed with -9. What was done stays, written or half written. It also knows what was
 * written and not yet synced, and sees every name that a file gets.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { undo } from './cleanup.ts'

/** What of a write is on the disk when it is the last. */
export type Cut = 'before' | 'after' | 'half'

type Call = (...args: unknown[]) => Promise<unknown>
type Calls = Record<string, Call>

const onPaths = ['open', 'mkdir', 'link', 'rename', 'rm', 'unlink']
const onHandles = ['write', 'writev', 'truncate', 'utimes', 'sync', 'datasync']
const writes = new Set(['write', 'writev', 'truncate', 'utimes'])

const sample = await fs.promises.open(process.execPath, 'r')
const handles = Object.getPrototypeOf(sample) as Calls
await sample.close()

export class DyingDisk {
  readonly #folder: string
  /** What is open: its inode, and how to close it. */
  readonly #handles = new Map<FileHandle, { inode: number; close: () => Promise<void> }>()
  /** Inodes with content that no sync has covered. */
  readonly #unsynced = new Set<number>()
  /** Names given to content that was not synced, outside of what is ours alone. */
  readonly early: string[] = []
  /** The disk knows no hard links. */
  links = true
  /** Steps so far. */
  steps = 0
  /** Names of the steps. */
  trace: string[] = []
  readonly #onTheWay = new Set<Promise<unknown>>()
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
    syncBuiltinESMExports()
    undo(t).defer(() => {
      for (const [holder, name, original] of originals) holder[name] = original
      syncBuiltinESMExports()
    })
  }

  /** Runs `work` until it has ended, or until the power is cut at step number `at`; returns whether it was. */
  async run(work: () => Promise<void>, at = Infinity, cut: Cut = 'before'): Promise<boolean> {
    this.steps = 0
    this.trace = []
    this.#die = { at, cut }
    this.#dead = Promise.withResolvers()
    const died = await Promise.race([work().then(() => false), this.#dead.promise.then(() => true)])
    this.#die = undefined
    // What was on its way to the disk still gets there, and then nothing of that life moves any more.
    while (this.#onTheWay.size > 0) await Promise.allSettled(this.#onTheWay)
    await new Promise(setImmediate)
    // What the dead one had open is closed by the system.
    for (const { close } of this.#handles.values()) await close()
    this.#handles.clear()
    return died
  }

  async #step(self: unknown, name: string, original: Call, args: unknown[]): Promise<unknown> {
    const onHandle = name === 'close' || onHandles.includes(name)
    const ours = onHandle
      ? this.#handles.has(self as FileHandle)
      : typeof args[0] === 'string' && args[0].startsWith(this.#folder)
    if (!ours) return original.apply(self, args)
    if (this.#die == null) return new Promise(() => undefined)
    this.steps += 1
    const where = onHandle ? '' : ` ${path.basename(String(args.at(name === 'link' || name === 'rename' ? 1 : 0)))}`
    this.trace.push(`${name}${where}`)
    const last = this.steps === this.#die.at ? this.#die.cut : undefined
    if (last === 'before') return this.#cut()
    if (name === 'link' && !this.links) throw Object.assign(new Error('no links here'), { code: 'EPERM' })
    if (last === 'half' && name === 'write') args[2] = Math.floor(Number(args[2]) / 2)
    if (last === 'half' && name === 'writev') args[0] = (args[0] as Uint8Array[]).slice(0, 1)
    if (name === 'link' || name === 'rename') this.#look(String(args[0]), String(args[1]))
    const inode = onHandle ? this.#handles.get(self as FileHandle)?.inode : undefined
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
      const handle = result as FileHandle
      const { ino: inode, size } = fs.fstatSync(handle.fd)
      // Of a file that was removed the number is given away again.
      if (size === 0) this.#unsynced.delete(inode)
      // Not on the prototype, unlike the others.
      const close = handle.close.bind(handle)
      handle.close = () => this.#step(handle, 'close', close, []) as Promise<void>
      this.#handles.set(handle, { inode, close })
    }
    if (last != null) return this.#cut()
    // It died while this was on its way.
    return this.#die == null ? new Promise(() => undefined) : result
  }

  #look(from: string, to: string): void {
    if (to.includes('/.quorum-')) return
    const below = fs.statSync(from).isDirectory() ? fs.readdirSync(from, { recursive: true, encoding: 'utf8' }) : ['']
    for (const name of below) {
      const stats = fs.statSync(path.join(from, name))
      if (stats.size > 0 && stats.isFile() && this.#unsynced.has(stats.ino)) this.early.push(path.join(to, name))
    }
  }

  #cut(): Promise<never> {
    this.#die = undefined
    this.#dead.resolve()
    return new Promise(() => undefined)
  }
}
