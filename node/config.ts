/**
 * The configuration of a node: defaults, overridden by a configuration file, then by QUORUM_NODE_* variables, then by
 * the command line, and checked by one schema. All problems are reported in one line, each under the name by which the
 * operator gave the value. An unknown option in the file or on the command line is an error. Uses neither `process` nor
 * the network.
 */
import path from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { readBounded } from '#bounded-file'
import { limits, logLevels, toError } from '#protocol'
import type { LogLevel } from '#protocol'
import { byteAmount, wholeNumber } from './amounts.ts'
import { nodeLimits } from './limits.ts'

export interface NodeConfig {
  /** Absolute path of the folder with `node.key` and `held.db`. */
  data: string
  /** Multiaddrs, TCP or WebSocket. */
  listen: string[]
  /** Multiaddrs to announce instead of those listened on; empty: announce those. */
  announce: string[]
  /** A proxy on this machine passes WebSockets on, and names each client in X-Forwarded-For. */
  behindProxy: boolean
  /** Absolute paths of the lists of who may use the node (access-lists.ts). */
  block?: string | undefined
  allow?: string | undefined
  /** Bytes a second for one peer, and bytes a day, that are relayed; undefined: as many as are asked for. */
  relayRate?: number | undefined
  relayTotal?: number | undefined
  /** Peers at once, reservations, and envelopes on disk; undefined: the default of each. */
  maxPeers?: number | undefined
  maxReservations?: number | undefined
  maxHeld?: number | undefined
  http: { host: string; port: number }
  /** The ready line as JSON. */
  json: boolean
  logLevel: LogLevel
}

/** How the process was started: everything of `process` and of the machine that matters here. */
export interface Invocation {
  /** Arguments after the program's name. */
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** Absolute, unless HOME is empty or relative. */
  home: string
  cwd: string
  /** Whether this machine has IPv6: the default listens on it only then. */
  ipv6: boolean
  version: string
}

/** What to do: start, print `text` and exit with 0, or print `message` (one line) and exit with 2. */
export type Instruction =
  | { act: 'start'; config: NodeConfig; warnings: string[] }
  | { act: 'print'; text: string }
  | { act: 'refuse'; message: string }

const environment = 'QUORUM_NODE_'

const listenAddress = z
  .string('must be a list of multiaddrs')
  .superRefine((text, context) => reportAddress(text, 'listen', context))
const announceAddress = z
  .string('must be a list of multiaddrs')
  .superRefine((text, context) => reportAddress(text, 'announce', context))

const listFile = z.string('must be a file').regex(/\S/, 'must be a file').optional()

