/**
 * The terminal client as a real process: through pipes, where it prints plain lines, or in a pseudo-terminal of
 * `script` (util-linux). All of its output is recorded, including escape codes.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { undo } from './cleanup.ts'
import { LineProcess } from './line-process.ts'
import { until } from './until.ts'

const program = join(import.meta.dirname, '..', '..', 'scripts', 'cli', 'quorum.ts')
const size = 'stty cols 80 rows 24'

/** Peers of these tests stay on loopback. */
export const onLoopback = ['--listen', '/ip4/127.0.0.1/tcp/0']

/** `quorum …` through pipes. */
export function startPiped(t: TestContext, args: readonly string[]): LineProcess {
  return run(t, process.execPath, [program, ...args])
}

/** `quorum …` in a terminal of 80 columns and 24 rows. */
export function startInTerminal(t: TestContext, args: readonly string[]): TerminalProcess {
  const quoted = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ')
  return new TerminalProcess(run(t, 'script', ['-qfec', `${size}; exec ${quoted}`, '/dev/null'], { SHELL: '/bin/sh' }))
}

export class TerminalProcess {
  readonly process: LineProcess
  #mark = 0

  constructor(process: LineProcess) {
    this.process = process
  }

  /** The whole output to the terminal. */
  get output(): string {
    return this.process.out
  }

  /** Waits for `text` after the last awaited text, ignoring colours and cursor movements. */
  async sees(text: string): Promise<void> {
    const rest = (end?: number): string => plain(this.output.slice(this.#mark, end))
    await until(
      () => rest().includes(text),
      () => `${JSON.stringify(text)} on the screen; there is ${JSON.stringify(rest())}`,
    )
    // Text after it stays available for the next wait.
    let [less, enough] = [this.#mark, this.output.length]
    while (less + 1 < enough) {
      const middle = Math.floor((less + enough) / 2)
      if (rest(middle).includes(text)) enough = middle
      else less = middle
    }
    this.#mark = enough
  }

  /** Keys as they come from a keyboard; Enter is `\r`. */
  type(keys: string): void {
    this.process.write(keys)
  }

  /** Types a line and Enter. */
  enter(line: string): void {
    this.type(`${line}\r`)
  }

  async ends(code: number): Promise<void> {
    assert.equal(await this.process.mayEnd().ended, code, this.output)
  }
}

/** Without colours and cursor movements. */
export function plain(output: string): string {
  // oxlint-disable-next-line no-control-regex -- it removes control sequences
  return output.replaceAll(/\u001b\[[0-?]*[ -/]*[@-~]/gu, '')
}

function run(t: TestContext, command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): LineProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(QUORUM_|NODE_TEST_|NODE_OPTIONS)/u.test(name))
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), TERM: 'xterm-256color', ...more },
  })
  const started = new LineProcess(child)
  undo(t).defer(async () => {
    if (!started.over) started.kill9()
    await started.ended
  })
  return started
}
