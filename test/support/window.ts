/**
 * The real app for end-to-end tests: Electron with its window on a virtual screen, driven by clicks and keys. Every
 * window has its own profile in a temporary folder, and all connections stay on loopback.
 */
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { _electron } from 'playwright-core'
import type { ElectronApplication, Page } from 'playwright-core'
import { electronArguments } from '../../scripts/electron.mjs'
import { provideWindow } from '../../scripts/dev/provide-window.ts'
import { undo } from './cleanup.ts'
import { display } from './display.ts'
import { patience, within } from './until.ts'

const root = join(import.meta.dirname, '..', '..')

export interface Window {
  app: ElectronApplication
  page: Page
  profile: string
  /** All errors on the console of the page. */
  complaints: string[]
  close(): Promise<void>
}

export interface WindowSetup {
  /** The profile's folder. */
  profile: string
  /** A packaged Quorum; without it, that of the checkout. */
  program?: string | undefined
  args?: readonly string[]
  /** Besides those of this process. */
  env?: Readonly<Record<string, string>>
  /** Of the content; `remembered`: as Quorum opens it. */
  size?: { width: number; height: number } | 'remembered'
}

let ready: Promise<string> | undefined

/** Opens Quorum; closed with the test unless it was before. */
export async function openWindow(t: TestContext, setup: WindowSetup): Promise<Window> {
  const { profile, program, args = [], env: added = {}, size = { width: 1280, height: 800 } } = setup
  if (program === undefined) {
    ready ??= provideWindow()
    // With this option instead of `executablePath`, Playwright pauses the app until it is connected to it.
    process.env.ELECTRON_OVERRIDE_DIST_PATH = dirname(await ready)
  }
  const { ELECTRON_RUN_AS_NODE: _not, NODE_TEST_CONTEXT: _outer, ...env } = process.env
  const screen = await display()
  const launch = async (timeout: number): Promise<ElectronApplication> =>
    _electron.launch({
      ...(program === undefined ? {} : { executablePath: program }),
      args: [
        ...electronArguments(),
        // A virtual display has no GPU: its process may end while it starts, and then now and then no frame is drawn
        // any more.
        '--disable-gpu',
        ...(program === undefined ? [join(root, 'desktop', 'main', 'main.ts')] : []),
        '--profile',
        profile,
        '--listen',
        '/ip4/127.0.0.1/tcp/0',
        '--downloads',
        `${profile}-downloads`,
        ...args,
      ],
      env: { ...definedOf(env), DISPLAY: screen, LANGUAGE: 'en', LANG: 'C.UTF-8', ...added },
      timeout,
    })
  // In the checkout the driver pauses the program until it is attached. It cannot pause a packaged one, and sometimes
  // attaches while the window is being created and then hangs: there a second start helps.
  const app = program === undefined ? await launch(patience) : await launch(30_000).catch(() => launch(patience))
  const running = app.process()
  let closed = false
  const close = async (): Promise<void> => {
    if (closed) return
    closed = true
    try {
      await within(app.close(), 'the program ends')
    } finally {
      running.kill('SIGKILL')
    }
  }
  undo(t).defer(close)
  const page = await app.firstWindow({ timeout: patience })
  page.setDefaultTimeout(patience)
  // The driver has no limit for these.
  const inProgram = app.evaluate.bind(app) as (...args: unknown[]) => Promise<unknown>
  app.evaluate = (async (...args: unknown[]) =>
    within(inProgram(...args), 'the program evaluates')) as typeof app.evaluate
  const inPage = page.evaluate.bind(page) as (...args: unknown[]) => Promise<unknown>
  page.evaluate = (async (...args: unknown[]) => within(inPage(...args), 'the page evaluates')) as typeof page.evaluate
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  if (size !== 'remembered') {
    const window = await within(app.browserWindow(page), 'the window is found')
    const resized = window.evaluate(
      (it: { setContentSize(width: number, height: number): void }, { width, height }) =>
        it.setContentSize(width, height),
      size,
    )
    await within(resized, 'the window has its size')
  }
  return { app, page, profile, complaints, close }
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
