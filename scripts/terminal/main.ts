/**
 * The terminal client: Quorum for people where there is no window, over ssh too. Wires screen, people, news and
 * commands to one peer, and greets on the first start. It opens no store and stops no peer: quorum.ts does.
 */
import type { Friend, Message, Peer } from '#protocol'
import { say, sayError, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { complete, runLine } from './commands.ts'
import { openConversation, typingTeller } from './conversation.ts'
import { EmbeddedNode } from './embedded-node.ts'
import { Friends } from './friends.ts'
import { newsTeller } from './news.ts'
import { listFriends } from './people-commands.ts'
import { cleanLine } from './sanitize.ts'
import { Screen } from './screen.ts'
import type { ScreenStreams } from './screen.ts'
import { parseLine } from './typed-line.ts'
import { paint } from './view.ts'

/** Unread messages are counted up to this at the start. */
const unreadCounted = 100

export interface TerminalOptions extends ScreenStreams {
  peer: Peer
  version: string
  /** The profile's folder; absent: nothing is kept, and no node can run here. */
  folder: string | undefined
  /** Proposed on the first start. */
  userName: string
  terminal: boolean
  color: boolean
  /** Aborted by a signal: leave. */
  signal: AbortSignal
  now?: () => number
}

/** Runs until the person leaves. */
export async function runTerminal(options: TerminalOptions): Promise<void> {
  const { peer, folder, signal } = options
  const friends = new Friends()
  const left = Promise.withResolvers<undefined>()
  const screen = new Screen({
    input: options.input,
    output: options.output,
    terminal: options.terminal,
    color: options.color,
    complete: (line) => complete(line, () => friends.all().map((friend) => friends.label(friend.peer))),
    typed: (line) => tellTyping(line),
    interrupted: () => left.resolve(undefined),
  })
  signal.addEventListener('abort', () => left.resolve(undefined))
  if (signal.aborted) left.resolve(undefined)

  const node: EmbeddedNode | undefined = folder === undefined ? undefined : embeddedNode(folder, () => client)
  const client: Client = {
    peer,
    screen,
    node,
    friends,
    now: options.now ?? Date.now,
    current: undefined,
    lastDay: undefined,
    typing: new Set(),
    leaving: false,
  }
  const tellTyping = typingTeller(client)
  const next = (): Promise<string | undefined> => Promise.race([screen.next(), left.promise])
  const unsubscribe = peer.subscribe(newsTeller(client))
  try {
    if (node?.chosen) node.start()
    const latest = await meetFriends(client)
    await greet(client, options, next)
    if (latest !== undefined) await openConversation(client, latest)
    showPrompt(client)
    while (!client.leaving) {
      const line = await next()
      if (line === undefined) break
      echo(client, line)
      await runLine(client, line)
    }
  } finally {
    unsubscribe()
    screen.close()
    await node?.stop()
  }
}

/** Learns everybody and what is unread. Returns the friend whom we last talked with. */
async function meetFriends(client: Client): Promise<Friend | undefined> {
  let latest: { friend: Friend; at: number } | undefined
  for (const friend of await client.peer.friends()) {
    client.friends.put(friend)
    if (friend.state !== 'friend') continue
    const messages = await client.peer.messages({ peer: friend.peer, limit: unreadCounted })
    client.friends.setUnread(friend.peer, messages.filter(isUnread).length)
    const at = timeOf(messages.at(-1)) ?? friend.addedAt
    if (latest === undefined || at > latest.at) latest = { friend, at }
  }
  return latest?.friend
}

function isUnread(message: Message): boolean {
  return message.direction === 'in' && message.state !== 'read'
}

/** By our own clock. */
function timeOf(message: Message | undefined): number | undefined {
  return message?.receivedAt ?? message?.sentAt
}

async function greet(client: Client, options: TerminalOptions, next: () => Promise<string | undefined>): Promise<void> {
  const { peer, screen, node } = client
  const self = await peer.self()
  let name = cleanLine(self.name)
  if (name === '') {
    say(client, 'Welcome to Quorum: talk with people you know. Nobody else can read along.')
    screen.prompt(`What is your name? [${options.userName}] `)
    name = cleanLine((await next()) ?? '') || options.userName
    await peer.setProfile({ name })
  }
  screen.print(
    `${paint(screen.look, 'bold', `Quorum ${options.version}`)} · you are ${name} ${paint(screen.look, 'dim', `(…${self.peer.slice(-6)})`)}`,
  )
  if (self.nodes.length === 0 && node !== undefined && !node.chosen) {
    screen.prompt('Paste an invite to join your friends, or press Enter to run a node here: ')
    const line = await next()
    if (line === undefined) return
    if (line.trim() === '') node.start()
    else await runLine(client, parseLine(line).kind === 'message' ? `/add ${line.trim()}` : line)
  }
  screen.prompt('quorum › ')
  listFriends(client)
  say(client, '/help shows what you can do, /quit leaves.', 'dim')
}

/** The node in our own process tree, and the peer told of it whenever it starts. */
function embeddedNode(folder: string, client: () => Client): EmbeddedNode {
  const tell = async (address: string): Promise<void> => {
    try {
      // Replaces the address that this node had before, if it had another.
      await client().peer.addNode({ address })
      say(client(), `A node runs here: ${address}`, 'dim', 'embedded node')
    } catch (error) {
      sayError(client(), error)
    }
  }
  return new EmbeddedNode({
    folder,
    ready: (address) => void tell(address),
    trouble: (why) => say(client(), `The node here has ended; it is started again. (${cleanLine(why)})`, 'yellow'),
  })
}

/** Commands stay on the screen as they were typed; a message is printed by its conversation instead. */
function echo(client: Client, line: string): void {
  const { kind } = parseLine(line)
  const { screen } = client
  if (!screen.terminal || kind === 'nothing' || (kind === 'message' && client.current !== undefined)) return
  screen.print(paint(screen.look, 'dim', `› ${cleanLine(line)}`))
}