const schema = z.strictObject({
  data: z.string('must be a folder').regex(/\S/, 'must be a folder'),
  listen: z
    .array(listenAddress, 'must be a list of multiaddrs')
    .min(1, 'needs an address')
    .max(nodeLimits.addresses)
    .transform(unique)
    .superRefine(reportSharedPort),
  announce: z.array(announceAddress, 'must be a list of multiaddrs').max(nodeLimits.addresses).transform(unique),
  http: z
    .string('must be ADDRESS:PORT')
    .regex(/^(\[[0-9a-f:.]+\]|[a-z0-9.-]+):\d{1,5}$/i, 'must be ADDRESS:PORT, such as 127.0.0.1:4003 or [::1]:4003')
    .transform((text) => ({ host: text.slice(0, text.lastIndexOf(':')).replace(/^\[|\]$/g, ''), port: portOf(text) }))
    .refine(({ port }) => port <= 65535, 'has a port above 65535'),
  behindProxy: z.boolean('must be true or false'),
  block: listFile,
  allow: listFile,
  relayRate: byteAmount(nodeLimits.relayRate).optional(),
  relayTotal: byteAmount(nodeLimits.relayTotal).optional(),
  maxPeers: wholeNumber(limits.nodePeers).optional(),
  maxReservations: wholeNumber(limits.nodeReservations).optional(),
  maxHeld: wholeNumber(nodeLimits.maxHeld).optional(),
  json: z.boolean('must be true or false'),
  logLevel: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`),
})

type Option = keyof z.input<typeof schema>
interface OptionSource {
  flag: string
  /** How the text of its variable becomes input of the schema. */
  fromText: (text: string) => unknown
  /** The value is a path: relative to the file that has it, else to the working folder. */
  isPath?: true
}
/** Every option, by its name in a file. */
const options: Record<Option, OptionSource> = {
  data: { flag: '--data', fromText: (text) => text, isPath: true },
  listen: { flag: '--listen', fromText: words },
  announce: { flag: '--announce', fromText: words },
  http: { flag: '--http', fromText: (text) => text },
  behindProxy: { flag: '--behind-proxy', fromText: truth },
  block: { flag: '--block', fromText: (text) => text, isPath: true },
  allow: { flag: '--allow', fromText: (text) => text, isPath: true },
  relayRate: { flag: '--relay-rate', fromText: (text) => text },
  relayTotal: { flag: '--relay-total', fromText: (text) => text },
  maxPeers: { flag: '--max-peers', fromText: (text) => text },
  maxReservations: { flag: '--max-reservations', fromText: (text) => text },
  maxHeld: { flag: '--max-held', fromText: (text) => text },
  json: { flag: '--json', fromText: truth },
  logLevel: { flag: '--log-level', fromText: (text) => text },
}
const optionNames = Object.keys(options) as Option[]

/** Values of some options, and the name of each in its source, for error messages. */
interface Source {
  values: Partial<Record<Option, unknown>>
  named: Partial<Record<Option, string>>
  problems: string[]
}

/** Reads every source. Opens no file but the configuration file; does not throw. */
export function readConfig(invocation: Invocation): Instruction {
  const parsed = fromCommandLine(invocation)
  if ('act' in parsed) return parsed
  const { source: commandLine, file } = parsed
  const variables = fromEnvironment(invocation)
  const sources = [
    defaults(invocation),
    fromFile(file ?? invocation.env[`${environment}CONFIG`], invocation),
    variables,
    commandLine,
  ]
  const values = Object.assign({}, ...sources.map((source) => source.values)) as Source['values']
  const named = Object.assign({}, ...sources.map((source) => source.named)) as Source['named']
  const problems = sources.flatMap((source) => source.problems)
  const checked = schema.safeParse(values)
  if (!checked.success) {
    for (const issue of checked.error.issues) problems.push(`${named[issue.path[0] as Option]} ${issue.message}`)
  }
  if (problems.length > 0 || !checked.success) return refuse(problems.join('; '))
  return { act: 'start', config: checked.data, warnings: variables.warnings }
}

function refuse(problem: string): Instruction {
  return { act: 'refuse', message: `quorum-node: ${problem.replace(/\s*\n\s*/g, ' ')} (quorum-node --help explains)` }
}

// ---- sources

function defaults({ env, home, ipv6 }: Invocation): Source {
  const share = env['XDG_DATA_HOME']
  // XDG: a relative path there is invalid and ignored.
  const base = share !== undefined && path.isAbsolute(share) ? share : path.join(home, '.local', 'share')
  const listen = ['/ip4/0.0.0.0/tcp/4001', ...(ipv6 ? ['/ip6/::/tcp/4001'] : []), '/ip4/0.0.0.0/tcp/4002/ws']
  return {
    values: {
      data: path.isAbsolute(base) ? path.join(base, 'quorum-node') : '',
      listen,
      announce: [],
      behindProxy: false,
      http: '127.0.0.1:4003',
      json: false,
      logLevel: 'info',
    },
    // Else the identity would depend on the folder from which the node is started.
    named: { data: 'HOME is no absolute path: --data' },
    problems: [],
  }
}

function fromFile(file: string | undefined, { cwd, home }: Invocation): Source {
  const source: Source = { values: {}, named: {}, problems: [] }
  if (file === undefined || file === '') return source
  const location = absolute(file, cwd, home)
  try {
    const content: unknown = JSON.parse(readBounded(location, nodeLimits.configFile))
    if (typeof content !== 'object' || content === null || Array.isArray(content)) {
      throw new Error('it must be one JSON object')
    }
    for (const [key, value] of Object.entries(content)) {
      if (!isOption(key)) {
        source.problems.push(`"${key}" in ${file} is not an option (${optionNames.join(', ')} are)`)
        continue
      }
      source.values[key] = located(key, value, path.dirname(location), home)
      source.named[key] = `"${key}" in ${file}`
    }
  } catch (error) {
    source.problems.push(`--config ${file} cannot be used: ${toError(error).message}`)
  }
  return source
}

function fromEnvironment({ env, cwd, home }: Invocation): Source & { warnings: string[] } {
  const source = { values: {}, named: {}, problems: [], warnings: [] } as Source & { warnings: string[] }
  const byVariable = new Map(optionNames.map((name) => [variableOf(name), name]))
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(environment) || text === undefined || text === '') continue
    const name = byVariable.get(variable)
    if (name !== undefined) {
      source.values[name] = located(name, options[name].fromText(text), cwd, home)
      source.named[name] = variable
    } else if (variable !== `${environment}CONFIG`) {
      // Not refused: Kubernetes sets QUORUM_NODE_PORT and more by itself for a service of this name.
      source.warnings.push(`${variable} is not an option and has no effect`)
    }
  }
  return source
}

function fromCommandLine(invocation: Invocation): { source: Source; file?: string } | Instruction {
  let printed = ''
  const command = describe(invocation.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => (printed += text), writeErr: () => {} })
  try {
    command.parse([...invocation.argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { act: 'print', text: printed }
    return refuse(error.message.replace(/^error: /, ''))
  }
  const { config, ...given } = command.opts<{ config?: string } & Record<string, unknown>>()
  const source: Source = { values: {}, named: {}, problems: [] }
  for (const name of optionNames) {
    const value = given[name]
    if (value === undefined) continue
    source.values[name] = located(name, value, invocation.cwd, invocation.home)
    source.named[name] = options[name].flag
  }
  return config === undefined ? { source } : { source, file: config }
}

function describe(version: string): Command {
  const collect = (value: string, before: string[] | undefined) => [...(before ?? []), value]
  return new Command('quorum-node')
    .description(
      'The meeting point of Quorum: keeps the list of connected peers, introduces them to each other, holds sealed ' +
        'messages for those who are away, and relays conversations that have no direct path. It can read none of them.',
    )
    .usage('[options]')
    .option('--config <file>', 'read options from this JSON file')
    .option('--data <folder>', 'where the identity and the mailboxes are stored (default: ~/.local/share/quorum-node)')
    .option('--listen <multiaddr>', 'listen here; may be repeated (default: TCP 4001, WebSocket 4002)', collect)
    .option('--announce <multiaddr>', 'announce this address instead; may be repeated', collect)
    .option('--behind-proxy', 'trust X-Forwarded-For of WebSockets that come from this machine: a proxy sets it')
    .option('--block <file>', 'refuse those in this list; SIGHUP reads it again')
    .option('--allow <file>', 'refuse all but those in this list; SIGHUP reads it again')
    .option('--relay-rate <bytes>', 'bytes a second that are relayed for one peer, such as 1MB (default: no bound)')
    .option('--relay-total <bytes>', 'bytes a day (UTC) that are relayed in all, such as 50GB (default: no bound)')
    .option('--max-peers <n>', 'peers connected at once, 1 to 10000; others are told that it is full (default: 4000)')
    .option('--max-reservations <n>', 'peers that it relays to, 0 to 20000; 0: it relays nothing (default: 8000)')
    .option('--max-held <n>', 'envelopes on disk, of up to 8 KiB, 1000 to 1000000 (default: 250000)')
    .option('--http <address:port>', 'metrics, health and status page (default: 127.0.0.1:4003)')
    .option('--log-level <level>', `one of ${logLevels.join(', ')} (default: info)`)
    .option('--json', 'print the ready line as JSON')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .allowExcessArguments(false)
    .addHelpText('after', examples)
}

const examples = `
Examples:
  Try it on this machine, with everything in one folder:
    quorum-node --data ./node-data --listen /ip4/127.0.0.1/tcp/4001
  On a server with a public address and a name:
    quorum-node --announce /dns4/node.example.org/tcp/4001
  Behind a reverse proxy that ends TLS on port 443:
    quorum-node --behind-proxy --listen /ip4/0.0.0.0/tcp/4001 --listen /ip4/127.0.0.1/tcp/4002/ws \\
                --announce /dns4/node.example.org/tcp/4001 --announce /dns4/node.example.org/tcp/443/tls/ws
  Any free port, for a script that reads the ready line:
    quorum-node --json --listen /ip4/127.0.0.1/tcp/0 --http 127.0.0.1:0
  For some people and one office only: a list of PeerIds, IP addresses and networks, one a line:
    quorum-node --announce /dns4/node.example.org/tcp/4001 --allow /etc/quorum/allow
  Where traffic costs money: at most 2 MB a second for each peer, and 30 GB a day:
    quorum-node --announce /dns4/node.example.org/tcp/4001 --relay-rate 2MB --relay-total 30GB

Every option may also be in the file, {"data": "/srv/quorum", "listen": ["/ip4/0.0.0.0/tcp/4001"], "logLevel": "warn"},
or in the environment, QUORUM_NODE_DATA, QUORUM_NODE_LISTEN (several separated by spaces), QUORUM_NODE_LOG_LEVEL.
The command line wins over the environment, the environment over the file.
`

// ---- values

/** Adds an issue to `context` if `text` is not an address to listen on or to announce. */
function reportAddress(text: string, use: 'listen' | 'announce', context: z.RefinementCtx): void {
  const problem = addressProblem(text, use)
  if (problem !== undefined) context.addIssue(`${JSON.stringify(text)} ${problem}`)
}

function addressProblem(text: string, use: 'listen' | 'announce'): string | undefined {
  if (text.length > limits.address) return `is longer than ${limits.address} characters`
  let parts: { name: string; value?: string | undefined }[]
  try {
    parts = multiaddr(text).getComponents()
  } catch (error) {
    return `is not a multiaddr such as /ip4/0.0.0.0/tcp/4001 (${toError(error).message})`
  }
  const shape = parts.map((part) => part.name).join('/')
  if (shape.includes('p2p')) return 'must end before /p2p: the node adds its own identity'
  if (use === 'listen') {
    if (/^ip[46]\/tcp(\/tls\/ws|\/wss)$/.test(shape)) return 'asks for TLS: listen on /ws behind a proxy that ends TLS'
    if (!/^ip[46]\/tcp(\/ws)?$/.test(shape)) return 'must be /ip4 or /ip6, then /tcp, then /ws or nothing'
    return undefined
  }
  if (!/^(ip4|ip6|dns|dns4|dns6)\/tcp(\/ws|\/wss|\/tls\/ws)?$/.test(shape)) {
    return 'must be /ip4, /ip6 or /dns4, then /tcp, then /ws, /tls/ws or nothing'
  }
  if (parts[1]?.value === '0') return 'announces port 0'
  if (parts[0]?.value === '0.0.0.0' || parts[0]?.value === '::') return 'cannot be reached by others'
  return undefined
}

/** What is given twice, as in a variable and a copy of it, is meant once. */
function unique(addresses: string[]): string[] {
  return [...new Set(addresses)]
}

/** Adds an issue to `context` for two addresses that exclude each other: the system refuses the second one. */
function reportSharedPort(addresses: readonly string[], context: z.RefinementCtx): void {
  const taken = new Map<string, string[]>()
  for (const [family = '', host = '', port = '0'] of addresses.map(
    (text) => text.match(/[^/]+/g)?.toSpliced(2, 1) ?? [],
  )) {
    const hosts = taken.get(`${family} ${port}`) ?? []
    const isEvery = (one: string): boolean => one === '0.0.0.0' || one === '::'
    if (port !== '0' && hosts.some((other) => other === host || isEvery(other) || isEvery(host))) {
      context.addIssue(`has port ${port} twice`)
    }
    taken.set(`${family} ${port}`, [...hosts, host])
  }
}

function portOf(text: string): number {
  return Number(text.slice(text.lastIndexOf(':') + 1))
}

function truth(text: string): unknown {
  return { true: true, '1': true, false: false, '0': false }[text] ?? text
}

/** A multiaddr contains neither spaces nor commas. */
function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

/** A path becomes absolute, any other value stays as it is. */
function located(name: Option, value: unknown, from: string, home: string): unknown {
  return options[name].isPath === true && typeof value === 'string' ? absolute(value, from, home) : value
}

function absolute(text: string, from: string, home: string): string {
  if (text.trim() === '') return text
  return path.resolve(from, text === '~' || text.startsWith('~/') ? path.join(home, text.slice(1)) : text)
}

function isOption(key: string): key is Option {
  return Object.hasOwn(options, key)
}

/** `logLevel` is QUORUM_NODE_LOG_LEVEL. */
function variableOf(name: Option): string {
  return environment + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}
