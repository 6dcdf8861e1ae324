/** Search while typing: friends and groups by name, messages by any word. Arrow keys select one, Enter opens it. */
import { Copy, Search } from 'lucide-react'
import { Fragment, useEffect, useMemo, useState } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'
import { hitsIn, matches, searchTerms } from '#folded-text'
import { saidAt } from '#message-times'
import type { Message, Transfer } from '#protocol'
import type { Catalogue } from '../../text/catalogue.ts'
import { cleanLine, isolate } from '../../text/foreign.ts'
import { closeDialog, copy, openConversation } from '../state/actions.ts'
import { callPeer } from '../state/clients.ts'
import { useApp, useText } from '../state/state.ts'
import { addressOf, conversationOf } from '../model/conversation-id.ts'
import type { Listed } from '../model/conversation-list.ts'
import { shortWhen } from '../model/format.ts'
import { nameOf } from '../model/friend-display.ts'
import { authorName, groupName } from '../model/group-display.ts'
import type { Known } from '../model/group-display.ts'
import { Avatar, GroupFace } from './controls.tsx'
import { openContextMenu } from './context-menu.tsx'
import { friendMenu } from './friend-actions.tsx'
import { groupMenu } from './group-actions.tsx'
import type { MenuItem } from './menu.tsx'
import { Modal } from './modal.tsx'

/** Milliseconds between the last key and the search. */
const typingPause = 120
const mostPeople = 6
const mostMessages = 40
/** Characters shown before the found word. */
const contextBefore = 30

export function SearchDialog({ conversation, onClose }: { conversation: string | undefined; onClose: () => void }) {
  const text = useText()
  const { search } = text
  const friends = useApp((state) => state.friends)
  const groups = useApp((state) => state.groups)
  const self = useApp((state) => state.self?.peer ?? '')
  const [typed, setTyped] = useState('')
  const [chosen, setChosen] = useState(0)
  const wanted = typed.trim()
  const { messages, asked } = useMessages(wanted, conversation, setChosen)
  const found = useMemo(() => {
    if (conversation !== undefined) return []
    const terms = searchTerms(wanted)
    const people = [...friends.values()].filter(({ state }) => state === 'friend' || state === 'requested')
    const inPeople = people.filter((friend) => matches([nameOf(friend), friend.handle ?? ''], terms))
    const inGroups = [...groups.values()].filter((group) => matches([groupName(group)], terms))
    return [
      ...inPeople.slice(0, mostPeople).map((friend): Listed => ({ id: friend.peer, friend })),
      ...inGroups.slice(0, mostPeople).map((group): Listed => ({ id: group.group, group })),
    ]
  }, [friends, groups, wanted, conversation])

  const go = (index: number): void => {
    const message = messages[index - found.length]
    const id = found[index]?.id ?? (message && conversationOf(message))
    if (id === undefined) return
    closeDialog()
    void openConversation(id, message)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const count = found.length + messages.length
    if (event.key === 'ArrowDown') setChosen((now) => Math.min(count - 1, now + 1))
    else if (event.key === 'ArrowUp') setChosen((now) => Math.max(0, now - 1))
    else if (event.key === 'Enter') go(chosen)
    else return
    event.preventDefault()
  }
  const inside = useApp((state) => (conversation === undefined ? undefined : nameIn(state, conversation)))
  const placeholder = inside === undefined ? search.placeholder : search.in(isolate(inside))
  const nothing = wanted !== '' && asked === wanted && found.length + messages.length === 0
  return (
    <Modal title={search.title} onClose={onClose} className="search" bare>
      <div className="search-box">
        <Search size={20} aria-hidden="true" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="search-results"
          aria-activedescendant={`found-${chosen}`}
          aria-label={placeholder}
          placeholder={placeholder}
          value={typed}
          data-first
          autoComplete="off"
          maxLength={200}
          dir="auto"
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <div className="search-results scroll" id="search-results" role="listbox" aria-label={search.title} tabIndex={-1}>
        {wanted === '' && found.length === 0 && <p className="empty">{search.hint}</p>}
        {nothing && <p className="empty">{search.none}</p>}
        {(['friend', 'group'] as const).map((kind) => (
          <Section
            key={kind}
            title={kind === 'friend' ? search.friends : search.groups}
            shown={found.some((one) => one[kind] !== undefined)}
          >
            {found.map((one, index) =>
              one[kind] === undefined ? null : (
                <Found
                  key={one.id}
                  index={index}
                  chosen={chosen}
                  conversation={one.id}
                  onGo={go}
                  menu={menuOf(one, self, text).map(closingFirst)}
                >
                  <bdi className="one-line" style={{ gridRow: '1 / 3' }}>
                    {one.friend === undefined ? groupName(one.group) : nameOf(one.friend)}
                  </bdi>
                </Found>
              ),
            )}
          </Section>
        ))}
        <Section title={search.messages} shown={messages.length > 0}>
          {messages.map((message, index) => (
            <Found
              key={message.id}
              index={found.length + index}
              chosen={chosen}
              conversation={conversationOf(message)}
              onGo={go}
              menu={message.text === '' ? [] : [copyItem(message, text)]}
            >
              <FoundMessage message={message} wanted={asked} />
            </Found>
          ))}
        </Section>
      </div>
    </Modal>
  )
}

