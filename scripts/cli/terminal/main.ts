/**
 * The terminal client: Quorum for people where there is no window, over ssh too. Wires screen, people, news and
 * commands to one peer, and greets on the first start. It opens no store and stops no peer: quorum.ts does.
 */
import { limits } from '#protocol'
import type { Friend, Message, Peer } from '#protocol'
import { say, sayError, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { complete, runLine } from './commands.ts'
import { openConversation, typingTeller } from './conversation.ts'
import { EmbeddedNode } from '#embedded-node'
import { Friends } from './friends.ts'
import { newsTeller } from './peer-events.ts'
import { useOwnNode } from './node-command.ts'
import { listFolder } from './folder-list.ts'
import { listFriends } from './friend-list.ts'
import { cleanLine } from './sanitize.ts'
import { Screen } from './screen.ts'
import type { ScreenStreams } from './screen.ts'
import { showTransfer } from './transfer-events.ts'
import { Transfers, waitsForUs } from './transfers.ts'
import { parseLine } from './typed-line.ts'
import { completePath } from './typed-paths.ts'
import type { Place } from './typed-paths.ts'
import { paint } from './view.ts'

export interface TerminalOptions extends ScreenStreams {
  peer: Peer
  version: string
  /** The profile's folder; absent: nothing is kept, and no node can run here. */
  folder: string | undefined
  /** Proposed on the first start. */
  userName: string
  /** Where the paths that are typed begin. */
  place: Place
  terminal: boolean
  color: boolean
  unicode: boolean
  /** Aborted by a signal: leave. */
  signal: AbortSignal
  now?: () => number
}

type Next = () => Promise<string | undefined>

/** Runs until the person leaves. */
export async function runTerminal(options: TerminalOptions): Promise<void> {
  const { peer, folder, place, signal } = options
  const friends = new Friends()
  const left = Promise.withResolvers<undefined>()
  const screen = new Screen({
    input: options.input,
    output: options.output,
    terminal: options.terminal,
    color: options.color,
    unicode: options.unicode,
    complete: (line) =>
      complete(line, {
        labels: () => friends.all().map((friend) => friends.label(friend.peer)),
        paths: (text) => completePath(text, place, listFolder),
      }),
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
    transfers: new Transfers(),
    place,
    now: options.now ?? Date.now,
    current: undefined,
    lastDay: undefined,
    typing: new Set(),
    hidden: new Set(),
    ownAddresses: new Set(),
    leaving: false,
  }
  const tellTyping = typingTeller(client)
  const next: Next = () => Promise.race([screen.next(), left.promise])
  const unsubscribe = peer.subscribe(newsTeller(client))
  try {
    if (node?.chosen) node.start()
    const latest = await meetFriends(client)
    await greet(client, options, next)
    if (latest !== undefined && !client.leaving) await openConversation(client, latest)
    for (const offer of client.transfers.open().filter(waitsForUs)) {
      if (offer.peer !== client.current) showTransfer(client, offer)
    }
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

/** Learns everybody, what is unread and what is on its way. Returns the friend whom we last talked with. */
async function meetFriends(client: Client): Promise<Friend | undefined> {
  for (const transfer of await client.peer.transfers({})) client.transfers.put(transfer)
  let latest: { friend: Friend; at: number } | undefined
  for (const friend of await client.peer.friends()) {
    client.friends.put(friend)
    if (friend.state !== 'friend') continue
    const messages = await client.peer.messages({ peer: friend.peer, limit: 1 })
    const at = timeOf(messages.at(-1)) ?? friend.addedAt
    if (latest === undefined || at > latest.at) latest = { friend, at }
  }
  return latest?.friend
}

/** By our own clock. */
function timeOf(message: Message | undefined): number | undefined {
  return message?.receivedAt ?? message?.sentAt
}

async function greet(client: Client, options: TerminalOptions, next: Next): Promise<void> {
  const { peer, screen } = client
  let name = cleanLine((await peer.self()).name)
  if (name === '') {
    say(client, 'Welcome to Quorum: talk with people you know. Nobody else can read along.')
    name = await askName(client, options.userName, next)
    if (client.leaving) return
    await peer.setProfile({ name })
  }
  const self = await peer.self()
  const { look } = screen
  const short = paint(look, 'dim', `(…${self.peer.slice(-6)})`)
  screen.print(`${paint(look, 'bold', `Quorum ${options.version}`)} · you are ${name} ${short}`)
  await askForNode(client, next)
  if (client.leaving) return
  screen.prompt('quorum › ')
  listFriends(client)
  say(client, '/help shows what you can do, /quit leaves.', 'dim')
}

/** Anything but a command or a link is a name; nothing is the proposed one. */
async function askName(client: Client, proposed: string, next: Next): Promise<string> {
  for (;;) {
    ask(client, `What is your name? [${proposed}] `)
    const line = await next()
    client.leaving = line === undefined
    if (line === undefined || parseLine(line).kind === 'nothing') return proposed
    const name = cleanLine(line)
    if (parseLine(line).kind === 'message' && name !== '' && name.length <= limits.nameCharacters) return name
    say(client, `A name, please, as your friends know you: up to ${limits.nameCharacters} characters.`, 'yellow')
  }
}

/** Somebody without a node joins a friend's, or starts one: without any, nobody finds them. */
async function askForNode(client: Client, next: Next): Promise<void> {
  const { node, peer, friends } = client
  if (node === undefined) return
  while (!node.running && !client.leaving && friends.all().length === 0) {
    if ((await peer.self()).nodes.length > 0) return
    ask(client, 'Paste a friend’s invite, or press Enter to start on your own: ')
    const line = await next()
    if (line === undefined) client.leaving = true
    else if (line.trim() === '') node.start()
    else await runLine(client, parseLine(line).kind === 'message' ? `/add ${line.trim()}` : line)
  }
}

/** A question as the prompt; where there is none, as a line. */
function ask({ screen }: Client, question: string): void {
  if (screen.terminal) screen.prompt(question)
  else screen.print(question.trimEnd())
}

/** The node in our own process tree, and the peer told of it whenever it starts. */
function embeddedNode(folder: string, client: () => Client): EmbeddedNode {
  let troubled = false
  return new EmbeddedNode({
    folder,
    ready: (first) => {
      client().ownAddresses.clear()
      useOwnNode(client()).catch((error: unknown) => sayError(client(), error))
      if (first) say(client(), 'A node runs on this machine now: friends in your network find you through it.', 'dim')
      if (troubled) say(client(), 'The node on this machine runs again.', 'dim', 'nodes')
      troubled = false
    },
    trouble: (why) => {
      troubled = true
      say(client(), `The node on this machine has ended (${cleanLine(why)}) and is started again.`, 'yellow', 'nodes')
    },
  })
}

/** Commands stay on the screen as they were typed; a message is printed by its conversation instead. */
function echo(client: Client, line: string): void {
  const { kind } = parseLine(line)
  const { screen } = client
  if (!screen.terminal || kind === 'nothing' || (kind === 'message' && client.current !== undefined)) return
  screen.print(paint(screen.look, 'dim', `› ${cleanLine(line)}`))
}
