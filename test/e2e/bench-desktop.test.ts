/** `npm run bench -- desktop` works and prints its measurements; the values themselves are not tested. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { z } from 'zod'
import { execute } from '../../scripts/dev/checks.ts'
import { display, endDisplay } from '../support/display.ts'

after(endDisplay)

const skip = process.platform === 'linux' ? false : 'the memory of processes is read from Linux interfaces'

const figure = z.number().positive()
const processes = { main: figure, page: figure, network: figure, gpu: figure, zygotes: figure, all: figure }
const report = z.object({
  desktop: z.strictObject({
    definitions: z.record(z.string(), z.string()),
    starts: figure,
    fileCache: z.enum(['dropped', 'kept']),
    conversationP50Ms: figure,
    conversationLongestMs: figure,
    emptyP50Ms: figure,
    emptyLongestMs: figure,
    conversationTimesEmpty: figure,
    conversationMiB: z.object({ ...processes, peer: figure }),
    emptyMiB: z.object(processes),
  }),
})

test('the window is compared with an empty one, with the memory of each process', { skip }, async () => {
  const { ok, output } = await execute(process.execPath, ['scripts/run.mjs', 'bench', 'desktop', '--quick', '--json'], {
    DISPLAY: await display(),
  })
  assert.ok(ok, output)
  const { desktop } = report.parse(JSON.parse(output.slice(output.indexOf('{'))))
  const { all, ...each } = desktop.conversationMiB
  const sum = Object.values(each).reduce((total, one) => total + one, 0)
  assert.ok(Math.abs(sum / all - 1) < 0.02, 'all is the sum')
  assert.ok(Math.abs(desktop.conversationP50Ms / desktop.emptyP50Ms / desktop.conversationTimesEmpty - 1) < 0.02)
})

test('without a screen it explains how to get one', { skip }, async () => {
  const { ok, output } = await execute(process.execPath, ['scripts/run.mjs', 'bench', 'desktop'], {
    DISPLAY: '',
    WAYLAND_DISPLAY: '',
  })
  assert.equal(ok, false)
  assert.match(output, /needs a display.*xvfb-run npm run bench -- desktop/u)
})
