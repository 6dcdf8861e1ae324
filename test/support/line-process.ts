/**
 * A program of Quorum as a process that speaks lines, started the way a person or a script would, and the stage on
 * which a test starts them: a temporary folder, and the promise that no process and no file outlives the test, however
 * it ends. It knows nothing of what the lines say.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

/** What starts each program: arguments for Node. */
export interface Programs {
  peer: string[]
  quorum: string[]
  /** One end of a hole punch (dcutr-end.ts). */
  dcutr: string[]
  node: string[]
}

const own: Programs = {
  peer: [fileURLToPath(new URL('../../scripts/cli/quorum.ts', import.meta.url)), 'peer', '--json'],
  /** The same binary without its subcommand. */
  quorum: [fileURLToPath(new URL('../../scripts/cli/quorum.ts', import.meta.url))],
  /** One end of a hole punch (dcutr-end.ts). */
  dcutr: [fileURLToPath(new URL('dcutr-end.ts', import.meta.url))],
  node: [fileURLToPath(new URL('../../node/main.ts', import.meta.url)), '--json', '--log-level', 'warn'],
}

export interface StartOptions {
  env?: Record<string, string>
  cwd?: string
  /** What the command line begins with, to run it elsewhere: in a network namespace, say. */
  through?: readonly string[]
  /** The programs of another version. */
  programs?: Programs
}

/** What of a TestContext a stage needs. */
interface Owner {
  after(work: () => Promise<void>): void
}

export class Stage {
  /** Removed at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), 'quorum-scenario-'))
  readonly #started: LineProcess[] = []

  constructor(owner: Owner) {
    owner.after(() => this.#clear())
  }

  /** Starts `quorum peer --json …` or `quorum-node --json …`. */
  start(program: keyof Programs, args: readonly string[], options: StartOptions = {}): LineProcess {
    // A variable of whoever runs the tests must not change what they test.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(QUORUM_|NODE_TEST_|NODE_OPTIONS)/.test(name))
    const [file, ...before] = [...(options.through ?? []), process.execPath]
    const child = spawn(file, [...before, ...(options.programs ?? own)[program], ...args], {
      // The channel ends the node if this process dies; the peer ends with its standard input.
      stdio: ['pipe', 'pipe', 'pipe', ...(program === 'node' ? (['ipc'] as const) : [])],
      env: { ...Object.fromEntries(inherited), ...options.env },
      cwd: options.cwd ?? this.folder,
    })
    const started = new LineProcess(child)
    this.#started.push(started)
    return started
  }

  async #clear(): Promise<void> {
    const lost = this.#started.filter((process) => process.lost)
    for (const process of this.#started) process.kill9()
    await Promise.all(this.#started.map((process) => process.ended))
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
    assert.deepEqual(
      lost.map((process) => process.err),
      [],
      'a process ended that nobody ended',
    )
  }
}

export class LineProcess {
  readonly lines: string[] = []
  /** What it wrote to standard output, as it came. */
  out = ''
  /** What it wrote to standard error. */
  err = ''
  /** Exit code, or the signal that ended it; after its last output. */
  readonly ended: Promise<number | string>
  readonly #child: ChildProcess
  readonly #listeners = new Set<(line: string) => void>()
  #over = false
  #wanted = false

  constructor(child: ChildProcess) {
    this.#child = child
    const { stdout, stderr, stdin } = child
    assert.ok(stdout && stderr && stdin)
    // Not readline: what a kill cut off in the middle is no line.
    let rest = ''
    stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    })
    stdout.setEncoding('utf8').on('data', (text: string) => {
      this.out += text
    })
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.err += text
    })
    // It may end while we write to it: `ended` tells.
    stdin.on('error', (error) => assert.match(error.message, /EPIPE|ECONNRESET|destroyed/))
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.#over = true
      return (code ?? signal) as number | string
    })
  }

  /** It has ended though nobody asked it to. */
  get lost(): boolean {
    return this.#over && !this.#wanted
  }

  get over(): boolean {
    return this.#over
  }

  get pid(): number {
    return this.#child.pid ?? assert.fail('it did not start')
  }

  /** `listener` gets every line from now on. */
  listen(listener: (line: string) => void): void {
    this.#listeners.add(listener)
  }

  /** Raw text to standard input. */
  write(text: string | Uint8Array): void {
    this.#child.stdin?.write(text)
  }

  endInput(): void {
    this.#wanted = true
    this.#child.stdin?.end()
  }

  signal(name: NodeJS.Signals): void {
    this.#wanted = true
    this.#child.kill(name)
  }

  kill9(): void {
    this.signal('SIGKILL')
  }

  /** From now on its end is no surprise. */
  mayEnd(): this {
    this.#wanted = true
    return this
  }

  /** The first line that fits, written already or to come. */
  async line(what: string, fits: (line: string) => boolean = () => true): Promise<string> {
    await until(() => {
      if (this.lines.some(fits)) return true
      assert.ok(!this.#over, `it ended before ${what}: ${this.err}`)
      return false
    }, what)
    return this.lines.find(fits) ?? assert.fail()
  }

  #take(line: string): void {
    this.lines.push(line)
    for (const listener of this.#listeners) listener(line)
  }
}
