/**
 * The page in a window that is being measured, over Chromium's own protocol: it is there before the page is, and without
 * a debugger in the program, so what is measured is what people start.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'

/** A program that was started with this tells on standard error where it listens. */
export const drivable = '--remote-debugging-port=0'

const target = z.object({ targetId: z.string(), type: z.string() })
const answer = z
  .object({ id: z.number(), result: z.unknown(), error: z.unknown() })
  .partial({ result: true, error: true })
/** Milliseconds between two looks whether there is a page yet. */
const look = 5

/** What an expression in the page comes to; asked again when another document takes the place of the first. */
export async function inPage(stderr: Readable, expression: string): Promise<unknown> {
  const socket = new WebSocket(await listening(stderr))
  await once(socket, 'open')
  let asked = 0
  const ask = async (method: string, params: object, sessionId?: string): Promise<unknown> => {
    asked += 1
    const id = asked
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const hear = ({ data }: MessageEvent): void => {
      const {
        id: of,
        result,
        error,
      } = answer.parse({ id: -1, ...z.record(z.string(), z.unknown()).parse(JSON.parse(String(data))) })
      if (of !== id) return
      socket.removeEventListener('message', hear)
      if (error === undefined) resolve(result)
      else reject(new Error(`${method}: ${JSON.stringify(error)}`))
    }
    socket.addEventListener('message', hear)
    socket.addEventListener('close', () => reject(new Error('The program has ended')), { once: true })
    socket.send(JSON.stringify({ id, method, params, sessionId }))
    return promise
  }
  try {
    for (;;) {
      const { targetInfos } = z.object({ targetInfos: z.array(target) }).parse(await ask('Target.getTargets', {}))
      const page = targetInfos.find(({ type }) => type === 'page')
      if (page === undefined) {
        await wait(look)
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
          // The empty document that every window begins with is gone, and what waited in it with it.
          if (socket.readyState !== WebSocket.OPEN) throw error
          await wait(look)
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
  throw new Error('The program ended before it could be reached')
}
