/**
 * The `quorum` binary: reads the command line, opens the profile, and hands over to the terminal client or to the
 * headless peer. The only file here that touches the process. It refuses what it does not understand: exit code 2 and
 * one line; what does not open: exit code 1 and one line.
 */
import { existsSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import {
  changePassphrase,
  createPeer,
  errorToData,
  limits,
  logLevels,
  openMemoryStore,
  openSqliteStore,
  QuorumError,
  version,
} from '#protocol'
import type { Log, LogLevel, Peer, Store } from '#protocol'
import { serveLines } from './headless.ts'
import { givenPassphrase, profileFolder } from './profile.ts'
import { askSecret } from './terminal/ask.ts'
import { runTerminal } from './terminal/main.ts'

interface PeerFlags {
  profile?: string
  node?: string[]
  name?: string
  ephemeral?: boolean
  listen?: string[]
  downloads?: string
  direct: 'auto' | 'never' | 'only'
  lan: boolean
  passphraseFile?: string
}

interface PassphraseFlags {
  profile?: string
  remove?: boolean
  passphraseFile?: string
  newPassphraseFile?: string
}

const usageError = 2
const openError = 1
const passphraseTries = 3

const terminalHelp = `
Examples:
  $ quorum                         open your profile; the first start asks what it needs to know
  $ quorum --profile bob           a second identity beside it
  $ quorum --profile ./bob         a profile in a folder of your choice
  $ quorum --node /dns4/node.example.org/tcp/4001/p2p/12D3KooW…
  $ quorum passphrase              set, change or remove the passphrase of a profile
  $ quorum peer --help             the same peer for programs, as JSON lines

In the terminal client, /help lists what you can type.
A profile with a passphrase asks for it, unless QUORUM_PASSPHRASE or --passphrase-file tells it.`

const passphraseHelp = `
Examples:
  $ quorum passphrase                            asks for the old one and the new one, without showing them
  $ quorum passphrase --profile bob
  $ quorum passphrase --remove                   the profile opens without one from now on
  $ QUORUM_PASSPHRASE=old quorum passphrase --new-passphrase-file ./new     for scripts

Quorum must not be running with that profile. A passphrase that is forgotten cannot be recovered.`

const headlessHelp = `
Examples:
  $ quorum peer --json --profile ./alice --node /ip4/127.0.0.1/tcp/4001/p2p/12D3KooW…
  $ echo '{"id": 1, "call": "invite"}' | quorum peer --json --ephemeral

One JSON object a line. In:  {"id": 1, "call": "sendMessage", "params": {"peer": "12D3…", "text": "hi"}}
                        Out: {"id": 1, "result": …} or {"id": 1, "error": {"code": …, "message": …}}
                             {"event": "message-received", "data": …}
The first line out is the event "ready". End of input, SIGINT and SIGTERM stop it. stderr is the log.`

function collect(value: string, all: string[] = []): string[] {
  return [...all, value]
}

function notEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError('It is empty.')
  return value
}

function personName(value: string): string {
  if (value.trim().length > limits.nameCharacters) {
    throw new InvalidArgumentError(`It is longer than ${limits.nameCharacters} characters.`)
  }
  return notEmpty(value)
}

function withPeerOptions(command: Command): Command {
  return quiet(command)
    .option('--node <multiaddr>', 'a node that helps friends find you; may be given several times', collect)
    .option('--name <name>', 'the name friends see', personName)
    .option('--ephemeral', 'identity and history in memory only')
    .option('--listen <multiaddr>', 'where to listen; may be given several times', collect)
    .option('--downloads <folder>', 'where accepted files go', notEmpty)
    .addOption(
      new Option('--direct <mode>', 'direct paths: never forces the relay, only refuses it')
        .choices(['auto', 'never', 'only'])
        .default('auto'),
    )
    .option('--no-lan', 'neither announce nor try addresses of the local network')
    .option('--passphrase-file <file>', 'a file whose content is the passphrase (or QUORUM_PASSPHRASE)', notEmpty)
}

