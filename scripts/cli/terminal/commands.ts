/**
 * What a person can type: one table of commands with their help, doing what a line says, and Tab completion.
 * Commands only call the peer and say what came of it: what happens later is told by peer-events.ts.
 */
import { QuorumError } from '#protocol'
import { say, sayError } from './client.ts'
import type { Client } from './client.ts'
import { openConversation, sendText } from './conversation.ts'
import { listFriends } from './friend-list.ts'
import { nodeCommand } from './node-command.ts'
import { accept, decline } from './answer-commands.ts'
import { add, block, invite, opened, remove, unblock, verify } from './people-commands.ts'
import { completePrivacy, privacyCommand } from './privacy-command.ts'
import { cleanLine } from './sanitize.ts'
import { cancel, pause, resume, send, transfers } from './transfer-commands.ts'
import { distance, needed, parseLine } from './typed-line.ts'
import { connectionLines, dayOf, messageBlock, pad, paint, wrap } from './view.ts'

const groups = ['people', 'talk', 'files', 'self'] as const

export interface Command {
  name: string
  usage: string
  /** Absent where the line of another command tells it. */
  help?: string
  group: (typeof groups)[number]
  run: (client: Client, rest: string) => Promise<void> | void
}

/** Cells of the commands' column in /help, and the narrowest window that has room for two columns. */
const usageCells = 24
const twoColumns = 64

/** Messages that a search shows. */
const found = 20

export const commands: readonly Command[] = [
  {
    name: 'invite',
    usage: '[once]',
    help: 'a link and a code for friends; once: for one only',
    group: 'people',
    run: invite,
  },
  {
    name: 'add',
    usage: 'LINK [note]',
    help: 'ask a friend: by link, code, handle or PeerId',
    group: 'people',
    run: add,
  },
  {
    name: 'accept',
    usage: '[NAME|N DIR]',
    help: 'what waits: a friend request, or files (into DIR)',
    group: 'people',
    run: accept,
  },
  { name: 'decline', usage: '[NAME|N]', help: 'decline it; who asked is not told', group: 'people', run: decline },
  {
    name: 'friends',
    usage: '',
    help: 'who there is, who is online, what is unread',
    group: 'people',
    run: listFriends,
  },
  {
    name: 'verify',
    usage: '[yes|no]',
    help: 'compare 60 digits, to be sure who is there',
    group: 'people',
    run: verify,
  },
  { name: 'remove', usage: 'NAME', help: 'end a friendship', group: 'people', run: remove },
  {
    name: 'block',
    usage: 'NAME',
    help: 'hear nothing more from somebody; /unblock undoes that',
    group: 'people',
    run: block,
  },
  { name: 'unblock', usage: 'NAME', group: 'people', run: unblock },
  { name: 'open', usage: 'NAME|NUMBER', help: 'choose whom to talk to', group: 'talk', run: open },
  { name: 'search', usage: 'TEXT', help: 'find messages, in all conversations', group: 'talk', run: search },
  { name: 'recall', usage: '', help: 'take back your last message while it is queued', group: 'talk', run: recall },
  {
    name: 'connection',
    usage: '[NAME]',
    help: 'how you are connected, and why not better',
    group: 'talk',
    run: connection,
  },
  {
    name: 'send',
    usage: 'PATH… [-- NOTE]',
    help: 'offer files and folders; quote spaces, Tab completes',
    group: 'files',
    run: send,
  },
  {
    name: 'transfers',
    usage: '[N]',
    help: 'files on their way, with their numbers',
    group: 'files',
    run: transfers,
  },
  {
    name: 'pause',
    usage: '[N]',
    help: 'hold one; /resume [N] goes on, /cancel [N] calls it off',
    group: 'files',
    run: pause,
  },
  { name: 'resume', usage: '[N]', group: 'files', run: resume },
  { name: 'cancel', usage: '[N]', group: 'files', run: cancel },
  {
    name: 'node',
    usage: '[add|remove X]',
    help: 'nodes, where friends find you; run, end: one here',
    group: 'self',
    run: nodeCommand,
  },
  { name: 'name', usage: '[NAME]', help: 'what friends call you; with a name: change it', group: 'self', run: name },
  {
    name: 'handle',
    usage: '[HANDLE|none]',
    help: 'a short name that finds you at your nodes',
    group: 'self',
    run: handle,
  },
  {
    name: 'privacy',
    usage: '[NAME VALUE]',
    help: 'what friends and networks learn about you',
    group: 'self',
    run: privacyCommand,
  },
  { name: 'help', usage: '', group: 'self', run: help },
  { name: 'quit', usage: '', help: 'leave, as Ctrl-D; messages wait until you are back', group: 'self', run: quit },
]

/** Does what a line says. Never throws: what fails is said. */
export async function runLine(client: Client, line: string): Promise<void> {
  const typed = parseLine(line)
  try {
    if (typed.kind === 'message') await sendText(client, typed.text)
    if (typed.kind === 'command') {
      const command = findCommand(typed.name)
      if (command === undefined) throw new QuorumError('bad-request', unknownCommand(typed.name))
      await command.run(client, typed.rest)
    }
  } catch (error) {
    sayError(client, error)
  }
}

/** What Tab chooses from. */
export interface Choices {
  labels: () => string[]
  /** The ways to end the last path of a text, and the part of it that they replace. */
  paths: (text: string) => [matches: string[], completed: string]
}