/** The messages that a search for `wanted` found, and for what was asked then. `onFound`: the first one is chosen. */
function useMessages(wanted: string, conversation: string | undefined, onFound: (first: number) => void) {
  const [messages, setMessages] = useState<Message[]>([])
  const [asked, setAsked] = useState('')
  useEffect(() => {
    if (wanted === '') {
      setMessages([])
      setAsked('')
      return undefined
    }
    let outdated = false
    const timer = setTimeout(() => {
      callPeer('search', { text: wanted, limit: mostMessages, ...(conversation && addressOf(conversation)) }).then(
        (found) => {
          if (outdated) return
          setMessages(found)
          setAsked(wanted)
          onFound(0)
        },
        () => outdated || setMessages([]),
      )
    }, typingPause)
    return () => {
      outdated = true
      clearTimeout(timer)
    }
  }, [wanted, conversation, onFound])
  return { messages, asked }
}

function Section({ title, shown, children }: { title: string; shown: boolean; children: ReactNode }) {
  if (!shown) return null
  return (
    <div role="group" aria-label={title}>
      <h3 aria-hidden="true">{title}</h3>
      {children}
    </div>
  )
}

/** The name of a conversation. */
function nameIn({ friends, groups }: Known, conversation: string): string {
  const [friend, group] = [friends.get(conversation), groups.get(conversation)]
  return friend !== undefined ? nameOf(friend) : group === undefined ? '' : groupName(group)
}

function menuOf({ friend, group }: Listed, self: string, text: Catalogue): MenuItem[] {
  return friend === undefined ? groupMenu(group, self, text) : friendMenu(friend, text)
}

/** What the menu of a friend opens is not under the search. */
function closingFirst(item: MenuItem): MenuItem {
  const onChoose = (): void => {
    closeDialog()
    item.onChoose()
  }
  return { ...item, onChoose }
}

function copyItem({ text }: Message, { message }: Catalogue): MenuItem {
  return { label: message.copy, icon: <Copy size={16} />, onChoose: () => void copy(text) }
}

interface FoundProps {
  index: number
  chosen: number
  conversation: string
  onGo: (index: number) => void
  menu: readonly MenuItem[]
  children: ReactNode
}

function Found({ index, chosen, conversation, onGo, menu, children }: FoundProps) {
  const friend = useApp((state) => state.friends.get(conversation))
  const group = useApp((state) => state.groups.get(conversation))
  const selected = index === chosen
  return (
    <div
      id={`found-${index}`}
      role="option"
      aria-selected={selected}
      tabIndex={-1}
      ref={(element) => {
        if (selected) element?.scrollIntoView({ block: 'nearest' })
      }}
      // The focus stays in the field, where typing goes on.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onGo(index)}
      onContextMenu={(event) => openContextMenu(event, menu)}
    >
      {friend !== undefined && <Avatar friend={friend} />}
      {group !== undefined && <GroupFace group={group} />}
      {(friend ?? group) === undefined && <span />}
      {children}
    </div>
  )
}

function FoundMessage({ message, wanted }: { message: Message; wanted: string }) {
  const text = useText()
  const author = useApp((state) =>
    message.direction === 'out' ? text.common.you : authorName(state, conversationOf(message), message.peer),
  )
  const where = useApp((state) => (message.group === undefined ? '' : nameIn(state, message.group)))
  const transfer = useApp((state) =>
    message.transfer === undefined ? undefined : state.transfers.get(message.transfer),
  )
  const terms = searchTerms(wanted)
  const shown = shownOf(message, transfer, terms)
  const hits = hitsIn(shown, terms)
  const from = Math.max(0, (hits[0]?.start ?? 0) - contextBefore)
  return (
    <>
      <bdi className="one-line small quiet">
        {where === '' ? author : text.group.said(isolate(where), isolate(author))}
      </bdi>
      <span className="quiet small">{shortWhen(saidAt(message), Date.now(), text)}</span>
      <bdi className="one-line" style={{ gridColumn: '2 / 4' }}>
        {from > 0 && '…'}
        {hits.map(({ start, end }, index) => (
          <Fragment key={start}>
            {shown.slice(index === 0 ? from : hits[index - 1]?.end, start)}
            <mark>{shown.slice(start, end)}</mark>
          </Fragment>
        ))}
        {shown.slice(hits.at(-1)?.end ?? 0)}
      </bdi>
    </>
  )
}

/** The text of a message; of an offer also the file that was found, or the first one. */
function shownOf({ text }: Message, transfer: Transfer | undefined, terms: readonly string[]): string {
  const found = transfer?.files.find(({ path }) => terms.some((term) => matches([path], [term])))
  const name = transfer === undefined ? [] : [cleanLine(found?.path ?? transfer.name, 300)]
  return [...name, cleanLine(text, 2000)].filter((part) => part !== '').join(' · ')
}
