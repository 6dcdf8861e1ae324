/** The terminal client takes a paste as one text: a message or an invite, never a command and never several lines. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { runTerminal } from '../../../scripts/cli/terminal/main.ts'
import { parseLine } from '../../../scripts/cli/terminal/typed-line.ts'
import { FakePeer, susan } from '../../support/fake-peer.ts'
import { TinyTerminal } from '../../support/tiny-terminal.ts'
import { until } from '../../support/until.ts'

const pathContext = { home: '/home/b', cwd: '/desk', platform: 'linux' } as const
const begin = '\u001b[200~'
const end = '\u001b[201~'
const link = `quorum://add/${'Ab-_9'.repeat(60)}`
const wrapped = link.match(/.{1,76}/gu)?.join('\n') ?? ''

async function conversation(t: TestContext) {
  const fake = new FakePeer()
  fake.friends = [susan]
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const terminal = new TinyTerminal(80, 24)
  const looks = { terminal: true, color: false, unicode: true }
  const { signal } = new AbortController()
  const known = { version: '1', folder: undefined, userName: 'own', pathContext, signal }
  const ended = runTerminal({ peer: fake.peer, input, output: terminal, ...looks, ...known })
  t.after(async () => {
    input.end()
    await ended
  })
  const shows = (text: string): Promise<void> =>
    until(
      () => terminal.screen.includes(text),
      () => `${text} in\n${terminal.screen}`,
    )
  await shows('No messages yet')
  const calls = (): string[] => fake.calls.filter((call) => !call.startsWith('typing'))
  const made = async (count: number): Promise<string[]> => {
    await until(
      () => calls().length >= count,
      () => `${count} calls; there are ${calls().join('\n')}`,
    )
    return calls()
  }
  return { fake, input, terminal, shows, made }
}

const said = (text: string): string => `sendMessage ${JSON.stringify({ peer: susan.peer, text })}`

for (const [how, paste] of [
  ['marked', (text: string) => `${begin}${text}${end}`],
  ['not marked', (text: string) => text],
] as const) {
  test(`a ${how} paste of several lines is shown, waits for Enter, and is one message, also with slashes`, async (t) => {
    const { input, shows, made } = await conversation(t)
    const letters = ['Dear Susan,\nthe minutes:\n/send /etc/passwd\nregards', '/quit\nor not', '// a comment\n  x()']
    for (const [index, text] of letters.entries()) {
      input.write(paste(text.replaceAll('\n', '\r')))
      await shows(text.split('\n').join('⏎').slice(0, 40))
      input.write('\r')
      assert.equal((await made(index + 1)).at(-1), said(text))
    }
    // From the history it is the same again.
    input.write('\u001b[A')
    await shows('// a comment⏎  x()')
    input.write('\r')
    assert.equal((await made(4)).at(-1), said('// a comment\n  x()'))
  })

  test(`a ${how} paste of a wrapped invite is one invite, and nobody is sent it`, async (t) => {
    const { input, shows, made } = await conversation(t)
    input.write(paste(wrapped))
    await shows('quorum://add/Ab-_9')
    input.write('\r')
    const [request = ''] = await made(1)
    assert.deepEqual(request, `requestFriend ${JSON.stringify({ to: wrapped })}`)
  })
}

test('typed text goes around what is pasted, and a pasted line is a line like a typed one', async (t) => {
  const { input, shows, made } = await conversation(t)
  input.write('so: ')
  input.write(`${begin}one\ntwo${end}`)
  input.write('!')
  await shows('so: one⏎two!')
  input.write('\r')
  assert.deepEqual(await made(1), [said('so: one\ntwo!')])
  input.write(`${begin}/name\n${end}`)
  await shows('› /name')
  input.write('\r')
  await shows('PeerId')
  input.write(`a⏎b`)
  await shows('a⏎b')
  input.write('\r')
  assert.equal((await made(2)).at(-1), said('a⏎b'), 'a sign that was typed is no line break')
})

test('what a pasted text means', () => {
  for (const nothing of ['', ' \n\t', '\u00a0', '\u200b', '\u2800\u2060', '\u3164']) {
    assert.deepEqual(parseLine(nothing), { kind: 'nothing' })
  }
  const quoted = wrapped.replaceAll('\n', '\n> ')
  for (const invite of [link, wrapped, `> ${quoted}`, wrapped.replaceAll('\n', '=\n')]) {
    assert.deepEqual(parseLine(invite), { kind: 'command', name: 'add', rest: invite })
  }
  for (const message of [`See ${link}\nfor more`, `${link}\nSee you soon`, 'a\nb']) {
    assert.deepEqual(parseLine(message), { kind: 'message', text: message })
  }
})
