/**
 * The `quorum` binary: reads the command line, opens the profile, and hands over to the terminal client, to the headless
 * peer or to a one-shot command. The only file here that touches the process. It refuses what it does not understand:
 * exit code 2 and one line; what does not open: exit code 1 and one line.
 */
import { homedir, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { directModes, errorToData, limits, logLevels, toError, version } from '#protocol'
import type { Log, LogLevel } from '#protocol'
import { changePassphraseAsking, type PassphraseFlags } from './change-passphrase.ts'
import type { Followed } from './one-shot/follower.ts'
import { oneShot } from './one-shot/one-shot.ts'
import { receive } from './one-shot/receive.ts'
import { send } from './one-shot/send.ts'
import { saveReport, type ReportFlags } from './save-report.ts'
import { serveLines } from './headless/json-lines.ts'
import { headlessHelp, passphraseHelp, receiveHelp, reportHelp, sendHelp, terminalHelp } from './help.ts'
import { logTo, openAsking, openStore, withPeer, type PeerFlags } from './open-peer.ts'
import { bothLogs, logCrashes, openLog } from './program-log.ts'
import { downloadsFolder, givenPassphrase, profileFolder } from './profile.ts'
import { askYes } from './terminal/ask.ts'
import { showsColor, showsUnicode } from './terminal/capabilities.ts'
import { runTerminal } from './terminal/main.ts'

interface SendFlags extends CommandFlags {
  to?: string
  note?: string
  json?: boolean
}

interface ReceiveFlags extends CommandFlags {
  from?: string
  into?: string
  once?: boolean
  keep?: boolean
  yes?: boolean
  json?: boolean
}

/** As they are typed. */
interface CommandFlags extends Omit<PeerFlags, 'downloads' | 'log'> {
  profile?: string
  ephemeral?: boolean
  downloads?: string
  passphraseFile?: string
}

const usageError = 2
const openError = 1
const interrupted = 130

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

/** What every peer that is started understands. */
function withPeerOptions(command: Command): Command {
  return quiet(command)
    .option('--node <multiaddr>', 'a node that helps friends find you; may be given several times', collect)
    .option('--listen <multiaddr>', 'where to listen; may be given several times', collect)
    .option('--downloads <folder>', 'where accepted files go (default: your own folder for downloads)', notEmpty)
    .addOption(
      new Option(
        '--direct <mode>',
        'who learns your address and is reached directly: auto (friends), verified (friends whose number you compared), never (nobody: all through nodes); only: no node carries anything',
      )
        .choices(directModes)
        .default('auto'),
    )
    .option('--no-lan', 'neither announce nor try addresses of the local network')
    .option('--no-upnp', 'do not ask the router to let friends in')
    .option('--mdns', 'find friends on the local network without a node, and tell everybody there your PeerId')
    .option('--no-read-receipts', 'do not tell friends what was read')
    .option('--no-typing-marks', 'do not tell friends that you are writing')
    .option('--passphrase-file <file>', 'a file whose content is the passphrase (or QUORUM_PASSPHRASE)', notEmpty)
}

/** And where it may be somebody new. */
function withIdentityOptions(command: Command): Command {
  return withPeerOptions(command)
    .option('--name <name>', 'the name friends see', personName)
    .option('--ephemeral', 'identity and history in memory only')
}

/** A command that does one thing with a profile there is. */
function withOneShotOptions(command: Command): Command {
  return withPeerOptions(command)
    .option('--json', 'JSON lines of the transfer on standard output')
    .option('--profile <name>', 'a name, or a folder if it contains a separator', notEmpty)
}

/** Errors are thrown, and told by `report` in one line. */
function quiet(command: Command): Command {
  return command
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
}

/** Runs what the command line says. Returns the exit code. */
async function run(): Promise<number> {
  let code = 0
  const program = withIdentityOptions(new Command('quorum'))
    .description('Talk and share files with people you know. Without a command: the terminal client.')
    .version(version)
    .enablePositionalOptions()
    .option('--profile <name>', 'a name, or a folder if it contains a separator', notEmpty, 'default')
    .addHelpText('after', terminalHelp)
    .action((flags: CommandFlags) => terminal(flags))
  program.addCommand(
    withOneShotOptions(
      new Command('send')
        .description('send files and folders to a friend, and wait until they are there')
        .argument('[paths...]', 'files and folders; without, what was offered before goes on')
        .option('--to <friend>', 'name, handle, PeerId or its last characters', notEmpty)
        .option('--note <text>', 'a few words with it', notEmpty),
    )
      .addHelpText('after', sendHelp)
      .action(async (paths: string[], typed: SendFlags, command: Command) => {
        const flags = given(typed, command)
        const request = { paths: paths.map((path) => resolve(path)), to: flags.to, note: flags.note }
        code = await files('quorum send', flags, (followed) => send(followed, request))
      }),
  )
  program.addCommand(
    withOneShotOptions(
      new Command('receive')
        .description('take what friends send, and wait until it is on disk')
        .option('--from <friend>', 'take what this friend sends, without asking', notEmpty)
        .option('--into <folder>', 'where it goes, this time', notEmpty)
        .addOption(new Option('--once', 'exactly one offer').conflicts('keep'))
        .option('--keep', 'stay for more, until interrupted')
        .option('--yes', 'take what any friend sends, without asking'),
    )
      .addHelpText('after', receiveHelp)
      .action(async (flags: ReceiveFlags, command: Command) => {
        code = await receiveFiles(given(flags, command))
      }),
  )
  program.addCommand(
    withIdentityOptions(new Command('peer'))
      .description('one peer for programs: JSON lines on standard input and output')
      .option('--json', 'speak JSON lines (the only form there is)')
      .option('--profile <folder>', 'the folder of the encrypted store, created if missing', notEmpty)
      .addOption(new Option('--log-level <level>', 'what to tell on stderr').choices(logLevels).default('warn'))
      .addHelpText('after', headlessHelp)
      .action((flags: CommandFlags & { json?: boolean; logLevel: LogLevel }) => headless(flags)),
  )
  program.addCommand(
    quiet(new Command('passphrase'))
      .description('set, change or remove the passphrase that guards a profile')
      .option('--profile <name>', 'a name, or a folder if it contains a separator', notEmpty)
      .option('--remove', 'the profile opens without one from now on')
      .option('--no-read-receipts', 'do not tell friends what was read')
      .option('--no-typing-marks', 'do not tell friends that you are writing')
      .option('--passphrase-file <file>', 'a file whose content is the old passphrase (or QUORUM_PASSPHRASE)', notEmpty)
      .option('--new-passphrase-file <file>', 'a file whose content is the new one', notEmpty)
      .addHelpText('after', passphraseHelp)
      .action(async (typed: PassphraseFlags & { profile?: string }, command: Command) => {
        const { profile = 'default', ...flags } = given(typed, command)
        const { stdin: input, stdout: output, env } = process
        await changePassphraseAsking({ ...flags, profile, folder: folderOf(profile), input, output, env })
      }),
  )
  program.addCommand(
    quiet(new Command('report'))
      .description('save a report for those who help: versions, counts, log lines; no names and no messages')
      .option('--profile <name>', 'a name, or a folder if it contains a separator', notEmpty)
      .option('--output <file>', 'where it goes (default: a new file in the current folder)', notEmpty)
      .option('--json', 'tell where it is as one JSON object')
      .option('--passphrase-file <file>', 'a file whose content is the passphrase (or QUORUM_PASSPHRASE)', notEmpty)
      .addHelpText('after', reportHelp)
      .action(async (typed: ReportFlags & CommandFlags, command: Command) => {
        const { profile = 'default', output, json = false, ...flags } = given(typed, command)
        const passphrase = takePassphrase(flags)
        const place = { folder: folderOf(profile), profile, cwd: process.cwd(), now: Date.now() }
        process.stdout.write(await saveReport({ ...place, passphrase, json, ...(output !== undefined && { output }) }))
      }),
  )
  await program.parseAsync()
  return code
}

/** What was typed before a command counts for it too, unless it was typed after it again. */
function given<Flags extends object>(flags: Flags, command: Command): Flags {
  const own = Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) !== 'default')
  return { ...flags, ...command.parent?.opts(), ...Object.fromEntries(own) }
}

