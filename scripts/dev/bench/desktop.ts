/**
 * Measures how long the window takes from its start until a conversation accepts text, and how much memory it then
 * uses. For comparison, the same run measures an empty window of the same Electron. Both start as packaged programs,
 * with an empty file cache where this machine allows it. It needs Linux and a display, so this part runs only when it
 * is named.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { version } from '#protocol'
import { electronArguments, hasDisplay } from '../../electron.mjs'
import { pack } from '../package/app.ts'
import { stage as stageApp } from '../package/stage.ts'
import { provideWindow } from '../provide-window.ts'
import { mebibytes, timesOf } from './figures.ts'
import type { Measure } from './measure.ts'
import { memoryOf } from './process-memory.ts'
import { Stage } from './processes.ts'
import { inPage, remoteDebugging } from './window-page.ts'

const loopback = '/ip4/127.0.0.1/tcp/0'
const dropCaches = '/proc/sys/vm/drop_caches'

/** Resolves in the page two frames after `condition` becomes true, because then the result is on the screen. */
const shown = (condition: string): string => `new Promise((resolve) => {
  const check = () => {
    if (!(${condition})) return setTimeout(check, 2)
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now())))
  }
  check()
})`

/** Opens the only friend as soon as it can be clicked. */
const conversation = shown(`(() => {
  const friend = document.querySelector('button.person')
  if (friend?.ariaCurrent !== 'true') friend?.click()
  return document.querySelector('[role=log] article') && document.querySelector('textarea, [role=textbox]')
})()`)

interface Started {
  /** From the start of the process until the condition was on the screen. */
  milliseconds: number
  /** Memory by kind of process. */
  bytes: Record<string, number>
}

export async function measureDesktop({ quick, progress }: Measure) {
  if (process.platform !== 'linux') throw new Error('desktop can be measured on Linux only')
  if (!hasDisplay(process.env, process.platform)) {
    throw new Error('desktop needs a display. With a virtual one: xvfb-run npm run bench -- desktop')
  }
  const count = quick ? { rounds: 1, messages: 20, settle: 0 } : { rounds: 5, messages: 2000, settle: 5000 }
  await using stage = new Stage()
  progress('desktop: building the program')
  const electron = await provideWindow()
  const work = join(stage.folder, 'work')
  const program = await pack(await stageApp(work, version), { work, out: join(stage.folder, 'program'), electron })
  progress(`desktop: a conversation of ${count.messages} messages`)
  const { addresses } = await stage.node()
  const profile = join(stage.folder, 'alice')
  const [alice, bob] = [stage.child(), stage.child()]
  const start = { nodes: addresses, direct: 'auto' } as const
  await alice.ask('start', { ...start, folder: profile, name: 'Alice' })
  const to = await bob.ask('start', { ...start, folder: join(stage.folder, 'bob'), name: 'Bob' })
  await Promise.all([bob.ask('accept'), alice.ask('request', { to })])
  await alice.ask('sendMany', { to, count: count.messages, text: 'a message like many others' })
  await alice.ask('stop')
  await alice.end()

  const dropped = !quick && dropFileCache()
  const quorum: Started[] = []
  const empty: Started[] = []
  for (let round = 1; round <= count.rounds; round += 1) {
    progress(`desktop: start ${round} of ${count.rounds}`)
    empty.push(await startWindow(electron, [emptyApp(stage.folder)], shown(`document.body?.textContent`), count.settle))
    const args = ['--profile', profile, '--listen', loopback, ...addresses.flatMap((address) => ['--node', address])]
    quorum.push(await startWindow(join(program, 'quorum'), args, conversation, count.settle))
  }
  const times = (all: readonly Started[]) => timesOf(all.map(({ milliseconds }) => milliseconds))
  return {
    definitions: {
      conversation:
        `from the start of the packaged program until a conversation of ${count.messages} messages is on the screen ` +
        'and accepts text; the measurement clicks the friend, who is online',
      empty: 'from the start of the same Electron until a page with one word is on the screen',
      memory: `proportional set size of each process, ${count.settle / 1000} s later; "all" is their sum`,
      fileCache: 'dropped: no file content was in memory before each start; kept: some may have been',
    },
    starts: count.rounds,
    fileCache: dropped ? 'dropped' : 'kept',
    conversationP50Ms: times(quorum).p50,
    conversationLongestMs: times(quorum).p99,
    emptyP50Ms: times(empty).p50,
    emptyLongestMs: times(empty).p99,
    conversationTimesEmpty: Number((times(quorum).p50 / times(empty).p50).toFixed(2)),
    conversationMiB: memory(quorum),
    emptyMiB: memory(empty),
  }

  async function startWindow(
    file: string,
    args: readonly string[],
    expression: string,
    settle: number,
  ): Promise<Started> {
    if (!quick) dropFileCache()
    const started = Date.now()
    const { NODE_OPTIONS: _options, ELECTRON_RUN_AS_NODE: _asNode, ...env } = process.env
    const child = spawn(file, [...electronArguments(), remoteDebugging, ...args], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const ended = once(child, 'exit')
    try {
      const shownAt = await inPage(child.stderr, expression)
      await wait(settle)
      return { milliseconds: Number(shownAt) - started, bytes: memoryOf(child.pid ?? 0) }
    } finally {
      child.kill('SIGTERM')
      await ended
    }
  }
}

/** Empties the file cache of this machine; returns false where the system does not allow it. */
function dropFileCache(): boolean {
  spawnSync('sync')
  try {
    writeFileSync(dropCaches, '3')
    return true
  } catch {
    // Only root may do it, and not in every container.
    return false
  }
}

function emptyApp(folder: string): string {
  const app = join(folder, 'empty')
  mkdirSync(app, { recursive: true })
  writeFileSync(join(app, 'package.json'), '{ "main": "main.cjs" }')
  writeFileSync(join(app, 'index.html'), '<!doctype html><title>Empty</title><body>Empty')
  writeFileSync(
    join(app, 'main.cjs'),
    `const { app, BrowserWindow } = require('electron')
app.setPath('userData', ${JSON.stringify(join(app, 'data'))})
app.whenReady().then(() => {
  const window = new BrowserWindow({ show: false, width: 1100, height: 760 })
  window.once('ready-to-show', () => window.show())
  window.loadFile('index.html')
})
`,
  )
  return app
}

/** Memory of the last start: by then, everything that happens only once per machine has happened. */
function memory(all: readonly Started[]): Record<string, number> {
  const bytes = all.at(-1)?.bytes ?? {}
  const sum = Object.values(bytes).reduce((total, one) => total + one, 0)
  return Object.fromEntries(
    [...Object.entries(bytes), ['all', sum] as const].map(([kind, of]) => [kind, mebibytes(of)]),
  )
}
