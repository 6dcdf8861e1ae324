/** `quorum-node` as a process of its own, with its output and how it ends. Killed with the test. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { undo } from './cleanup.ts'

export const nodeProgram = fileURLToPath(new URL('../../node/main.ts', import.meta.url))
export const anyPort = ['--listen', '/ip4/127.0.0.1/tcp/0', '--http', '127.0.0.1:0']

export interface Running {
  child: ChildProcess
  out(): string
  err(): string
  /** Exit code, or the signal that ended the process. */
  ended: Promise<number | string>
}

export function runNode(
  t: TestContext,
  args: string[],
  { ipc = false, debug = '', as = [] as string[] } = {},
): Running {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])]
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('QUORUM_')))
  const [command = '', ...words] = [...as, process.execPath, nodeProgram, ...args]
  const child = spawn(command, words, { stdio, env: { ...env, DEBUG: debug } })
  let [out, err] = ['', '']
  child.stdout?.on('data', (chunk) => (out += String(chunk)))
  child.stderr?.on('data', (chunk) => (err += String(chunk)))
  // 'close' comes after the last output, but is not emitted after disconnect() was called on this side.
  const ended = once(child, ipc ? 'exit' : 'close').then(([code, signal]) => (code ?? signal) as number | string)
  undo(t).defer(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, out: () => out, err: () => err, ended }
}

interface Ready {
  peer: string
  addresses: string[]
  http: string
}

/** The data of the ready line, which is the first on standard output. */
export async function ready(running: Running): Promise<Ready> {
  while (!running.out().includes('\n')) {
    await Promise.race([
      once(running.child.stdout ?? assert.fail(), 'data'),
      running.ended.then((code) => assert.fail(`ended with ${code}: ${running.err()}`)),
    ])
  }
  const { event, data } = JSON.parse(running.out().split('\n')[0] ?? '') as { event: string; data: Ready }
  assert.equal(event, 'ready')
  return data
}