async function headless(flags: CommandFlags & { json?: boolean; logLevel: LogLevel }): Promise<void> {
  if (flags.json !== true)
    throw usage('quorum peer speaks JSON lines: add --json (people use quorum without a command)')
  if (flags.profile === undefined && flags.ephemeral !== true) throw usage('give --profile FOLDER, or --ephemeral')
  const { signal } = ending()
  const passphrase = givenPassphrase(flags.passphraseFile, process.env)
  const folder = flags.ephemeral === true ? undefined : flags.profile
  await logged('quorum peer', folder, async (kept) => {
    const log = bothLogs(logTo(process.stderr, flags.logLevel), kept)
    await withPeer(await openStore(folder, passphrase), { ...peerFlags(flags), log }, (peer) =>
      serveLines({ peer, version, input: process.stdin, output: process.stdout, signal }),
    )
  })
}

/** Runs `work` with the log of the profile in `folder`; why it fails is in the log. */
async function logged<T>(name: string, folder: string | undefined, work: (log: Log) => Promise<T>): Promise<T> {
  const { env, stderr } = process
  const complain = (sentence: string): void => void stderr.write(`quorum: ${sentence}\n`)
  const { log, close } = openLog({ folder, file: 'peer', program: name, env, complain })
  logCrashes(process, log)
  try {
    return await work(log)
  } catch (error) {
    log('error', `${name} ends`, toError(error))
    throw error
  } finally {
    close()
  }
}

