/**
 * The program `quorum-node`: reads its configuration and runs a node until it is asked to stop. Exit codes: 0 stopped
 * as asked, 1 could not start or failed, 2 bad usage; the last two with one line on standard error. The only file of
 * the node that uses `process`.
 */
import os from 'node:os'
import { toError, version } from '#protocol'
import type { Log } from '#protocol'
import { AccessLists } from './access-lists.ts'
import { readConfig } from './config.ts'
import type { NodeConfig } from './config.ts'
import { nodeLog } from './log.ts'
import { startServer } from './server.ts'
import type { NodeServer } from './server.ts'

/** Called once, by main.ts. */
export function main(): void {
  const instruction = readConfig({
    argv: process.argv.slice(2),
    env: process.env,
    home: os.homedir(),
    cwd: workingFolder(),
    ipv6: Object.values(os.networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6')),
    version,
  })
  switch (instruction.act) {
    case 'print':
      process.stdout.write(instruction.text)
      break
    case 'refuse':
      refuse(instruction.message)
      break
    case 'start': {
      const { config, warnings } = instruction
      const access = accessLists(config)
      const log = nodeLog(config.logLevel)
      for (const warning of warnings) log('warn', warning)
      void run(config, access, log)
    }
  }
}

function workingFolder(): string {
  try {
    return process.cwd()
  } catch {
    return refuse('quorum-node: the working folder was removed: start the node from another one')
  }
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n`)
  // Not exitCode: under a process manager its channel would keep this process alive.
  process.exit(2)
}

/** A list with a mistake is bad usage: with a part of it the node would let in, or keep out, the wrong people. */
function accessLists(config: NodeConfig): AccessLists {
  try {
    return new AccessLists(config)
  } catch (error) {
    return refuse(`quorum-node: ${toError(error).message}`)
  }
}

async function run(config: NodeConfig, access: AccessLists, log: Log): Promise<void> {
  process.on('uncaughtException', (error) => {
    log('error', 'An unexpected error: the node ends and has to be restarted', error)
    process.exit(1)
  })
  // The reader of standard output may end: the node continues.
  process.stdout.on('error', () => log('debug', 'Standard output is closed'))

  let server: Promise<NodeServer> | undefined
  let stopping = false
  const stop = (why: string) => {
    if (stopping) return
    stopping = true
    log('info', `Stopping: ${why}`)
    const stopped = server === undefined ? Promise.resolve() : server.then((started) => started.stop())
    stopped.then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  // pm2 on Windows, which has no signal for a clean stop.
  process.on('message', (message) => message === 'shutdown' && stop('shutdown'))
  // The program that started this one has ended: nothing else would stop this process.
  process.on('disconnect', () => stop('disconnect'))

  process.on('SIGHUP', () => {
    if (access.given) void server?.then((started) => reread(access, started, log))
    // Without lists it means what it means to every program: the terminal was closed.
    else if (process.stdout.isTTY) stop('SIGHUP')
    else log('info', 'There is no list to read again (--block, --allow)')
  })

  try {
    server = startServer({ config, access, log })
    const started = await server
    if (stopping) return
    process.stdout.write(config.json ? readyLine(started) : welcome(started))
    process.send?.('ready')
    log('info', `Ready, version ${version}`)
  } catch (error) {
    fail(error)
  }
}

/** The log contains no paths and no entries: it names each list by its option. */
function reread(access: AccessLists, server: NodeServer, log: Log): void {
  for (const { option, why } of access.reread()) log('warn', `The list of ${option} stays as it was; ${why}`)
  server.recheck()
  log('info', 'The lists of who may use this node were read again')
}

function fail(error: unknown): void {
  process.stderr.write(`quorum-node: ${toError(error).message.replace(/\s*\n\s*/g, ' ')}\n`)
  process.exit(1)
}

function readyLine({ peer, addresses, http }: NodeServer): string {
  return `${JSON.stringify({ event: 'ready', data: { peer, addresses, http } })}\n`
}

function welcome({ addresses, http }: NodeServer): string {
  const loopback = /^\/(ip4\/127\.|ip6\/::1\/)/
  const best = addresses.find((address) => !loopback.test(address)) ?? addresses[0] ?? ''
  const others = addresses.filter((address) => address !== best).map((address) => `    ${address}\n`)
  const besides = 'Peers learn its other addresses from it. Who cannot reach it there may need one of them:'
  return `Quorum node ${version} is ready. Figures and health: ${http}
Add it to Quorum with this line:

    ${best}

${others.length > 0 ? `${besides}\n\n${others.join('')}\n` : ''}Ctrl-C stops it.
`
}