/** Errors are thrown, and told by `report` in one line. */
function quiet(command: Command): Command {
  return command
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
}

async function run(): Promise<void> {
  const program = withPeerOptions(new Command('quorum'))
    .description('Talk and share files with people you know. Without a command: the terminal client.')
    .version(version)
    .enablePositionalOptions()
    .option('--profile <name>', 'a name, or a folder if it contains a separator', notEmpty, 'default')
    .addHelpText('after', terminalHelp)
    .action((flags: PeerFlags) => terminal(flags))
  const peer = new Command('peer')
  withPeerOptions(peer)
    .description('one peer for programs: JSON lines on standard input and output')
    .option('--json', 'speak JSON lines (the only form there is)')
    .option('--profile <folder>', 'the folder of the encrypted store, created if missing', notEmpty)
    .addOption(new Option('--log-level <level>', 'what to tell on stderr').choices(logLevels).default('warn'))
    .addHelpText('after', headlessHelp)
    .action((flags: PeerFlags & { json?: boolean; logLevel: LogLevel }) => headless(flags))
  program.addCommand(peer)
  program.addCommand(
    quiet(new Command('passphrase'))
      .description('set, change or remove the passphrase that guards a profile')
      .option('--profile <name>', 'a name, or a folder if it contains a separator', notEmpty)
      .option('--remove', 'the profile opens without one from now on')
      .option('--passphrase-file <file>', 'a file whose content is the old passphrase (or QUORUM_PASSPHRASE)', notEmpty)
      .option('--new-passphrase-file <file>', 'a file whose content is the new one', notEmpty)
      .addHelpText('after', passphraseHelp)
      .action((flags: PassphraseFlags, command: Command) => passphrase({ ...command.parent?.opts(), ...flags })),
  )
  await program.parseAsync()
}

async function headless(flags: PeerFlags & { json?: boolean; logLevel: LogLevel }): Promise<void> {
  if (flags.json !== true)
    throw usage('quorum peer speaks JSON lines: add --json (people use quorum without a command)')
  if (flags.profile === undefined && flags.ephemeral !== true) throw usage('give --profile FOLDER, or --ephemeral')
  const signal = endSignal()
  const passphrase = givenPassphrase(flags.passphraseFile, process.env)
  const store = await openStore(flags.ephemeral === true ? undefined : flags.profile, passphrase)
  await withPeer(store, { ...flags, log: logTo(process.stderr, flags.logLevel) }, (peer) =>
    serveLines({ peer, version, input: process.stdin, output: process.stdout, signal }),
  )
}

async function terminal(flags: PeerFlags): Promise<void> {
  const { stdin: input, stdout: output, env } = process
  const signal = endSignal()
  const interactive = input.isTTY && output.isTTY && env['TERM'] !== 'dumb'
  const color = interactive && (env['NO_COLOR'] ?? '') === ''
  const folder =
    flags.ephemeral === true ? undefined : profileFolder(flags.profile ?? 'default', env, process.platform, homedir())
  const passphrase = givenPassphrase(flags.passphraseFile, env)
  // The node that runs beside us has no business with it.
  delete env['QUORUM_PASSPHRASE']
  const store = await openAsking(folder, passphrase, interactive)
  await withPeer(store, flags, (peer) =>
    runTerminal({ peer, version, folder, userName: userName(), input, output, terminal: interactive, color, signal }),
  )
}

