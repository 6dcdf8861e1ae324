/**
 * Writing a message: Enter sends, Shift and Enter break the line. Shows the message replied to and the staged files.
 * Each conversation keeps its draft.
 */
import { FolderPlus, FilePlus, Paperclip, SendHorizontal, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { ClipboardEvent, KeyboardEvent, ReactNode } from 'react'
import { isBlank } from '#foreign-text'
import { limits } from '#limits'
import { cleanLine, isolate } from '../../text/foreign.ts'
import { announceTyping, send, stageChosen, stageFiles, unstage } from '../state/actions.ts'
import { cancelReply, emptyDraft, setDraft, storeDrafts } from '../state/drafts.ts'
import { useApp, useText } from '../state/state.ts'
import { toast } from '../state/toasts.ts'
import { size } from '../model/format.ts'
import { authorName } from '../model/group-display.ts'
import { IconButton } from './controls.tsx'
import { EmojiButton } from './emoji-button.tsx'
import { focusComposer } from './focus.ts'
import { Menu } from './menu.tsx'
import { StagedPicture } from './pictures.tsx'

const encoder = new TextEncoder()

interface ComposerProps {
  /** PeerId or group. */
  conversation: string
  /** Of the friend or the group: cleaned and isolated. */
  name: string
  /** Why what is written does not arrive at once. */
  away?: string | undefined
  /** Files can be sent there. */
  takesFiles?: boolean
  /** Notices above it. */
  children?: ReactNode
}

export function Composer({ conversation, name, away, takesFiles = false, children }: ComposerProps) {
  const { composer, files, group, tag } = useText()
  const draft = useApp((state) => state.drafts.get(conversation) ?? emptyDraft)
  const author = useApp((state) =>
    draft.replyTo === undefined ? '' : authorName(state, conversation, draft.replyTo.peer),
  )
  const field = useRef<HTMLTextAreaElement>(null)
  const tooLong = draft.text.length > limits.messageText / 4 && encoder.encode(draft.text).length > limits.messageText
  const empty = isBlank(draft.text) && draft.staged.length === 0
  // A person who opens a conversation, begins a reply or adds files wants to write or to send.
  useEffect(focusComposer, [draft.replyTo, draft.staged.length])
  useEffect(() => storeDrafts, [])

  const submit = (): void => {
    if (!empty && !tooLong) void send(conversation)
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault()
      submit()
    }
    if (event.key === 'Escape' && draft.replyTo !== undefined) {
      event.preventDefault()
      cancelReply(conversation)
    }
  }
  const onPaste = (event: ClipboardEvent): void => {
    const { types } = event.clipboardData
    if (types.length === 0 || isText(event.clipboardData)) return
    event.preventDefault()
    if (takesFiles) void stageFiles(conversation, [...event.clipboardData.files])
    else toast(group.noFiles, 'bad')
  }
  const insert = (emoji: string): void => {
    field.current?.focus()
    // Although deprecated, the only way of inserting that Ctrl Z undoes.
    document.execCommand('insertText', false, emoji)
  }
  return (
    <div className="composer">
      {children}
      {draft.replyTo !== undefined && (
        <div className="replying">
          <div className="quote">
            <strong>
              {draft.replyTo.direction === 'out' ? composer.replyingOwn : composer.replying(isolate(author))}
            </strong>
            <bdi className="one-line" style={{ display: 'block' }}>
              {cleanLine(draft.replyTo.text, 160)}
            </bdi>
          </div>
          <IconButton label={composer.cancelReply} onClick={() => cancelReply(conversation)}>
            <X size={18} />
          </IconButton>
        </div>
      )}
      {draft.staged.length > 0 && (
        <ul className="staged">
          {draft.staged.map((one) => (
            <li key={one.id}>
              {!one.folder && <StagedPicture file={one} />}
              <bdi className="one-line">{cleanLine(one.name)}</bdi>
              <span className="quiet small">{one.size === undefined ? files.folder : size(one.size, tag)}</span>
              <IconButton
                label={`${files.cancel}: ${cleanLine(one.name)}`}
                onClick={() => unstage(conversation, one.id)}
              >
                <X size={16} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      {tooLong && (
        <p className="composer-note" role="alert">
          {composer.tooLong}
        </p>
      )}
      {away !== undefined && !empty && <p className="composer-note">{away}</p>}
      <div className="composer-box">
        {takesFiles && <AttachMenu conversation={conversation} />}
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={draft.text}
          placeholder={composer.placeholder(name)}
          aria-label={composer.placeholder(name)}
          title={away}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onBlur={() => {
            announceTyping(conversation, false)
            storeDrafts()
          }}
          onChange={(event) => {
            setDraft(conversation, { text: event.target.value })
            announceTyping(conversation, event.target.value !== '')
          }}
        />
        <EmojiButton onChoose={insert} />
        <IconButton label={composer.send} className="main" disabled={empty || tooLong} onClick={submit}>
          <SendHorizontal size={18} />
        </IconButton>
      </div>
    </div>
  )
}

function AttachMenu({ conversation }: { conversation: string }) {
  const { composer } = useText()
  const choose = (folder: boolean) => (): void => void stageChosen(conversation, folder)
  return (
    <Menu
      label={composer.attach}
      icon={<Paperclip size={20} />}
      items={[
        { label: composer.chooseFiles, icon: <FilePlus size={18} />, onChoose: choose(false) },
        { label: composer.chooseFolder, icon: <FolderPlus size={18} />, onChoose: choose(true) },
      ]}
    />
  )
}

/** Programs for texts and tables put a picture of the text beside it into the clipboard: then the text is meant. */
function isText(clipboard: DataTransfer): boolean {
  const [file, ...more] = clipboard.files
  const bitmap = file?.name === 'image.png' && more.length === 0
  return clipboard.getData('text/plain') !== '' && (file === undefined || bitmap)
}
