/**
 * The terminal client: Quorum without a window, for example over ssh. It connects screen, people, events and commands
 * to one peer, and guides through the first start. It opens no store and stops no peer: quorum.ts does.
 */
import { addedAt } from '#message-times'
import { limits } from '#protocol'
import type { Friend, Group, Peer } from '#protocol'
import { say, sayError, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { complete, runLine } from './commands.ts'
import { openConversation, openGroup, typingNotifier } from './conversation.ts'
import { EmbeddedNode } from '#embedded-node'
import { Friends } from './friends.ts'
import { listGroups } from './group-list.ts'
import { Groups } from './groups.ts'
import { peerEventListener } from './peer-events.ts'
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
import type { PathContext } from './typed-paths.ts'
import { paint } from './view.ts'

export interface TerminalOptions extends ScreenStreams {
  peer: Peer
  version: string
  /** The profile's folder; undefined: the identity is only in memory, and no embedded node can run. */
  folder: string | undefined
  /** The name proposed on the first start. */
  userName: string
  /** How typed paths are resolved. */
  pathContext: PathContext
  terminal: boolean
  color: boolean
  unicode: boolean
  /** When it aborts, the client ends. */
  signal: AbortSignal
  now?: () => number
}

type Next = () => Promise<string | undefined>

/** Runs until the person leaves. */
export async function runTerminal(options: TerminalOptions): Promise<void> {
  const { peer, folder, pathContext, signal } = options
  const friends = new Friends()
  const groups = new Groups(friends)
  const { peer: self } = await peer.self()
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
        groups: () => groups.all().map(({ group }) => groups.label(group)),
        paths: (text) => completePath(text, pathContext, listFolder),
      }),
    typed: (line) => notifyTyping(line),
    interrupted: () => left.resolve(undefined),
  })
  signal.addEventListener('abort', () => left.resolve(undefined))
  if (signal.aborted) left.resolve(undefined)

  const node: EmbeddedNode | undefined = folder === undefined ? undefined : embeddedNode(folder, () => client)
  const client: Client = {
    peer,
    self,
    screen,
    node,
    friends,
    groups,
    transfers: new Transfers(),
    pathContext,
    now: options.now ?? Date.now,
    current: undefined,
    lastDay: undefined,
    typing: new Map(),
    announced: new Set(),
    arriving: [],
    counting: new Set(),
    hidden: new Set(),
    ownAddresses: new Set(),
    leaving: false,
  }
  const notifyTyping = typingNotifier(client)
  const next: Next = () => Promise.race([screen.next(), left.promise])
  const unsubscribe = peer.subscribe(peerEventListener(client))
  try {
    if (node?.chosen) node.start()
    const latest = await loadConversations(client)
    await greet(client, options, next)
    if (latest !== undefined && !client.leaving) {
      if ('friend' in latest) await openConversation(client, latest.friend)
      else await openGroup(client, latest.group)
    }
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

/** Loads all friends, groups and transfers. Returns the most recent conversation. */
async function loadConversations(client: Client): Promise<{ friend: Friend } | { group: Group } | undefined> {
  const { peer, friends, groups, transfers } = client
  for (const transfer of await peer.transfers({})) transfers.put(transfer)
  for (const friend of await peer.friends()) friends.put(friend)
  groups.load(await peer.groups())
  const all = [
    ...friends
      .all()
      .filter(({ state }) => state === 'friend')
      .map((friend) => ({ is: { friend }, with: { peer: friend.peer }, since: friend.addedAt })),
    ...groups
      .all()
      .filter(({ state }) => state === 'member' || state === 'frozen')
      .map((group) => ({ is: { group }, with: { group: group.group }, since: group.createdAt })),
  ]
  let latest: { is: { friend: Friend } | { group: Group }; at: number } | undefined
  for (const one of all) {
    const [last] = await peer.messages({ ...one.with, limit: 1 })
    const at = last === undefined ? one.since : addedAt(last)
    if (latest === undefined || at > latest.at) latest = { is: one.is, at }
  }
  return latest?.is
}

async function greet(client: Client, options: TerminalOptions, next: Next): Promise<void> {
  const { peer, screen } = client
  let name = cleanLine((await peer.self()).name)
  if (name === '') {
    say(client, 'Welcome to Quorum. You talk with people you know, and nobody else can read it.')
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
  if (client.groups.all().length > 0) listGroups(client)
  say(client, '/help lists the commands, /quit leaves.', 'dim')
}

/** Any text but a command or a link is a name. An empty line takes the proposed name. */
async function askName(client: Client, proposed: string, next: Next): Promise<string> {
  for (;;) {
    ask(client, `What is your name? [${proposed}] `)
    const line = await next()
    client.leaving = line === undefined
    if (line === undefined || parseLine(line).kind === 'nothing') return proposed
    const name = cleanLine(line)
    if (
      parseLine(line).kind === 'message' &&
      !line.includes('\n') &&
      name !== '' &&
      name.length <= limits.nameCharacters
    )
      return name
    say(client, `A name, please, by which friends know you: up to ${limits.nameCharacters} characters.`, 'yellow')
  }
}

/** A person without a node and friends uses a friend's node or starts one: without a node, friends cannot find them. */
async function askForNode(client: Client, next: Next): Promise<void> {
  const { node, peer, friends } = client
  if (node === undefined) return
  while (!node.running && !client.leaving && friends.all().length === 0) {
    if ((await peer.self()).nodes.length > 0) return
    ask(client, 'Paste a friend’s invite or type its code, or press Enter to start your own node: ')
    const line = await next()
    if (line === undefined) client.leaving = true
    else if (line.trim() === '') node.start()
    else await runLine(client, parseLine(line).kind === 'message' ? `/add ${line.trim()}` : line)
  }
}

/** Asks a question: on a terminal as the prompt, elsewhere as a line. */
function ask({ screen }: Client, question: string): void {
  if (screen.terminal) screen.prompt(question)
  else screen.print(question.trimEnd())
}

/** The node that runs as a child of this process. Whenever it starts, the peer gets its addresses. */
function embeddedNode(folder: string, client: () => Client): EmbeddedNode {
  let hasEnded = false
  return new EmbeddedNode({
    folder,
    ready: (first) => {
      client().ownAddresses.clear()
      useOwnNode(client()).catch((error: unknown) => sayError(client(), error))
      if (first) say(client(), 'A node runs on this machine now: friends in your network find you through it.', 'dim')
      if (hasEnded) say(client(), 'The node on this machine runs again.', 'dim', 'nodes')
      hasEnded = false
    },
    trouble: (why) => {
      hasEnded = true
      say(client(), `The node on this machine has ended (${cleanLine(why)}) and is being restarted.`, 'yellow', 'nodes')
    },
  })
}

/** Prints a typed command, so that it stays on the screen. A message is printed by its conversation. */
function echo(client: Client, line: string): void {
  const { kind } = parseLine(line)
  const { screen } = client
  if (!screen.terminal || kind === 'nothing' || (kind === 'message' && client.current !== undefined)) return
  screen.print(paint(screen.look, 'dim', `› ${cleanLine(line)}`))
}
