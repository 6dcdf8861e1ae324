/**
 * What a person can type: the table of commands with their help, running a typed line, and Tab completion.
 * A command calls the peer and prints the result of the call. Later events are printed by peer-events.ts.
 */
import { matches, searchTerms } from '#folded-text'
import { saidAt } from '#message-times'
import { QuorumError } from '#protocol'
import { say, sayError } from './client.ts'
import type { Client } from './client.ts'
import { authorLabel, openConversation, openGroup, sendText } from './conversation.ts'
import { listFriends } from './friend-list.ts'
import { groupCommand, groupCommands, groups, join } from './group-commands.ts'
import { listGroups } from './group-list.ts'
import { nodeCommand } from './node-command.ts'
import { accept, decline } from './answer-commands.ts'
import { add, block, invite, more, opened, remove, unblock, verify } from './people-commands.ts'
import { completePrivacy, privacyCommand } from './privacy-command.ts'
import { conversationNamed } from './named-conversation.ts'
import { cleanLine } from './sanitize.ts'
import { shownHere } from './transfer-events.ts'
import { transferDetails } from './transfer-view.ts'
import { cancel, pause, resend, resume, send, transfers } from './transfer-commands.ts'
import { distance, needed, parseLine } from './typed-line.ts'
import { connectionLines, dayOf, messageBlock, pad, paint, wrap } from './view.ts'

const sections = ['people', 'talk', 'files', 'self'] as const

export interface Command {
  name: string
  usage: string
  /** Absent if the line of another command mentions it, and for /help itself. */
  help?: string
  section: (typeof sections)[number]
  run: (client: Client, rest: string) => Promise<void> | void
}

/** Cells of the commands' column in /help, and the narrowest terminal with room for two columns. */
const usageCells = 24
const twoColumns = 64

/** The most messages that a search shows. */
const searchResults = 20

export const commands: readonly Command[] = [
  {
    name: 'invite',
    usage: '[once]',
    help: 'a link and a code for friends; once: for one only',
    section: 'people',
    run: invite,
  },
  {
    name: 'add',
    usage: 'LINK [note]',
    help: 'ask to be friends: by link, code, @handle or PeerId',
    section: 'people',
    run: add,
  },
  {
    name: 'accept',
    usage: '[NAME|N DIR]',
    help: 'accept a request, a group, files (into DIR); or /decline',
    section: 'people',
    run: accept,
  },
  { name: 'decline', usage: '[NAME|N]', section: 'people', run: decline },
  { name: 'join', usage: '[NAME]', section: 'people', run: join },
  {
    name: 'friends',
    usage: '',
    help: 'list friends: who is online, what is unread',
    section: 'people',
    run: listFriends,
  },
  {
    name: 'verify',
    usage: '[yes|no]',
    help: 'compare 60 digits to be sure who a friend is',
    section: 'people',
    run: verify,
  },
  { name: 'remove', usage: 'NAME', help: 'end a friendship', section: 'people', run: remove },
  {
    name: 'block',
    usage: 'NAME',
    help: 'block all contact; /unblock NAME undoes that',
    section: 'people',
    run: block,
  },
  { name: 'unblock', usage: 'NAME', section: 'people', run: unblock },
  { name: 'more', usage: 'NAME', section: 'people', run: more },
  {
    name: 'group',
    usage: '[new NAME|…]',
    help: 'talk with several: alone it explains; /groups lists them',
    section: 'people',
    run: groupCommand,
  },
  { name: 'groups', usage: '', section: 'people', run: groups },
  { name: 'open', usage: 'NAME|NUMBER', help: 'open a conversation; #NAME is a group', section: 'talk', run: open },
  {
    name: 'search',
    usage: 'TEXT',
    help: 'find messages, files and people; "…" for a phrase',
    section: 'talk',
    run: search,
  },
  { name: 'recall', usage: '', help: 'recall your last message while it is queued', section: 'talk', run: recall },
  {
    name: 'connection',
    usage: '[NAME]',
    help: 'how you are connected, and what would help',
    section: 'talk',
    run: connection,
  },
  {
    name: 'send',
    usage: 'PATH… [-- NOTE]',
    help: 'offer files and folders; quote spaces, Tab completes',
    section: 'files',
    run: send,
  },
  { name: 'resend', usage: '[N]', section: 'files', run: resend },
  {
    name: 'transfers',
    usage: '[N]',
    help: 'list transfers; /resend [N] offers what is missing',
    section: 'files',
    run: transfers,
  },
  {
    name: 'pause',
    usage: '[N]',
    help: 'pause one; /resume [N] continues, /cancel [N] cancels',
    section: 'files',
    run: pause,
  },
  { name: 'resume', usage: '[N]', section: 'files', run: resume },
  { name: 'cancel', usage: '[N]', section: 'files', run: cancel },
  {
    name: 'node',
    usage: '[add|remove X]',
    help: 'nodes by which friends find you; run, end: one here',
    section: 'self',
    run: nodeCommand,
  },
  { name: 'name', usage: '[NAME]', help: 'show your name, or change it', section: 'self', run: name },
  {
    name: 'handle',
    usage: '[HANDLE|none]',
    help: 'a short name by which friends find you at your nodes',
    section: 'self',
    run: handle,
  },
  {
    name: 'privacy',
    usage: '[NAME VALUE]',
    help: 'what friends and networks learn about you',
    section: 'self',
    run: privacyCommand,
  },
  { name: 'help', usage: '', section: 'self', run: help },
  { name: 'quit', usage: '', help: 'leave, as Ctrl-D; messages wait until you return', section: 'self', run: quit },
]

