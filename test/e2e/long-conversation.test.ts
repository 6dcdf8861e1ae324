/**
 * A conversation of 100,000 messages: it opens at its end, renders only the visible messages, keeps the scroll position
 * while older ones load, and jumps to an early message from a search or a quote, and back. The longest busy period of
 * the page is printed, not asserted.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { filledProfile } from '../support/filled-profile.ts'
import { until } from '../support/network.ts'
import { message, open } from '../support/people-at-windows.ts'
import { openWindow } from '../support/window.ts'

const count = 100_000
/** An upper bound for the rows that a window renders, including those beyond its edges. */
const drawn = 120

after(endDisplay)

test('100,000 messages open at the end, scroll and are searched', async (t) => {
  const profile = join(folder(t), 'me')
  await fill(profile)
  const window = await openWindow(t, { profile })
  const { page, complaints } = window
  await page.getByRole('button', { name: /^Susan/u }).waitFor()
  await window.app.evaluate(({ contentTracing }) =>
    contentTracing.startRecording({ included_categories: ['toplevel'] }),
  )
  const began = performance.now()
  await open(window, 'Susan')
  await message(window, `message ${count} `).waitFor()
  const opened = performance.now() - began
  const log = page.getByRole('log')
  assert.ok((await log.getByRole('article').count()) < drawn)

  await log.hover()
  // Not a number while the list is rendered again.
  const first = (): Promise<number> =>
    page.evaluate(
      `Number(/message (\\d+) /.exec(document.querySelector('[role=log] article')?.textContent ?? '')?.[1])`,
    )
  await until(async () => {
    await page.mouse.wheel(0, -900)
    return (await first()) < count - 200
  }, 'older ones are shown')
  assert.ok((await log.getByRole('article').count()) < drawn)
  // A turn of the wheel moves the list for some frames; what moves it after that would be the loading.
  await page.evaluate(unchanged(`document.querySelector('[role=log]').scrollTop`, 5))
  const shown = await first()
  await settled(page)
  assert.ok(Math.abs((await first()) - shown) < 15, 'what is looked at keeps its place')

  await page.getByRole('button', { name: 'Jump to latest' }).click()
  await message(window, `message ${count} `).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('message 5003 and some')
  await page.getByRole('option').filter({ hasText: 'message 5003 and some' }).click()
  await message(window, 'message 5003 and some').waitFor()
  assert.ok((await log.getByRole('article').count()) < drawn)
  await log.hover()
  for (const [turn, reached] of [
    [900, (n: number) => n > 5150],
    [-900, (n: number) => n < 4850],
  ] as const)
    await until(async () => {
      await page.mouse.wheel(0, turn)
      return reached(await first())
    }, 'more is loaded on both sides of what was found')
  await page.getByRole('button', { name: 'Jump to latest' }).click()
  await log.getByRole('button', { name: 'You message 8 and some words' }).click()
  await until(async () => (await first()) <= 8, 'what the last one answers is shown')
  await message(window, 'message 8 ').waitFor()
  assert.ok((await log.getByRole('article').count()) < drawn)

  // After sending, the new message and those before it are visible.
  await page.getByRole('textbox').fill('and another')
  await page.keyboard.press('Enter')
  await message(window, 'and another').waitFor()
  await message(window, `message ${count} `).waitFor()
  const trace = join(profile, 'trace.json')
  await window.app.evaluate(({ contentTracing }, file) => contentTracing.stopRecording(file), trace)
  const { wall, processor } = longestTasks(trace)
  t.diagnostic(`opened in ${Math.round(opened)} ms; longest task ${wall} ms, of them ${processor} ms on a processor`)
  assert.deepEqual(complaints, [])
})

/** Returns when the requested messages are loaded and rendered: the list is unchanged for twenty frames. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(unchanged(`document.querySelector('[role=log]').textContent`, 20))
}

/** Script that resolves when `value`, an expression of the page, is the same for so many frames. */
function unchanged(value: string, frames: number): string {
  return `new Promise((resolve) => {
    let [last, same] = [undefined, 0]
    const look = () => {
      const now = ${value}
      same = now === last ? same + 1 : 0
      last = now
      if (same === ${frames}) resolve()
      else requestAnimationFrame(look)
    }
    look()
  })`
}

/**
 * The longest task of the page's main thread in milliseconds, by wall-clock time and by processor time: on a busy
 * machine only the second measures the page's own work.
 */
function longestTasks(file: string): { wall: number; processor: number } {
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: TraceEvent[] }
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ tid, pid }) => `${pid} ${tid}`),
  )
  const tasks = traceEvents.filter(({ ph, pid, tid }) => ph === 'X' && main.has(`${pid} ${tid}`))
  const most = (durations: (number | undefined)[]): number =>
    Math.round(Math.max(0, ...durations.map((one) => one ?? 0)) / 1000)
  return { wall: most(tasks.map(({ dur }) => dur)), processor: most(tasks.map(({ tdur }) => tdur)) }
}

interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  /** Microseconds. */
  dur?: number
  tdur?: number
  args?: { name?: string }
}

/** A profile with one friend and the whole conversation. */
async function fill(profile: string): Promise<void> {
  await filledProfile(profile, (store, susan) => {
    const start = Date.now() - count * 60_000
    for (let n = 1; n <= count; n++) {
      const at = start + n * 60_000
      const text = `message ${n} ${'and some words '.repeat(n % 7)}`
      store.queueMessage(susan, { id: idOf(n), text, sentAt: at, ...(n === count ? { replyTo: idOf(8) } : {}) })
    }
    store.markSent(
      susan,
      Array.from({ length: count }, (_, n) => ({ seq: n + 1, hash: new Uint8Array(32) })),
    )
    store.markDelivered(susan, count)
  })
}

/** UUIDs of version 7 in order. */
function idOf(n: number): string {
  return `0190${n.toString(16).padStart(4, '0').slice(-4)}-${(n >> 16).toString(16).padStart(4, '0')}-7000-8000-${n.toString(16).padStart(12, '0')}`
}
