/** Makes calls as a page does whose process runs an attacker's code: past everything that the page itself does. */
import type { Page } from 'playwright-core'
import { until } from './until.ts'

export interface Answer {
  id?: number
  result?: unknown
  error?: { code: string }
  event?: string
}

/** Takes the page's message ports before its own code, and returns a function that calls on one of them. */
export async function takeOver(
  page: Page,
): Promise<(port: 'main' | 'peer', call: string, params?: unknown) => Promise<Answer>> {
  await page.addInitScript(`
    window.ports = {}
    window.addEventListener('message', (event) => {
      if (event.data?.quorum === undefined) return
      event.stopImmediatePropagation()
      const port = event.ports[0]
      window.ports[event.data.quorum] = port
      port.answers = []
      port.onmessage = ({ data }) => port.answers.push(data)
    }, true)`)
  await page.reload()
  await until(() => page.evaluate('Boolean(window.ports.peer && window.ports.main)'), 'the ports are taken')
  let last = 1_000_000
  return async (port, call, params = {}) => {
    const id = ++last
    const frame = JSON.stringify({ id, call, params })
    const answer = await page.evaluate(`(async () => {
      const port = window.ports.${port}
      port.postMessage(${frame})
      for (;;) {
        const answer = port.answers.find(({ id }) => id === ${id})
        if (answer !== undefined) return answer
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })()`)
    return answer as Answer
  }
}
