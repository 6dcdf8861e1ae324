/**
 * The `quorum` program: reads the command line, opens the profile, and runs the terminal client, the headless peer or a
 * one-shot command. Only this file uses the process: streams, signals, environment, exit code. Wrong arguments end it
 * with exit code 2 and one line, a profile that does not open with exit code 1 and one line.
 */
import { homedir, userInfo } from 'node:os'
import { CommanderError } from 'commander'
import { errorToData, toError, version } from '#protocol'
import type { Log } from '#protocol'
import { makeBackup, restoreBackup, type BackupPlaces } from './backup.ts'
import { changePassphraseAsking } from './change-passphrase.ts'
import { commandLine } from './command-line.ts'
import type {
  BackupRequest,
  HeadlessRequest,
  OneShotRequest,
  PassphraseRequest,
  PeerRequest,
  ReceiveRequest,
  ReportRequest,
  RestoreRequest,
  TerminalRequest,
} from './command-line.ts'
import type { Followed } from './one-shot/follower.ts'
import { oneShot } from './one-shot/one-shot.ts'
import { receive } from './one-shot/receive.ts'
import { send } from './one-shot/send.ts'
import { saveReport } from './save-report.ts'
import { serveLines } from './headless/json-lines.ts'
import { logTo, openAsking, openStore, withPeer, type PeerFlags } from './open-peer.ts'
import { bothLogs, logCrashes, openLog } from './program-log.ts'
import { downloadsFolder, givenPassphrase, profileFolder, typedPath } from './profile.ts'
import { askYes } from './terminal/ask.ts'
import { showsColor, showsUnicode } from './terminal/capabilities.ts'
import { runTerminal } from './terminal/main.ts'

const usageError = 2
const openError = 1
const interrupted = 130

/** Runs the command of the command line. Returns the exit code. */
async function run(): Promise<number> {
  let code = 0
  const program = commandLine({
    terminal,
    headless,
    passphrase,
    report: reportOn,
    backup,
    restore,
    send: async (request, paths) => {
      const files = { paths: paths.map(absolute), to: request.to, note: request.note }
      code = await transfer('quorum send', request, (followed) => send(followed, files))
    },
    receive: async (request) => {
      code = await receiveFiles(request)
    },
  })
  await program.parseAsync()
  return code
}

async function headless({ peer: typed, profile: folder, logLevel }: HeadlessRequest): Promise<void> {
  const { signal } = endSignal()
  const profile = folder === undefined ? undefined : absolute(folder)
  const passphrase = passphraseOf(typed)
  await logged('quorum peer', profile, async (file) => {
    const log = bothLogs(logTo(process.stderr, logLevel), file)
    await withPeer(await openStore(profile, passphrase), { ...peerFlags(typed), log }, (peer) =>
      serveLines({ peer, version, input: process.stdin, output: process.stdout, signal }),
    )
  })
}

/** Runs `work` with the log of the profile in `folder`. If `work` fails, the error is logged. */
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

async function reportOn({ profile, output, json, passphraseFile }: ReportRequest): Promise<void> {
  const passphrase = takePassphrase({ passphraseFile })
  const target = { folder: folderOf(profile), profile, cwd: process.cwd(), now: Date.now() }
  const file = output === undefined ? {} : { output: absolute(output) }
  process.stdout.write(await saveReport({ ...target, passphrase, json, ...file }))
}

async function terminal({ peer: typed, profile }: TerminalRequest): Promise<void> {
  const { stdin: input, stdout: output, env, platform } = process
  const { signal } = endSignal()
  const interactive = input.isTTY && output.isTTY && env['TERM'] !== 'dumb'
  const looks = { terminal: interactive, color: interactive && showsColor(env), unicode: showsUnicode(env, platform) }
  const folder = profile === undefined ? undefined : folderOf(profile)
  const pathContext = { home: homedir(), cwd: process.cwd(), platform }
  await logged('quorum', folder, async (log) => {
    const store = await openAsking(folder, takePassphrase(typed), interactive ? { input, output } : undefined)
    await withPeer(store, { ...peerFlags(typed), log }, (peer) =>
      runTerminal({ peer, version, folder, userName: userName(), pathContext, input, output, ...looks, signal }),
    )
  })
}

async function passphrase(request: PassphraseRequest): Promise<void> {
  const { stdin: input, stdout: output, env } = process
  const { profile } = request
  const passphraseFile = request.passphraseFile && absolute(request.passphraseFile)
  const newPassphraseFile = request.newPassphraseFile && absolute(request.newPassphraseFile)
  const files = { passphraseFile, newPassphraseFile }
  await changePassphraseAsking({ ...request, ...files, profile, folder: folderOf(profile), input, output, env })
}