/** Changes what opens a profile; asks for what neither options nor environment tell. */
async function passphrase({ profile = 'default', remove, ...files }: PassphraseFlags): Promise<void> {
  const { stdin: input, stdout: output, env } = process
  const folder = profileFolder(profile, env, process.platform, homedir())
  if (!existsSync(folder)) throw new QuorumError('not-found', `There is no profile ${profile}`)
  if (remove === true && files.newPassphraseFile !== undefined) throw usage('--remove or a new passphrase, not both')
  const interactive = input.isTTY && output.isTTY
  const asked = async (question: string): Promise<string> => {
    const typed = await askSecret({ input, output }, question)
    if (typed === undefined) throw new QuorumError('cancelled', 'Nothing was changed')
    return typed
  }

  let old = givenPassphrase(files.passphraseFile, env)
  let next = files.newPassphraseFile === undefined ? undefined : givenPassphrase(files.newPassphraseFile, {})
  if (interactive) old ??= (await asked('Passphrase now (Enter if there is none): ')) || undefined
  if (next === undefined && remove !== true) {
    if (!interactive) throw usage('give --new-passphrase-file FILE, or --remove')
    next = await asked('New passphrase: ')
    if (next !== (await asked('Once more: '))) throw new QuorumError('bad-request', 'The two are not the same')
  }
  await changePassphrase(folder, old, next)
  output.write(next === undefined ? 'The profile opens without a passphrase now.\n' : 'The passphrase is changed.\n')
}

/** The store; on a terminal, asks for the passphrase that it turns out to need. */
async function openAsking(folder: string | undefined, given: string | undefined, ask: boolean): Promise<Store> {
  let passphrase = given
  for (let tries = 0; ; tries++) {
    try {
      return await openStore(folder, passphrase)
    } catch (error) {
      const missing = error instanceof QuorumError && error.code === 'wrong-passphrase'
      if (!missing || !ask || given !== undefined || tries === passphraseTries) throw error
      const question = tries === 0 ? 'Passphrase: ' : 'That was not it. Passphrase: '
      passphrase = await askSecret({ input: process.stdin, output: process.stdout }, question)
      if (passphrase === undefined) throw error
    }
  }
}

async function openStore(directory: string | undefined, passphrase: string | undefined): Promise<Store> {
  if (directory === undefined) return openMemoryStore()
  return openSqliteStore(passphrase === undefined ? { directory } : { directory, passphrase })
}

async function withPeer(
  store: Store,
  flags: PeerFlags & { log?: Log },
  work: (peer: Peer) => Promise<void>,
): Promise<void> {
  try {
    const { node, name, listen, direct, lan, log } = flags
    const peer = await createPeer({
      store,
      direct,
      lan,
      ...(node !== undefined && { nodes: node }),
      ...(name !== undefined && { name }),
      ...(listen !== undefined && { listen }),
      ...(log !== undefined && { log }),
    })
    try {
      await work(peer)
    } finally {
      await peer.stop()
    }
  } finally {
    store.close()
  }
}

/** Lines of `level` and worse; an error's cause is told with it. */
function logTo(output: NodeJS.WriteStream, level: LogLevel): Log {
  return (at, message, error) => {
    if (logLevels.indexOf(at) < logLevels.indexOf(level)) return
    const causes: string[] = []
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message)
    output.write(`${[`${at}: ${message}`, ...causes].join(': ').replaceAll(/\s+/gu, ' ')}\n`)
  }
}

/** Aborts at the first signal that asks us to end. */
function endSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort())
  return controller.signal
}

/** The name of the system's user, if it has one. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a user that has no entry.
    return 'me'
  }
}

function usage(message: string): CommanderError {
  return new CommanderError(usageError, 'quorum.usage', message)
}

/** One line on stderr and the exit code for what went wrong; help and version are no error. */
function report(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /u, '').replace(/\s+/gu, ' ')
    process.stderr.write(`quorum: ${message} (quorum --help)\n`)
    return usageError
  }
  const { code, message } = errorToData(error)
  process.stderr.write(`quorum: ${message.replace(/\s+/gu, ' ')} (${code})\n`)
  return code === 'bad-request' ? usageError : openError
}

try {
  await run()
  process.exit(0)
} catch (error) {
  process.exit(report(error))
}