async function terminal(flags: CommandFlags): Promise<void> {
  const { stdin: input, stdout: output, env, platform } = process
  const { signal } = ending()
  const interactive = input.isTTY && output.isTTY && env['TERM'] !== 'dumb'
  const looks = { terminal: interactive, color: interactive && showsColor(env), unicode: showsUnicode(env, platform) }
  const folder = flags.ephemeral === true ? undefined : folderOf(flags.profile)
  const place = { home: homedir(), cwd: process.cwd(), platform }
  await logged('quorum', folder, async (log) => {
    const store = await openAsking(folder, takePassphrase(flags), interactive ? { input, output } : undefined)
    await withPeer(store, { ...peerFlags(flags), log }, (peer) =>
      runTerminal({ peer, version, folder, userName: userName(), place, input, output, ...looks, signal }),
    )
  })
}

async function receiveFiles(flags: ReceiveFlags): Promise<number> {
  const { stdin: input, stderr: output } = process
  const person = input.isTTY && output.isTTY
  const request = {
    from: flags.from,
    into: flags.into === undefined ? undefined : resolve(flags.into),
    until: flags.once === true ? ('one' as const) : flags.keep === true ? ('on' as const) : ('all' as const),
    yes: flags.yes === true,
  }
  return files('quorum receive', flags, (followed, leave) => {
    const ask = async (question: string): Promise<boolean | undefined> => {
      const answer = await askYes({ input, output }, question)
      if (answer === undefined) leave()
      return answer
    }
    return receive(followed, { ...request, ask: person ? ask : undefined })
  })
}

/** Runs a one-shot command; `leave` is as good as Ctrl-C. */
async function files(
  name: string,
  flags: SendFlags | ReceiveFlags,
  work: (followed: Followed, leave: () => void) => Promise<number>,
): Promise<number> {
  const { stdin: input, stdout, stderr, env, platform } = process
  const { signal, leave } = ending(() => process.exit(interrupted))
  const terminal = stderr.isTTY && env['TERM'] !== 'dumb'
  const profile = flags.profile ?? 'default'
  const folder = folderOf(profile)
  const options = {
    folder,
    profile,
    passphrase: takePassphrase(flags),
    errors: { output: stderr, terminal, color: terminal && showsColor(env), unicode: showsUnicode(env, platform) },
    json: flags.json === true ? stdout : undefined,
    asking: input.isTTY && terminal ? { input, output: stderr } : undefined,
    signal,
  }
  return logged(name, folder, (log) =>
    oneShot({ ...options, flags: { ...peerFlags(flags), log } }, (followed) => work(followed, leave)),
  )
}

function folderOf(profile = 'default'): string {
  return profileFolder(profile, process.env, process.platform, homedir())
}

function peerFlags(flags: CommandFlags): PeerFlags {
  return { ...flags, downloads: downloadsFolder(flags.downloads, process.env, process.platform, homedir()) }
}

/** The passphrase that was given; the node that may run beside us has no business with it. */
function takePassphrase({ passphraseFile }: CommandFlags): string | undefined {
  const passphrase = givenPassphrase(passphraseFile, process.env)
  delete process.env['QUORUM_PASSPHRASE']
  return passphrase
}

/** A signal that aborts when we are asked to end; asked again, `impatient` is called. */
function ending(impatient: () => void = () => undefined): { signal: AbortSignal; leave: () => void } {
  const controller = new AbortController()
  const leave = (): void => (controller.signal.aborted ? impatient() : controller.abort())
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, leave)
  return { signal: controller.signal, leave }
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
  process.exit(await run())
} catch (error) {
  process.exit(report(error))
}
