/** A virtual screen for windows of tests: one Xvfb for each test file, which ends with the file. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

const size = '1600x1000x24'

let screen: Promise<{ display: string; server: ChildProcess }> | undefined

/** The name of the screen, started at the first use. Errors: the message names what is missing. */
export async function display(): Promise<string> {
  screen ??= start()
  return (await screen).display
}

/** Call once all windows are closed. */
export async function endDisplay(): Promise<void> {
  const running = await screen?.catch(() => undefined)
  screen = undefined
  if (running === undefined) return
  const ended = new Promise((resolve) => running.server.once('exit', resolve))
  running.server.kill()
  await ended
}

async function start(): Promise<{ display: string; server: ChildProcess }> {
  // Xvfb picks a free number itself and writes it to the descriptor.
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', size, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const numbers = server.stdio[3]
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new Error('Xvfb is missing: apt-get install xvfb', { cause })))
    server.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)))
    if (numbers != null && 'read' in numbers) {
      createInterface({ input: numbers }).once('line', (line) => resolve({ display: `:${line.trim()}`, server }))
    }
  })
}
