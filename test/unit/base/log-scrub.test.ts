/** Log lines are scrubbed: identities, addresses and paths are removed, and the details that locate a fault stay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { QuorumError } from '../../../protocol/base/errors.ts'
import { createCode } from '../../../protocol/identity/invite-link.ts'
import { createLog } from '../../../protocol/base/log-lines.ts'
import { scrubError, scrubText } from '../../../protocol/base/log-scrub.ts'
import { peerInLog } from '../../../protocol/base/log.ts'

const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'.split('')
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')
const letters = 'abcdefghijklmnopqrstuvwxyz'.split('')
const of = (unit: string[], minLength: number, maxLength = minLength): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...unit), minLength, maxLength })

const peer = of(base58, 44).map((tail) => `12D3KooW${tail}`)
const port = fc.integer({ min: 1024, max: 65_535 })
const host = fc.tuple(of(letters, 3, 12), of(letters, 3, 12), fc.constantFrom('org', 'net', 'example'))
const hostName = host.map((labels) => labels.join('.'))
/** Unusual on purpose: names of files may have spaces, quotes, umlauts and line breaks. */
const fileName = of([...letters, ' ', "'", '"', 'ü', '(', ')', ':', '\n', '.'], 4, 16).map((text) => `secret${text}x`)

/** A sensitive text, and the parts of it that must not remain. */
const sensitiveText: fc.Arbitrary<{ text: string; parts: string[] }> = fc.oneof(
  peer.map((id) => ({ text: id, parts: [id, id.slice(-6)] })),
  peer.map((id) => ({ text: peerInLog(id), parts: [id.slice(-6)] })),
  fc.tuple(fc.ipV4(), port).map(([ip, at]) => ({ text: `${ip}:${at}`, parts: [ip, String(at)] })),
  fc.ipV6().map((ip) => ({ text: ip, parts: [ip] })),
  fc.tuple(fc.ipV6(), port).map(([ip, at]) => ({ text: `[${ip}]:${at}`, parts: [ip, String(at)] })),
  fc.tuple(fc.ipV4(), port, peer).map(([ip, at, id]) => ({
    text: `/ip4/${ip}/tcp/${at}/p2p/${id}/p2p-circuit`,
    parts: [ip, String(at), id],
  })),
  fc.tuple(hostName, port, peer).map(([name, at, id]) => ({
    text: `/dns4/${name}/tcp/${at}/p2p/${id}`,
    parts: [name, String(at), id],
  })),
  fc.tuple(hostName, port).map(([name, at]) => ({ text: `${name}:${at}`, parts: [name, String(at)] })),
  hostName.map((name) => ({ text: `getaddrinfo ENOTFOUND ${name}`, parts: [name] })),
  of(base64url, 80, 200).map((body) => ({ text: `quorum://add/${body}`, parts: [body] })),
  fc.constant(undefined).map(() => ({ text: createCode(), parts: [] as string[] })),
  fc.uuid().map((id) => ({ text: id, parts: [id] })),
  fileName.map((name) => ({ text: `/home/somebody/${name}`, parts: ['somebody', 'secret'] })),
  fileName.map((name) => ({ text: `C:\\Users\\somebody\\${name}`, parts: ['somebody', 'secret'] })),
  fileName.map((name) => ({ text: `~/${name}`, parts: ['secret'] })),
  fileName.map((name) => ({ text: `ENOENT: no such file or directory, open '${name}'`, parts: ['secret'] })),
  fileName.map((name) => ({ text: `ENOENT: no such file, rename '/a/${name}' -> '${name}'`, parts: ['secret'] })),
)

test('no sensitive text remains in messages, errors, causes and members', () => {
  const nested = fc.tuple(sensitiveText, sensitiveText, sensitiveText, sensitiveText, sensitiveText)
  fc.assert(
    fc.property(nested, ([one, two, three, four, five]) => {
      const lines: string[] = []
      const log = createLog('debug', { write: (line) => lines.push(line) })
      const own = new QuorumError('not-found', `${three.text} is not there, Annabelle`)
      const members = new AggregateError([own, new Error(`inner ${four.text}`)], `all of ${five.text}`)
      const error = new Error(`failed at ${two.text}`, {
        cause: new TypeError(`because ${three.text}`, { cause: members }),
      })
      log('warn', `lost ${one.text}`, error)
      log('warn', `again`, new Error(`${two.text} and ${four.text}`))
      const written = lines.join('')
      const codes = [one, two, three, four, five].flatMap(({ text, parts }) => (parts.length > 0 ? parts : [text]))
      for (const part of [...codes, 'Annabelle']) {
        // A port may be equal to a time or a line number by chance, but must not appear as a number of its own.
        const found = /^\d+$/u.test(part) ? new RegExp(`[:/]${part}(?![\\d:,")-])`, 'u').test(messages(lines)) : false
        assert.ok(!found && (/^\d+$/u.test(part) || !written.includes(part)), `${part} in ${written}`)
      }
    }),
    { numRuns: 2000 },
  )
})

/** The lines without their times and frames, where numbers are ours. */
function messages(lines: readonly string[]): string {
  const keep = (key: string, value: unknown): unknown => (key === 'at' || key === 'time' ? undefined : value)
  return lines.map((line) => JSON.stringify(JSON.parse(line), keep)).join('\n')
}

test('details that locate a fault stay: sentences, codes, protocols, versions, times', () => {
  for (const text of [
    'at 2026-01-02T03:04:05.678Z',
    'version 1.2.3',
    'a stream on /quorum/chat/1 ended',
    'ENOSPC: no space left on device, write',
    'a friend’s stream ended, and this peer doesn’t dial',
    "a friend's stream, and it doesn't end",
    'SQLITE_IOERR_WRITE: disk I/O error',
  ]) {
    assert.equal(scrubText(text), text)
  }
})

test('stack frames contain the location in the program, but not the folder of the program', () => {
  const home = 'file:///home/somebody/quorum'
  const error = new Error('line one\n    at /home/somebody/in a message')
  error.stack = `Error: ${error.message}
    at Tcp.dial (${home}/node_modules/@libp2p/tcp/dist/src/tcp.js:10:5)
    at async lookup (node:internal/dns/utils:12:34)
    at new Secret (${home}/odd place/a b.ts:1:2)
    at ${home}/x.ts:3:4`
  assert.deepEqual(scrubError(error).at, [
    'Tcp.dial node_modules/@libp2p/tcp/dist/src/tcp.js:10:5',
    'async lookup node:internal/dns/utils:12:34',
    'new Secret <file>',
    '<file>',
  ])
  assert.ok(!JSON.stringify(scrubError(error)).includes('somebody'))
  // A real error, thrown inside the program.
  const own = thrownBy(() => createLog('loud' as 'info', { write: () => undefined }))
  assert.ok(
    scrubError(own).at.some((line) => /protocol\/base\/log-lines\.ts:\d+:\d+$/u.test(line)),
    scrubError(own).at.join(),
  )
})

test('a Quorum error is reduced to its code, because its message may quote a name', () => {
  const { code, message } = scrubError(new QuorumError('source-changed', 'Annabelle’s holiday was changed'))
  assert.deepEqual([code, message], ['source-changed', undefined])
  const odd = Object.assign(new Error('x'), { code: '203.0.113.7', name: 'No word' })
  assert.deepEqual([scrubError(odd).code, scrubError(odd).name], ['<odd>', '<odd>'])
})

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}