async function backup({ profile, passphraseFile, ...request }: BackupRequest, file: string): Promise<void> {
  const { backupPassphraseFile: typed, json, withPassphrase } = request
  const backupPassphraseFile = typed && absolute(typed)
  const passphrase = takePassphrase({ passphraseFile })
  const secrets = { passphrase, withPassphrase, backupPassphraseFile }
  process.stdout.write(await makeBackup({ ...secrets, ...withFile(profile, file, json) }))
}

async function restore({ profile, json, replace, ...files }: RestoreRequest, file: string): Promise<void> {
  const wordsFile = files.wordsFile && absolute(files.wordsFile)
  const passphraseFile = files.passphraseFile && absolute(files.passphraseFile)
  const newPassphraseFile = files.newPassphraseFile && absolute(files.newPassphraseFile)
  const secrets = { wordsFile, passphraseFile, newPassphraseFile }
  process.stdout.write(await restoreBackup({ ...secrets, replace, ...withFile(profile, file, json) }))
}

/** A profile and a file, the terminal to ask on, and the progress there. */
function withFile(profile: string, file: string, json: boolean): BackupPlaces {
  const { stdin: input, stderr: output } = process
  const asking = input.isTTY && output.isTTY ? { input, output } : undefined
  const progress = (percent: number): void => {
    if (output.isTTY) output.write(percent < 100 ? `\r${percent} %` : '\r     \r')
  }
  return { folder: folderOf(profile), profile, file: absolute(file), json, asking, progress }
}

async function receiveFiles({ from, into, until, yes, ...request }: ReceiveRequest): Promise<number> {
  const { stdin: input, stderr: output } = process
  const person = input.isTTY && output.isTTY
  const wanted = { from, into: into === undefined ? undefined : absolute(into), until, yes }
  return transfer('quorum receive', request, (followed, leave) => {
    const ask = async (question: string): Promise<boolean | undefined> => {
      const answer = await askYes({ input, output }, question)
      if (answer === undefined) leave()
      return answer
    }
    return receive(followed, { ...wanted, ask: person ? ask : undefined })
  })
}

/** Runs a one-shot command. `leave` has the same effect as Ctrl-C. */
async function transfer(
  name: string,
  { peer, profile, json }: OneShotRequest,
  work: (followed: Followed, leave: () => void) => Promise<number>,
): Promise<number> {
  const { stdin: input, stdout, stderr, env, platform } = process
  const { signal, leave } = endSignal(() => process.exit(interrupted))
  const terminal = stderr.isTTY && env['TERM'] !== 'dumb'
  const folder = folderOf(profile)
  const options = {
    folder,
    profile,
    passphrase: takePassphrase(peer),
    errors: { output: stderr, terminal, color: terminal && showsColor(env), unicode: showsUnicode(env, platform) },
    json: json ? stdout : undefined,
    asking: input.isTTY && terminal ? { input, output: stderr } : undefined,
    signal,
  }
  return logged(name, folder, (log) =>
    oneShot({ ...options, flags: { ...peerFlags(peer), log } }, (followed) => work(followed, leave)),
  )
}

function absolute(path: string): string {
  return typedPath(path, homedir())
}

function folderOf(profile: string): string {
  return profileFolder(profile, process.env, process.platform, homedir())
}

function peerFlags({ node, listen, name, downloads, privacy }: PeerRequest): PeerFlags {
  return {
    privacy,
    downloads: downloadsFolder(downloads, process.env, process.platform, homedir()),
    ...(node !== undefined && { nodes: node }),
    ...(listen !== undefined && { listen }),
    ...(name !== undefined && { name }),
  }
}

/**
 * The passphrase that was given. Removed from the environment, because a node may run as a child and must not get it.
 */
function takePassphrase({ passphraseFile }: Pick<PeerRequest, 'passphraseFile'>): string | undefined {
  const passphrase = passphraseOf({ passphraseFile })
  delete process.env['QUORUM_PASSPHRASE']
  return passphrase
}

function passphraseOf({ passphraseFile }: Pick<PeerRequest, 'passphraseFile'>): string | undefined {
  return givenPassphrase(passphraseFile === undefined ? undefined : absolute(passphraseFile), process.env)
}

/** A signal that aborts on the first request to end the program. On the second request, `impatient` is called. */
function endSignal(impatient: () => void = () => undefined): { signal: AbortSignal; leave: () => void } {
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
    // In a container, the user may have no entry in the password database.
    return 'me'
  }
}

/** Prints an error as one line on stderr. Returns the exit code. `--help` and `--version` are not errors. */
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

/** Runs the program, and ends the process. */
export async function main(): Promise<never> {
  try {
    process.exit(await run())
  } catch (error) {
    process.exit(report(error))
  }
}
