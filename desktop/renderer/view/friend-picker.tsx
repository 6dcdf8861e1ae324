/** Choosing several friends: a list of boxes, and a field that finds among many. */
import { useId, useState } from 'react'
import { matches, searchTerms } from '#folded-text'
import type { Friend } from '#protocol'
import { useApp, useText } from '../state/state.ts'
import { isAmbiguous, nameOf, shortId } from '../model/friend-display.ts'
import { Avatar } from './controls.tsx'

/** Friends from which on there is a field to find some. */
const manyFriends = 8

interface FriendPickerProps {
  chosen: ReadonlySet<string>
  onChange: (chosen: ReadonlySet<string>) => void
  /** PeerIds of those who are not offered. */
  without?: ReadonlySet<string>
}

export function FriendPicker({ chosen, onChange, without }: FriendPickerProps) {
  const { group } = useText()
  const friends = useApp((state) => state.friends)
  const [typed, setTyped] = useState('')
  const label = useId()
  const all = [...friends.values()]
    .filter(({ peer, state }) => state === 'friend' && without?.has(peer) !== true)
    .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))
  const terms = searchTerms(typed.trim())
  const found = all.filter((friend) => matches([nameOf(friend), friend.handle ?? ''], terms))
  const choose = (peer: string): void => {
    const next = new Set(chosen)
    if (!next.delete(peer)) next.add(peer)
    onChange(next)
  }
  return (
    <div className="field">
      <span id={label}>{chosen.size === 0 ? group.whom : group.chosen(chosen.size)}</span>
      {all.length === 0 && <p className="hint">{group.nobody}</p>}
      {all.length >= manyFriends && (
        <input
          type="search"
          className="input"
          value={typed}
          aria-label={group.find}
          placeholder={group.find}
          dir="auto"
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      <ul className="picker scroll" aria-labelledby={label}>
        {found.map((friend) => (
          <li key={friend.peer}>
            <Choice
              friend={friend}
              checked={chosen.has(friend.peer)}
              ambiguous={isAmbiguous(friend, all)}
              onChoose={choose}
            />
          </li>
        ))}
      </ul>
    </div>
  )
}

interface ChoiceProps {
  friend: Friend
  checked: boolean
  ambiguous: boolean
  onChoose: (peer: string) => void
}

function Choice({ friend, checked, ambiguous, onChoose }: ChoiceProps) {
  return (
    <label>
      <Avatar friend={friend} presence />
      <bdi className="one-line">{nameOf(friend)}</bdi>
      {ambiguous && (
        <bdi className="quiet small short-id" dir="ltr">
          {shortId(friend.peer)}
        </bdi>
      )}
      <input type="checkbox" checked={checked} onChange={() => onChoose(friend.peer)} />
    </label>
  )
}
