/**
 * Evaluates expressions in the page of a window that is measured, over Chromium's DevTools protocol. The protocol is
 * available before the page is, and the program needs no debugger, so the measured program is the one that people
 * start.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'

/** With this argument, a program prints the address of its DevTools protocol on standard error. */
export const remoteDebugging = '--remote-debugging-port=0'

const target = z.object({ targetId: z.string(), type: z.string() })
const answer = z
  .object({ id: z.number(), result: z.unknown(), error: z.unknown() })
  .partial({ result: true, error: true })
/** Milliseconds between two checks whether the page exists. */
const pollInterval = 5

/** The value of an expression in the page; evaluated again when another document replaces the first. */
export async function inPage(stderr: Readable, expression: string): Promise<unknown> {
  const socket = new WebSocket(await listening(stderr))
  await once(socket, 'open')
  let asked = 0
  const ask = async (method: string, params: object, sessionId?: string): Promise<unknown> => {
    asked += 1
    const id = asked
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const receive = ({ data }: MessageEvent): void => {
      const {
        id: answered,
        result,
        error,
      } = answer.parse({ id: -1, ...z.record(z.string(), z.unknown()).parse(JSON.parse(String(data))) })
      if (answered !== id) return
      socket.removeEventListener('message', receive)
      if (error === undefined) resolve(result)
      else reject(new Error(`${method}: ${JSON.stringify(error)}`))
    }
    socket.addEventListener('message', receive)
    socket.addEventListener('close', () => reject(new Error('The program has ended')), { once: true })
    socket.send(JSON.stringify({ id, method, params, sessionId }))
    return promise
  }
  try {
    for (;;) {
      const { targetInfos } = z.object({ targetInfos: z.array(target) }).parse(await ask('Target.getTargets', {}))
      const page = targetInfos.find(({ type }) => type === 'page')
      if (page === undefined) {
        await wait(pollInterval)
        continue
      }
      const { targetId } = page
      const { sessionId } = z
        .object({ sessionId: z.string() })
        .parse(await ask('Target.attachToTarget', { targetId, flatten: true }))
      for (;;) {
        try {
          const params = { expression, awaitPromise: true, returnByValue: true }
          const { result } = z
            .object({ result: z.object({ value: z.unknown() }) })
            .parse(await ask('Runtime.evaluate', params, sessionId))
          return result.value
        } catch (error) {
          // The page has replaced the empty document that every window starts with, and with it the pending evaluation.
          if (socket.readyState !== WebSocket.OPEN) throw error
          await wait(pollInterval)
        }
      }
    }
  } finally {
    socket.close()
  }
}

async function listening(stderr: Readable): Promise<string> {
  for await (const line of createInterface({ input: stderr })) {
    const url = /^DevTools listening on (ws:\S+)$/u.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('The program ended before its DevTools protocol was available')
}
