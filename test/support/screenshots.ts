/** Pictures of a window for review by people, in a folder of screenshots/, which git ignores. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './until.ts'
import type { Window } from './window.ts'

interface Size {
  width: number
  height: number
}

export const large: Size = { width: 1280, height: 800 }
export const small: Size = { width: 900, height: 600 }
/** As small as the window can be. */
export const least: Size = { width: 640, height: 480 }

export interface Screenshots {
  /** In all sizes and both themes. */
  every(window: Window, name: string): Promise<void>
  /** In both themes. */
  one(window: Window, name: string, size: Size): Promise<void>
}

/** The folder is emptied first. */
export function screenshotsIn(folder: string): Screenshots {
  const output = join(import.meta.dirname, '..', '..', 'screenshots', folder)
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  const one = async ({ app, page }: Window, name: string, size: Size): Promise<void> => {
    await app.evaluate(({ BrowserWindow }, { width, height }) => {
      BrowserWindow.getAllWindows()[0]?.setContentSize(width, height)
    }, size)
    await until(async () => (await page.evaluate('innerWidth')) === size.width, 'the window has its size')
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme })
      await page.locator(`html[data-theme=${theme}]`).waitFor({ state: 'attached' })
      await page.waitForTimeout(150)
      await page.screenshot({ path: join(output, `${name}-${size.width}-${theme}.png`) })
    }
  }
  const every = async (window: Window, name: string): Promise<void> => {
    for (const size of [large, small, least]) await one(window, name, size)
  }
  return { every, one }
}
