/**
 * The reporter of `npm test` for logs: TAP, with everything that failed repeated directly before the totals,
 * for readers who have only the end of a long log.
 */
import { relative } from 'node:path'
import { tap, type TestEvent } from 'node:test/reporters'
import { root } from './checks.ts'

/** Lines shown of one failure: its message and its stack without Node's own frames. */
const linesOfFailure = 25

// oxlint-disable-next-line no-default-export -- Node takes the default export of a reporter
export default async function* logReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: string[] = []
  async function* watched(): AsyncGenerator<TestEvent> {
    for await (const event of events) {
      const failure = failureIn(event)
      if (failure !== undefined) failures.push(failure)
      yield event
    }
  }
  for await (const text of tap(watched())) {
    // The totals are the comments at the end, of which this is the first.
    if (text.startsWith('# tests ')) yield failures.splice(0).join('')
    yield text
  }
}

/** A failure as lines of comments; undefined if `event` is none, or only says that a test inside it failed. */
function failureIn(event: TestEvent): string | undefined {
  if (event.type !== 'test:fail') return undefined
  const { name, file, line, details } = event.data
  const { failureType, cause } = details.error as Error & { failureType?: string }
  if (failureType === 'subtestsFailed') return undefined
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : details.error.message
  const told = reason.split('\n').filter((text) => !/^ +at .*\(?node:internal\//.test(text))
  const place = file === undefined ? 'no file' : `${relative(root, file)}:${line ?? 0}`
  const lines = [
    `failed: ${name} (${place}, after ${Math.round(details.duration_ms)} ms)`,
    ...told.slice(0, linesOfFailure).map((text) => `  ${text}`),
  ]
  return lines.map((text) => `# ${text}\n`).join('')
}