/** Tab: commands, and names or paths after the commands that take one. */
export function complete(line: string, { labels, paths }: Choices): [matches: string[], completed: string] {
  const place = /^\/(?:send|accept +\d+|accept(?= +["'~./\\])) +(.*)$/iu.exec(line)
  if (place !== null) return paths(place[1] ?? '')
  const choice = /^\/privacy +(.*)$/iu.exec(line)
  if (choice !== null) return completePrivacy(choice[1] ?? '')
  const spoken = /^\/(?:open|accept|decline|remove|block|unblock|connection|verify) +(.*)$/iu.exec(line)
  if (spoken !== null) {
    const begun = (spoken[1] ?? '').toLowerCase()
    return [labels().filter((label) => label.toLowerCase().startsWith(begun)), spoken[1] ?? '']
  }
  if (!/^\/\S*$/u.test(line)) return [[], line]
  return [
    commands.map(({ name, usage }) => `/${name}${usage === '' ? '' : ' '}`).filter((name) => name.startsWith(line)),
    line,
  ]
}

/** By name or by an unambiguous beginning. */
function findCommand(name: string): Command | undefined {
  const exact = commands.find((command) => command.name === name)
  if (exact !== undefined || name === '') return exact
  const begun = commands.filter((command) => command.name.startsWith(name))
  return begun.length === 1 ? begun[0] : undefined
}

/** One sentence, with the command that was probably meant. */
export function unknownCommand(name: string): string {
  const begun = commands
    .filter((command) => name !== '' && command.name.startsWith(name))
    .map((command) => command.name)
  const close =
    begun.length > 0
      ? begun
      : commands.filter((command) => distance(command.name, name) <= 2).map((command) => command.name)
  const hint = close.length === 0 ? '' : ` Did you mean ${close.map((each) => `/${each}`).join(' or ')}?`
  return `There is no command /${name}.${hint} /help lists them; // begins a message with a slash.`
}

// ---- talking

async function open(client: Client, rest: string): Promise<void> {
  if (rest === '') {
    listFriends(client)
    return
  }
  await openConversation(client, client.friends.find(rest))
}

async function recall(client: Client): Promise<void> {
  const friend = opened(client)
  const recent = await client.peer.messages({ peer: friend.peer, limit: 100 })
  // An offer of files is called off with /cancel.
  const queued = recent.findLast(
    ({ direction, state, transfer }) => direction === 'out' && state === 'queued' && transfer === undefined,
  )
  if (queued === undefined) {
    throw new QuorumError('not-found', 'Nothing is queued any more: what has left cannot be taken back.')
  }
  const recalled = await client.peer.recallMessage({ message: queued.id })
  const block = messageBlock(client.screen.look, recalled, '')
  if (!client.screen.replace(recalled.id, block)) say(client, 'Taken back.', 'dim')
}

async function search(client: Client, rest: string): Promise<void> {
  const { screen, friends } = client
  const messages = await client.peer.search({ text: needed(rest, '/search TEXT'), limit: found })
  if (messages.length === 0) say(client, 'Nothing found.', 'dim')
  let under = ''
  for (const message of messages.toReversed()) {
    const label = friends.label(message.peer)
    const heading = `──── ${label}, ${dayOf(message.sentAt)} ────`
    if (heading !== under) screen.print(paint(screen.look, 'dim', heading))
    under = heading
    screen.print(messageBlock(screen.look, message, label))
  }
}

// ---- the rest

async function connection(client: Client, rest: string): Promise<void> {
  const friend = rest === '' ? opened(client) : client.friends.find(rest)
  client.screen.print(connectionLines(client.screen.look, await client.peer.connection({ peer: friend.peer })))
}

async function name(client: Client, rest: string): Promise<void> {
  const self = await (rest === '' ? client.peer.self() : client.peer.setProfile({ name: cleanLine(rest) }))
  const handleNote = self.handle === undefined ? '' : ` (@${cleanLine(self.handle)})`
  say(client, `You are ${cleanLine(self.name)}${handleNote}.`)
  client.screen.print(paint(client.screen.look, 'dim', `  PeerId ${self.peer}`))
}

async function handle(client: Client, rest: string): Promise<void> {
  const wanted = rest.toLowerCase() === 'none' ? '' : rest
  const self = await (rest === '' ? client.peer.self() : client.peer.setProfile({ handle: wanted }))
  const told = self.handle === undefined ? 'You have no handle.' : `Your handle is @${cleanLine(self.handle)}.`
  say(client, rest === '' ? `${told} /handle NAME takes one, /handle none gives it up.` : told)
}

/** Short enough for one screen of 80 columns and 24 rows. */
function help(client: Client): void {
  const { screen } = client
  const { columns } = screen.look
  const blocks = groups.map((group) =>
    commands
      .filter((command) => command.group === group && command.help !== undefined)
      .map(({ name, usage, help: text = '' }) => {
        const typed = `  /${name} ${usage}`.trimEnd()
        return columns < twoColumns ? wrap(`${typed}\n${text}`, columns, '      ') : pad(typed, usageCells) + text
      })
      .join('\n'),
  )
  const intro = 'Type to talk. Tab completes a command, the arrows bring back old lines.'
  const marks = 'Marks: … queued here  ✓ sent  ✓✓ on their disk  ✓✓ read'
  screen.print([wrap(intro, columns, ''), ...blocks, wrap(marks, columns, '')].join('\n'))
}

function quit(client: Client): void {
  client.leaving = true
}
