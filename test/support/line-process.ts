/**
 * A program of Quorum as a process that reads and writes lines, started as a person or a script would start it, and the
 * stage on which a test starts such processes: a temporary folder, and the guarantee that no process and no file
 * outlives the test, however it ends. It does not interpret the lines.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

/** The arguments for Node that start each program. */
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
  /** A prefix of the command line, for example to run it in a network namespace. */
  through?: readonly string[]
  /** The programs of another version. */
  programs?: Programs
}

/** The part of a TestContext that a stage needs. */
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
    // Environment variables of the person who runs the tests must not change what they test.
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

  /** What all its processes so far have written to standard error. */
  get errors(): string {
    return this.#started.map(({ err }) => err).join('')
  }

  async #clear(): Promise<void> {
    const lost = this.#started.filter((process) => process.lost)
    for (const process of this.#started) process.kill9()
    await Promise.all(this.#started.map((process) => process.ended))
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
    assert.deepEqual(
      lost.map((process) => process.err),
      [],
      'a process ended unexpectedly',
    )
  }
}

/** Characters of output that are kept, the last ones: those of hours are more than a string can have. */
const kept = 2 ** 25

export class LineProcess {
  readonly lines: string[] = []
  #lineCharacters = 0
  /** Its standard output, unchanged. */
  out = ''
  /** Its standard error. */
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
    // Not readline, which would report a line that a kill has truncated.
    let rest = ''
    stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    })
    stdout.setEncoding('utf8').on('data', (text: string) => {
      this.out = (this.out + text).slice(-kept)
    })
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.err = (this.err + text).slice(-kept)
    })
    // The process may end during a write: `ended` reports that.
    stdin.on('error', (error) => assert.match(error.message, /EPIPE|ECONNRESET|destroyed/))
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.#over = true
      return (code ?? signal) as number | string
    })
  }

  /** The process ended unexpectedly. */
  get lost(): boolean {
    return this.#over && !this.#wanted
  }

  get over(): boolean {
    return this.#over
  }

  get pid(): number {
    return this.#child.pid ?? assert.fail('it did not start')
  }

  /** `listener` receives every line from now on. */
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

  /** From now on the end of the process is expected. */
  mayEnd(): this {
    this.#wanted = true
    return this
  }

  /** The first matching line, past or future. */
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
    this.#lineCharacters += line.length
    while (this.#lineCharacters > kept) this.#lineCharacters -= this.lines.shift()?.length ?? 0
    for (const listener of this.#listeners) listener(line)
  }
}