/** Runs a typed line. Never throws: an error is printed. */
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

/** What Tab completes from. */
export interface Choices {
  /** Names of people, and of groups. */
  labels: () => string[]
  groups: () => string[]
  /** The completions of the last path of a text, and the part of the text that they replace. */
  paths: (text: string) => [matches: string[], completed: string]
}

/** Tab: completes commands, and after a command its names, paths or values. */
export function complete(
  line: string,
  { labels, groups: groupLabels, paths }: Choices,
): [matches: string[], completed: string] {
  const path = /^\/(?:send|accept +\d+|accept(?= +["'~./\\])) +(.*)$/iu.exec(line)
  if (path !== null) return paths(path[1] ?? '')
  const choice = /^\/privacy +(.*)$/iu.exec(line)
  if (choice !== null) return completePrivacy(choice[1] ?? '')
  const of = /^\/group +(?:add|remove|admin) +(.*)$/iu.exec(line)
  if (of !== null) return named(of[1] ?? '', labels())
  const word = /^\/group +(\S*)$/iu.exec(line)
  if (word !== null)
    return named(
      word[1] ?? '',
      groupCommands.map((each) => `${each} `),
    )
  const person = /^\/(open|accept|decline|join|remove|block|unblock|more|connection|verify) +(.*)$/iu.exec(line)
  if (person !== null) {
    const [, command = '', typed = ''] = person
    const group = /^(?:open|accept|decline|join)$/iu.test(command) ? groupLabels() : []
    return named(typed, [...(/^join$/iu.test(command) ? [] : labels()), ...group])
  }
  if (!/^\/\S*$/u.test(line)) return [[], line]
  return [
    commands.map(({ name, usage }) => `/${name}${usage === '' ? '' : ' '}`).filter((name) => name.startsWith(line)),
    line,
  ]
}

/** The names that begin with what is typed; those of groups also without their sign. */
function named(typed: string, all: readonly string[]): [matches: string[], completed: string] {
  const wanted = typed.toLowerCase()
  const begins = (name: string): boolean => [name, name.replace(/^#/u, '')].some((one) => one.startsWith(wanted))
  return [all.filter((name) => begins(name.toLowerCase())), typed]
}

/** Finds a command by its name or an unambiguous beginning of it. */
function findCommand(name: string): Command | undefined {
  const exact = commands.find((command) => command.name === name)
  if (exact !== undefined || name === '') return exact
  const matches = commands.filter((command) => command.name.startsWith(name))
  return matches.length === 1 ? matches[0] : undefined
}

/** The message about an unknown command, with the commands that were probably meant. */
export function unknownCommand(name: string): string {
  const matches = commands
    .filter((command) => name !== '' && command.name.startsWith(name))
    .map((command) => command.name)
  const close =
    matches.length > 0
      ? matches
      : commands.filter((command) => distance(command.name, name) <= 2).map((command) => command.name)
  const hint = close.length === 0 ? '' : ` Did you mean ${close.map((each) => `/${each}`).join(' or ')}?`
  return `There is no command /${name}.${hint} /help lists them; // begins a message with a slash.`
}

// ---- conversations

async function open(client: Client, rest: string): Promise<void> {
  if (rest === '') {
    listFriends(client)
    if (client.groups.all().length > 0) listGroups(client)
    return
  }
  const named = conversationNamed(client, rest)
  if ('friend' in named) await openConversation(client, named.friend)
  else await openGroup(client, named.group)
}

async function recall(client: Client): Promise<void> {
  if (client.groups.get(client.current) !== undefined)
    throw new QuorumError('bad-request', 'What was said in a group cannot be recalled.')
  const friend = opened(client)
  const recent = await client.peer.messages({ peer: friend.peer, limit: 100 })
  // An offer of files is cancelled with /cancel.
  const queued = recent.findLast(
    ({ direction, state, transfer }) => direction === 'out' && state === 'queued' && transfer === undefined,
  )
  if (queued === undefined) {
    throw new QuorumError('not-found', 'No message is queued. A sent message cannot be recalled.')
  }
  const recalled = await client.peer.recallMessage({ message: queued.id })
  const block = messageBlock(client.screen.look, recalled, '')
  if (!client.screen.replace(recalled.id, block)) say(client, 'Recalled.', 'dim')
}

async function search(client: Client, rest: string): Promise<void> {
  const { screen, friends, groups: all } = client
  const messages = await client.peer.search({ text: needed(rest, '/search TEXT'), limit: searchResults })
  const terms = searchTerms(rest)
  const people = friends.all().filter((friend) => matches([friends.label(friend.peer), friend.handle ?? ''], terms))
  const called = all.all().filter(({ group }) => matches([all.label(group)], terms))
  if (messages.length + people.length + called.length === 0) say(client, 'Nothing found.', 'dim')
  if (people.length > 0) {
    say(client, `People: ${people.map(({ peer }) => friends.label(peer)).join(', ')}. /open NAME opens one.`)
  }
  if (called.length > 0)
    say(client, `Groups: ${called.map(({ group }) => all.label(group)).join(', ')}. /open #NAME opens one.`)
  let under = ''
  for (const message of messages.toReversed()) {
    const label = message.group === undefined ? friends.label(message.peer) : all.label(message.group)
    const heading = `──── ${label}, ${dayOf(saidAt(message))} ────`
    if (heading !== under) screen.print(paint(screen.look, 'dim', heading))
    under = heading
    const transfer = message.transfer === undefined ? undefined : client.transfers.get(message.transfer)
    screen.print(
      transfer === undefined
        ? messageBlock(screen.look, message, authorLabel(client, message))
        : transferDetails(screen.look, shownHere(client, transfer)),
    )
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
  const current = self.handle === undefined ? 'You have no handle.' : `Your handle is @${cleanLine(self.handle)}.`
  say(client, rest === '' ? `${current} /handle NAME sets one, /handle none removes it.` : current)
}

/** Fits a terminal of 80 columns and 24 rows. */
function help(client: Client): void {
  const { screen } = client
  const { columns } = screen.look
  const blocks = sections.map((section) =>
    commands
      .filter((command) => command.section === section && command.help !== undefined)
      .map(({ name, usage, help: text = '' }) => {
        const typed = `  /${name} ${usage}`.trimEnd()
        return columns < twoColumns ? wrap(`${typed}\n${text}`, columns, '      ') : pad(typed, usageCells) + text
      })
      .join('\n'),
  )
  const intro = 'Type to talk. Tab completes a command, the arrow keys bring back old lines.'
  const marks = 'Marks: … queued here  ✓ sent  ✓✓ on their disk  ✓✓ read'
  screen.print([wrap(intro, columns, ''), ...blocks, wrap(marks, columns, '')].join('\n'))
}

function quit(client: Client): void {
  client.leaving = true
}
