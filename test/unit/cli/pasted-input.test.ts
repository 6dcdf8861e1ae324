/** What a terminal sends for a paste, marked or not, is told from typed keys, however it is cut. */
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { PastedInput } from '../../../scripts/cli/terminal/pasted-input.ts'
import { until } from '../../support/until.ts'

const begin = '\u001b[200~'
const end = '\u001b[201~'

/** Keys and pastes, in their order: a paste as `[text]`. */
function reader() {
  const input = new PastedInput()
  let seen = ''
  input.on('data', (data: Buffer) => {
    seen += data.toString().replaceAll(begin, () => `[${input.nextPaste()}]`)
  })
  const sees = (text: string): Promise<void> =>
    until(
      () => seen === text,
      () => `${JSON.stringify(text)}; it is ${JSON.stringify(seen)}`,
    )
  return { input, sees }
}

test('typed keys pass as they come: letters, Enter, arrows, Ctrl-C, Escape', async () => {
  const { input, sees } = reader()
  let all = ''
  for (const key of ['h', 'é', '\r', '\u001b[A', '\u0003', '\u007f', '\u001b', '\u001b[3~', '\r\n']) {
    input.write(key)
    all += key
    await sees(all)
  }
})

test('a marked paste is one text wherever it is cut, between what is typed before and after it', async () => {
  const bytes = Buffer.from(`a${begin}Dear Äda,\r\n/send x\ry\n\n${end}b${begin}one${end}c`)
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 5 }), async (cuts) => {
      const { input, sees } = reader()
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
      for (const [index, from] of at.entries()) input.write(bytes.subarray(from, at[index + 1]))
      await sees('a[Dear Äda,\n/send x\ny]b[one]c')
    }),
    { numRuns: 60 },
  )
})

test('without marks, lines that come together are one text; a line with its Enter is a line', async () => {
  const together = reader()
  together.input.write('Dear Ada,\r')
  together.input.write('/send x\rregards\r')
  await together.sees('[Dear Ada,\n/send x\nregards]')

  const alone = reader()
  alone.input.write('hello\r')
  await alone.sees('hello\r')
  alone.input.write('/friends\r')
  await alone.sees('hello\r/friends\r')

  const keys = reader()
  keys.input.write('hello\r\u001b[A')
  await keys.sees('hello\r\u001b[A')
})

test('nothing in a paste acts on the terminal, and a paste whose end is lost is not lost itself', async () => {
  const hostile = reader()
  hostile.input.write(`${begin}a\u001b]0;title\u0007\u009b31m\u0003\tb${end}`)
  await hostile.sees('[a\tb]')

  const coloured = reader()
  coloured.input.write(
    `${begin}a ${begin}\u001b[1;31merror\u001b[0m: x\u001b]8;;https://a.example\u001b\\y\u001b${end}`,
  )
  await coloured.sees('[a error: xy]')

  const broken = reader()
  broken.input.write(`${begin}a\u2028b\u2029c\u0085d\fe\vf\r\ng${end}`)
  await broken.sees('[a\nb\nc\nd\ne\nf\ng]')

  const lost = reader()
  lost.input.write(`${begin}two\nlines`)
  await wait(50)
  lost.input.write(' more')
  await lost.sees('[two\nlines more]')

  const huge = reader()
  huge.input.write(begin)
  const part = 'x'.repeat(100_000)
  for (let parts = 0; parts < 50; parts += 1) huge.input.write(part)
  huge.input.write(`${end}y`)
  await huge.sees(`[${'x'.repeat(200_000)}]y`)
})
