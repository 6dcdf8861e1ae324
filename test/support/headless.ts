/**
 * Peers and nodes as real processes, driven through their JSON lines: a peer and a node that can be stopped, killed and
 * restarted on the same folder. It also checks the rules for every line and every run of the process: each line is an
 * answer or an event, `ready` comes first, answers match calls, a clean stop exits with 0 and a silent standard error.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { CallName, CallParams, CallResults, ErrorData, Friend, Message, PeerEvent } from '#protocol'
import type { LineProcess, Stage, StartOptions } from './line-process.ts'
import { patience, until } from './until.ts'

type EventName = PeerEvent['event']
type DataOf<E extends EventName> = Extract<PeerEvent, { event: E }>['data']
type Args<C extends CallName> = CallParams<C> extends Record<string, never> ? [] : [params: CallParams<C>]

/** A call was answered with an error. */
class Refusal extends Error {
  readonly code: string

  constructor(call: string, { code, message }: ErrorData) {
    super(`${call}: ${code}: ${message}`)
    this.name = 'Refusal'
    this.code = code
  }
}

/** The process ended before it answered: whether the call was carried out is not known. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

export interface PeerSetup extends StartOptions {
  /** Node addresses. */
  nodes?: readonly string[]
  /** Additional command line arguments, for example `--direct never`. */
  args?: readonly string[]
  ephemeral?: boolean
}

interface Pending {
  call: string
  resolve(result: unknown): void
  reject(error: Error): void
}

/** One peer and its profile folder, through any number of restarts. */
export class HeadlessPeer {
  readonly name: string
  readonly folder: string
  /** PeerId; known from the first start on. */
  id = ''
  setup: PeerSetup
  /** Events since the last start, `ready` included. */
  events: PeerEvent[] = []
  /** Called with every event, across restarts. */
  onEvent: (event: PeerEvent) => void = () => undefined
  readonly #stage: Stage
  readonly #pending = new Map<number, Pending>()
  #process: LineProcess | undefined
  #calls = 0

  constructor(stage: Stage, name: string, setup: PeerSetup = {}) {
    this.#stage = stage
    this.name = name
    this.setup = setup
    this.folder = join(stage.folder, `profile-${name}`)
  }

  get running(): boolean {
    return this.#process?.over === false
  }

  get pid(): number {
    return this.#process?.pid ?? assert.fail(`${this.name} was never started`)
  }

