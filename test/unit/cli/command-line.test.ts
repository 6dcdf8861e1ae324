/** The options of `quorum`: each is read by the commands that offer it; a command refuses options it does not read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommanderError } from 'commander'
import { privacyNames, type PrivacyPatch } from '#protocol'
import { commandLine, requests, type Commands } from '../../../scripts/cli/command-line.ts'
import { windowCommand } from '../../../desktop/main/options.ts'

/** The parsed command line, as [command, request]. */
async function parsed(...words: string[]): Promise<[string, { peer?: { privacy: PrivacyPatch } }]> {
  const asked: [string, object][] = []
  const note =
    (name: string) =>
    async (request: object): Promise<void> =>
      void asked.push([name, request])
  const commands: Commands = {
    terminal: note('terminal'),
    send: note('send'),
    receive: note('receive'),
    headless: note('headless'),
    passphrase: note('passphrase'),
    report: note('report'),
    backup: note('backup'),
    restore: note('restore'),
  }
  await commandLine(commands).parseAsync(words, { from: 'user' })
  return asked[0] ?? assert.fail('nothing was asked for')
}

test('every offered option is read', () => {
  const program = commandLine({} as Commands)
  for (const command of [program, ...program.commands]) {
    const read = new Set<string | symbol>()
    const typed = new Proxy({}, { get: (_, name) => (read.add(name), true) })
    const request = requests[command.name() as keyof typeof requests] as (typed: object) => object
    request(typed)
    const offered = command.options.map((option) => option.attributeName()).filter((name) => name !== 'version')
    assert.deepEqual(new Set(offered.filter((name) => !read.has(name))), new Set(), command.name())
    assert.ok(offered.length > 0)
  }
})

test('`quorum passphrase` refuses options that only a peer reads', async () => {
  for (const flag of ['--no-read-receipts', '--no-typing-marks', '--direct=never', '--name=x']) {
    await assert.rejects(parsed('passphrase', flag), CommanderError)
  }
})

test('a privacy flag that was not typed is not set, so the profile’s choice applies', async () => {
  for (const command of [[], ['send', 'x'], ['receive'], ['peer', '--json', '--ephemeral']]) {
    assert.deepEqual((await parsed(...command))[1].peer?.privacy, {})
    const flags = ['--direct', 'never', '--no-lan', '--upnp', '--no-mdns', '--no-read-receipts', '--typing-marks']
    assert.deepEqual((await parsed(...command, ...flags))[1].peer?.privacy, {
      direct: 'never',
      lan: false,
      upnp: true,
      mdns: false,
      readReceipts: false,
      typingMarks: true,
    })
  }
  for (const command of [['send', 'x'], ['receive'], ['peer', '--json', '--ephemeral']]) {
    const [, { peer }] = await parsed('--no-lan', '--direct=never', ...command, '--no-upnp', '--direct', 'only')
    assert.deepEqual(peer?.privacy, { lan: false, upnp: false, direct: 'only' }, command[0])
  }
})

test('what people type in the place of a command or a value is refused with its name', async () => {
  for (const [words, why] of [
    [['pear'], /"pear" is not a command/u],
    [['Peer', '--json'], /unknown option|"Peer" is not a command/u],
    [['–help'], /"–help" is not a command/u],
    [['——help'], /"——help" is not a command/u],
    [['-profile', 'bob'], /unknown option '-profile'/u],
    [['--upnp=false'], /unknown option/u],
    [['--no-direct'], /unknown option/u],
    [['--direct', 'Never'], /Allowed choices/u],
    [['--profile', ' '], /empty/u],
    [['--name', '\u00a0'], /empty/u],
    [['--downloads='], /empty/u],
    [['--node', '/ip4/0.0.0.0/tcp/4001'], /is where a node listens/u],
    [['--node'], /argument missing/u],
    [['send', '--to', ''], /empty/u],
    [['receive', 'film.mkv'], /too many arguments for 'receive'/u],
    [['peer', '--', '--json'], /too many arguments/u],
  ] as const) {
    await assert.rejects(
      parsed(...words),
      (error) => error instanceof CommanderError && why.test(error.message),
      words[0],
    )
  }
  // The last of two is meant.
  const [, request] = await parsed('--profile', 'alice', '--profile', 'bob')
  assert.equal('profile' in request && request.profile, 'bob')
})

test('the window and quorum offer the same flags with the same words, and every choice has one', () => {
  const words = (command: ReturnType<typeof commandLine>): Map<string, string> =>
    new Map(command.options.map(({ long, description }) => [long ?? '', description]))
  const ours = words(commandLine({} as Commands))
  const window = words(windowCommand())
  for (const [flag, text] of window) if (flag !== '--hidden') assert.equal(ours.get(flag), text, flag)
  const attributes = new Set(windowCommand().options.map((option) => option.attributeName()))
  for (const name of privacyNames) assert.ok(attributes.has(name), name)
})
