/**
 * A part of a test in a separate process: because its memory is measured, or because it needs a core of its own.
 * The worker serves a table of functions; the test calls them by name. It ends with the test, or with its parent.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { undo } from './cleanup.ts'

interface Question {
  id: number
  name: string
  args: unknown[]
}
interface Answer {
  id: number
  result?: unknown
  error?: string
}

/** Asynchronous functions whose arguments and results can be sent to another process. */
export type Table = Record<string, (...args: never[]) => Promise<unknown>>

export interface Worker<T extends Table> {
  pid: number
  calls: T
}

/** Starts `name`.ts of this folder, which calls `serve`. */
export function startWorker<T extends Table>(t: TestContext, name: string): Worker<T> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('NODE_TEST_')))
  const child = fork(fileURLToPath(new URL(`${name}.ts`, import.meta.url)), { env })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let asked = 0
  const ended = once(child, 'exit')
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended`))
  })
  child.on('message', ({ id, result, error }: Answer) => {
    if (error == null) waiting.get(id)?.resolve(result)
    else waiting.get(id)?.reject(new Error(`${name}: ${error}`))
    waiting.delete(id)
  })
  undo(t).defer(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const ask = (call: string, args: unknown[]): Promise<unknown> => {
    const answer = Promise.withResolvers<unknown>()
    asked += 1
    waiting.set(asked, answer)
    const question: Question = { id: asked, name: call, args }
    child.send(question)
    return answer.promise
  }
  const calls = new Proxy({} as T, {
    get:
      (_, call) =>
      (...args: unknown[]) =>
        ask(String(call), args),
  })
  return { pid: child.pid ?? assert.fail('it did not start'), calls }
}

/** The worker's side. */
export function serve(table: Table): void {
  process.on('message', ({ id, name, args }: Question) => {
    const work = table[name] as ((...args: unknown[]) => Promise<unknown>) | undefined
    const answer = (what: Omit<Answer, 'id'>): void => void process.send?.({ id, ...what })
    const done = work == null ? Promise.reject(new Error(`no ${name}`)) : work(...args)
    done.then(
      (result) => answer({ result }),
      (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.on('disconnect', () => process.exit())
}

/** Resident memory of a process in bytes, from the kernel; undefined where the kernel does not report it. */
export function residentBytes(pid: number): number | undefined {
  const status = `/proc/${pid}/status`
  if (!fs.existsSync(status)) return undefined
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(status, 'utf8'))?.[1]
  return Number(kilobytes ?? assert.fail('no VmRSS')) * 1024
}