  /** Starts it, and returns when it is ready. */
  async start(): Promise<this> {
    assert.ok(!this.running, `${this.name} is running already`)
    const { nodes = [], args = [], ephemeral = false } = this.setup
    const listen = args.includes('--listen') ? [] : ['--listen', '/ip4/127.0.0.1/tcp/0']
    const profile = ephemeral ? ['--ephemeral'] : ['--profile', this.folder]
    const all = [...profile, '--name', this.name, ...listen, ...nodes.flatMap((node) => ['--node', node]), ...args]
    const process = this.#stage.start('peer', all, this.setup)
    this.#process = process
    this.events = []
    process.listen((line) => this.#take(line))
    void process.ended.then(() => this.#forget())
    const { peer } = await this.event('ready')
    assert.ok(this.id === '' || ephemeral || this.id === peer, 'another PeerId than before')
    this.id = peer
    return this
  }

  async call<C extends CallName>(call: C, ...args: Args<C>): Promise<CallResults[C]> {
    return (await this.ask(call, args[0] ?? {})) as CallResults[C]
  }

  /** The code with which a call is refused; fails if it is not. */
  async refusal<C extends CallName>(call: C, ...args: Args<C>): Promise<string> {
    const result = await this.ask(call, args[0] ?? {}).catch((error: unknown) => error)
    if (result instanceof Refusal) return result.code
    return assert.fail(`${call} was not refused but answered ${JSON.stringify(result)}`)
  }

  /** Any call with any parameters. Errors: `Refusal`, `Unanswered`. */
  async ask(call: string, params: unknown): Promise<unknown> {
    const process = this.#process ?? assert.fail(`${this.name} was never started`)
    if (process.over) throw new Unanswered(`${this.name} is not running`)
    const id = ++this.#calls
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#pending.set(id, { call, resolve, reject })
    process.write(`${JSON.stringify({ id, call, params })}\n`)
    const late = setTimeout(() => reject(new Error(`${this.name} never answered ${call}`)), patience)
    try {
      return await promise
    } finally {
      clearTimeout(late)
    }
  }

  /** The first matching event since the last start, past or future. */
  async event<E extends EventName>(event: E, fits: (data: DataOf<E>) => boolean = () => true): Promise<DataOf<E>> {
    const is = (one: PeerEvent): one is PeerEvent & { event: E } => one.event === event && fits(one.data as DataOf<E>)
    const found = (): PeerEvent | undefined => this.events.find(is)
    const lately = () => `${this.name}: ${event}; lately: ${JSON.stringify(this.events.slice(-12), undefined, 1)}`
    const process = this.#process
    await until(() => {
      assert.ok(process === this.#process && process?.over === false, `${this.name} ended: ${process?.err}`)
      return found() != null
    }, lately)
    return found()?.data as DataOf<E>
  }

  /** The friend, if listed. */
  async friend(peer: HeadlessPeer): Promise<Friend | undefined> {
    return (await this.call('friends')).find((friend) => friend.peer === peer.id)
  }

  /** Returns when the conversation with `peer` is open (or is not). */
  async sees(peer: HeadlessPeer, online = true): Promise<void> {
    await until(
      async () => (await this.friend(peer))?.online === online,
      () => `${this.name} sees ${peer.name} ${online ? 'on' : 'off'}line; ${JSON.stringify(this.events.slice(-8))}`,
    )
  }

  async send(to: HeadlessPeer, text: string): Promise<Message> {
    return this.call('sendMessage', { peer: to.id, text })
  }

  /** All messages with `peer`, oldest first, read page by page. */
  async history(peer: HeadlessPeer, limit = 1000): Promise<Message[]> {
    const all: Message[] = []
    for (;;) {
      const before = all[0]?.id
      const page = await this.call('messages', { peer: peer.id, limit, ...(before == null ? {} : { before }) })
      all.unshift(...page)
      if (page.length < limit) return all
    }
  }

  /** Returns when the newest message with `text` in the conversation with `peer` has reached `state`. */
  async has(peer: HeadlessPeer, text: string, state: Message['state']): Promise<Message> {
    let found: Message | undefined
    await until(
      async () => {
        found = (await this.call('messages', { peer: peer.id, limit: 100 })).findLast((one) => one.text === text)
        return found?.state === state
      },
      () => `${this.name} has ${JSON.stringify(text)} as ${state}; it is ${JSON.stringify(found)}`,
    )
    return found ?? assert.fail()
  }

  /** Kills the process with SIGKILL, as in a power cut. */
  async kill9(): Promise<void> {
    this.#process?.kill9()
    await this.#process?.ended
  }

  /** Closes its standard input, as the program that started it would. */
  async stop(): Promise<void> {
    const process = this.#process ?? assert.fail(`${this.name} was never started`)
    process.endInput()
    assert.equal(await process.ended, 0, process.err)
    assert.equal(process.err, '')
  }

  #take(line: string): void {
    const parsed = JSON.parse(line) as PeerEvent | { id: number; result: unknown } | { id: number; error: ErrorData }
    if ('event' in parsed) {
      assert.equal(this.events.length === 0, parsed.event === 'ready', 'ready is the first event, and only that')
      this.events.push(parsed)
      this.onEvent(parsed)
      return
    }
    const pending = this.#pending.get(parsed.id) ?? assert.fail(`an answer to nothing: ${line}`)
    this.#pending.delete(parsed.id)
    if ('error' in parsed) pending.reject(new Refusal(pending.call, parsed.error))
    else pending.resolve(parsed.result)
  }

  #forget(): void {
    const error = new Unanswered(`${this.name} ended: ${this.#process?.err}`)
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }
}

interface NodeReady {
  peer: string
  addresses: string[]
  http: string
}

export interface NodeSetup extends StartOptions {
  /** Multiaddrs; by default a free port of the loopback. */
  listen?: readonly string[]
  /** Additional command line arguments, for example `--announce MULTIADDR`. */
  args?: readonly string[]
}

/** One node and its data folder. After a restart it has the same PeerId and the same ports. */
export class HeadlessNode {
  addresses: string[] = []
  readonly folder: string
  readonly #stage: Stage
  readonly #setup: NodeSetup
  #process: LineProcess | undefined
  #http = ''

