/** Lines from bytes, with a bound; and the headless peer's answers to lines that are not calls. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Peer } from '#protocol'
import { serveLines } from '../../../scripts/cli/headless/json-lines.ts'
import { LineSplitter } from '../../../scripts/cli/headless/line-splitter.ts'

function split(longest: number, ...chunks: (string | Uint8Array)[]): unknown[] {
  const lines = new LineSplitter(longest)
  return [
    ...chunks.flatMap((chunk) => lines.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)),
    ...lines.end(),
  ]
}

test('lines are found across chunks, with and without a last newline', () => {
  assert.deepEqual(split(10, 'a', 'b\nc\r\n\nd'), [{ text: 'ab' }, { text: 'c' }, { text: '' }, { text: 'd' }])
  assert.deepEqual(split(10, ''), [])
})

test('a character split between two chunks stays intact', () => {
  const bytes = Buffer.from('ü👩\n')
  assert.deepEqual(split(10, ...[...bytes].map((byte) => Uint8Array.of(byte))), [{ text: 'ü👩' }])
})

test('the longest line passes; one byte more is refused once, and the next line is read again', () => {
  assert.deepEqual(split(3, 'abc\n'), [{ text: 'abc' }])
  assert.deepEqual(split(3, 'abcd\nxy\n'), [{ refused: 'A line is longer than 3 bytes' }, { text: 'xy' }])
  assert.deepEqual(split(3, 'ab', 'cd', 'ef', 'g\nxy'), [{ refused: 'A line is longer than 3 bytes' }, { text: 'xy' }])
})

test('a line that never ends is refused before it ends', () => {
  const lines = new LineSplitter(1000)
  const refused = Array.from({ length: 100 }, () => lines.push(Buffer.alloc(100, 'x'))).flat()
  assert.deepEqual(refused, [{ refused: 'A line is longer than 1000 bytes' }])
  assert.deepEqual(lines.end(), [])
})

test('bytes that are not UTF-8 are refused, and only that line', () => {
  assert.deepEqual(split(10, Uint8Array.of(0xc3, 0x28, 0x0a), 'ok\n'), [
    { refused: 'A line is not UTF-8' },
    { text: 'ok' },
  ])
})

test('any cut of the bytes gives the same lines', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/gu, '')))
  fc.assert(
    fc.property(texts, fc.array(fc.nat(9), { minLength: 1 }), (all, sizes) => {
      const bytes = Buffer.from(all.map((text) => `${text}\n`).join(''))
      const chunks: Uint8Array[] = []
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = 1 + (sizes[i % sizes.length] ?? 0)
        chunks.push(bytes.subarray(at, at + size))
        at += size
      }
      assert.deepEqual(
        split(1000, ...chunks),
        all.map((text) => ({ text: text.toWellFormed() })),
      )
    }),
  )
})

/** Only the access is under test: this peer answers every call, and delays one. */
function doorPeer(): Peer {
  const held = Promise.withResolvers<string>()
  const peer = {
    subscribe: () => () => undefined,
    self: async () => ({ peer: '12D3', name: 'Susan' }),
    call: async (name: string, params: unknown) => {
      if (name === 'held') return held.promise
      if (name === 'release') held.resolve('released')
      return name === 'release' ? null : { name, params }
    },
  }
  return peer as unknown as Peer
}

/** The output until the conversation ends; with `end`, because the input ends. */
async function converse(lines: string[], end = true): Promise<unknown[]> {
  const input = new PassThrough()
  const output = new PassThrough()
  const out: Buffer[] = []
  output.on('data', (chunk: Buffer) => out.push(chunk))
  for (const line of lines) input.write(line)
  if (end) input.end()
  await serveLines({ peer: doorPeer(), version: '0.0.0', input, output, signal: new AbortController().signal })
  const text = Buffer.concat(out).toString()
  return text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
}

const ready = { event: 'ready', data: { peer: '12D3', name: 'Susan', version: '0.0.0' } }

test('ready comes first; a call is answered under its id; end of input is the end', async () => {
  const out = await converse(['{"id": "x", "call": "echo", "params": {"a": 1}}\n', '{"id": 2, "call": "echo"}'])
  assert.deepEqual(out, [
    ready,
    { id: 'x', result: { name: 'echo', params: { a: 1 } } },
    { id: 2, result: { name: 'echo', params: {} } },
  ])
})

test('a slow call delays no other call', async () => {
  const out = await converse(['{"id": 1, "call": "held"}\n{"id": 2, "call": "echo"}\n{"id": 3, "call": "release"}\n'])
  assert.deepEqual(
    out.map((line) => (line as { id?: number }).id),
    [undefined, 2, 3, 1],
  )
})

test('malformed lines are answered with id null, and the peer continues', async () => {
  const bad = [
    'nonsense',
    '[]',
    'null',
    '7',
    '{"call": "echo"}',
    '{"id": {}, "call": "echo"}',
    'x'.repeat(1024 * 1024 + 1),
  ]
  const out = await converse([...bad.map((line) => `${line}\n`), '{"id": 1, "call": "echo"}\n'])
  const answers = out.slice(1) as { id: unknown; error?: { code: string } }[]
  assert.equal(answers.length, bad.length + 1)
  // A refused line is answered at once, a call later: the order is not promised.
  for (const answer of answers.filter(({ id }) => id !== 1)) {
    assert.equal(answer.id, null)
    assert.equal(answer.error?.code, 'bad-request')
  }
  assert.equal(answers.filter(({ id }) => id === 1).length, 1)
})

test('a call without a name is answered under its id', async () => {
  const out = await converse(['{"id": 5}\n'])
  assert.deepEqual(out[1], { id: 5, error: { code: 'bad-request', message: 'A call needs a name: {"call": "self"}' } })
})

test('stop answers, then ends, although the input stays open', async () => {
  const out = await converse(['{"id": 1, "call": "stop"}\n'], false)
  assert.equal((out[1] as { id: number }).id, 1)
})