  constructor(stage: Stage, name = 'node', setup: NodeSetup = {}) {
    this.#stage = stage
    this.#setup = setup
    this.folder = join(stage.folder, name)
  }

  async start(): Promise<this> {
    assert.ok(this.#process?.over !== false, 'the node is running already')
    const known = this.addresses.map((address) => address.slice(0, address.indexOf('/p2p/')))
    const { listen = ['/ip4/127.0.0.1/tcp/0'], args = [] } = this.#setup
    const all = (known.length > 0 ? known : listen).flatMap((address) => ['--listen', address])
    const own = ['--data', this.folder, ...all, '--http', '127.0.0.1:0', ...args]
    const process = this.#stage.start('node', own, this.#setup)
    this.#process = process
    const line = await process.line('the node is ready')
    const { event, data } = JSON.parse(line) as { event: string; data: NodeReady }
    assert.equal(event, 'ready')
    if (known.length > 0) assert.deepEqual(data.addresses, this.addresses)
    this.addresses = data.addresses
    this.#http = data.http
    return this
  }

  get pid(): number {
    return this.#process?.pid ?? assert.fail('the node was never started')
  }

  /** What it has written to its error output since the last start. */
  get log(): string {
    return this.#process?.err ?? ''
  }

  async kill9(): Promise<void> {
    this.#process?.kill9()
    await this.#process?.ended
  }

  async stop(): Promise<void> {
    const process = this.#process ?? assert.fail('the node was never started')
    process.signal('SIGTERM')
    assert.equal(await process.ended, 0, process.err)
  }

  /** A value from /metrics; 0 for a metric that does not exist yet. */
  async figure(name: string): Promise<number> {
    const text = await (await fetch(`${this.#http}/metrics`)).text()
    assert.ok(text.includes(name.replace(/{.*/, '')), `no ${name} in ${text}`)
    const line = text.split('\n').find((one) => one.startsWith(`${name} `))
    return Number(line?.split(' ')[1] ?? 0)
  }

  /** How many envelopes it has accepted since the last start. */
  deliveries(): Promise<number> {
    return this.figure('quorum_requests_total{kind="deliver",outcome="ok"}')
  }

  /** Returns when it holds `count` envelopes for absent peers. */
  async holds(envelopes: number): Promise<void> {
    const held = () => this.figure('quorum_held_envelopes')
    await until(async () => (await held()) === envelopes, `the node holds ${envelopes}`)
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }
}

/** Makes friends of two running peers that can reach each other, and returns when they can talk. */
export async function befriend(a: HeadlessPeer, b: HeadlessPeer): Promise<void> {
  const { link } = await a.call('invite', {})
  await b.call('requestFriend', { to: link })
  const incoming = async () => (await a.friend(b))?.state === 'incoming'
  await until(incoming, `${b.name}'s request reaches ${a.name}`)
  await a.call('acceptFriend', { peer: b.id })
  await talking(a, b)
}

/** A node, and two friends who use it and can talk. */
export async function startFriends(
  stage: Stage,
  direct: 'auto' | 'never',
): Promise<{ node: HeadlessNode; alice: HeadlessPeer; bob: HeadlessPeer }> {
  const node = await new HeadlessNode(stage).start()
  const setup = { nodes: node.addresses, args: ['--direct', direct] }
  const alice = await new HeadlessPeer(stage, 'alice', setup).start()
  const bob = await new HeadlessPeer(stage, 'bob', setup).start()
  await befriend(alice, bob)
  return { node, alice, bob }
}

/** Returns when each can leave messages for the other. */
export async function mailboxes(a: HeadlessPeer, b: HeadlessPeer): Promise<void> {
  const both = async (): Promise<boolean> => ((await a.friend(b))?.mailbox && (await b.friend(a))?.mailbox) === true
  await until(both, `${a.name} and ${b.name} have given each other a ticket`)
}

/** Returns when the conversation is open on both sides. */
export async function talking(a: HeadlessPeer, b: HeadlessPeer): Promise<void> {
  await Promise.all([a.sees(b), b.sees(a)])
}
