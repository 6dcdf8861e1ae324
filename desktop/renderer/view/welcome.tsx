/** The first run in three steps: a name, a node (joined by an invite, or run here), and an own invite. */
import { useEffect, useState } from 'react'
import type { ClipboardEvent, FormEvent } from 'react'
import { limits } from '#limits'
import { inviteIn, isolate } from '../../text/foreign.ts'
import { endFirstRun, openView, runNode, saveProfile, showLink } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'
import { nameOf } from '../model/friend-display.ts'
import { Brand } from './brand.tsx'
import { Field } from './controls.tsx'
import { Invite } from './invite.tsx'
import { Join } from './join.tsx'
import { Restore } from './restore.tsx'

const steps = 3

export function Welcome() {
  const name = useApp((state) => state.self?.name ?? '')
  const nodes = useApp((state) => state.self?.nodes.length ?? 0)
  const [requested, setRequested] = useState<string>()
  const [renaming, setRenaming] = useState(false)
  const [restoring, setRestoring] = useState(false)
  if (restoring) return <Restore onBack={() => setRestoring(false)} />
  if (name === '' || renaming) {
    return <NameStep saved={name} onSaved={() => setRenaming(false)} onRestore={() => setRestoring(true)} />
  }
  if (nodes === 0 && requested === undefined) {
    return <NodeStep onBack={() => setRenaming(true)} onRequested={setRequested} />
  }
  return <InviteStep requested={requested} />
}

interface NameStepProps {
  saved: string
  onSaved: () => void
  onRestore: () => void
}

function NameStep({ saved, onSaved, onRestore }: NameStepProps) {
  const { welcome, common, backup } = useText()
  const user = useApp((state) => state.start?.user ?? '')
  const [name, setName] = useState(() => (saved === '' ? proposedName(user) : saved))
  const [pastedInvite, setPastedInvite] = useState(false)
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (await attempt(() => saveProfile({ name: name.trim() }))) onSaved()
  }
  // The field would cut it off at the length of a name. It is what the next step asks for.
  const paste = (event: ClipboardEvent): void => {
    const invite = inviteIn(event.clipboardData.getData('text/plain'))
    setPastedInvite(invite !== undefined)
    if (invite === undefined) return
    event.preventDefault()
    showLink(invite)
  }
  return (
    <main className="page">
      <form className="card" onSubmit={(event) => void save(event)}>
        <Brand steps={welcome.step(1, steps)} />
        <header>
          <h1>{welcome.title}</h1>
          <p>{welcome.intro}</p>
        </header>
        <Field label={welcome.nameTitle} hint={pastedInvite ? welcome.nameIsInvite : welcome.nameHint}>
          {({ id, describedBy }) => (
            <input
              id={id}
              className="input"
              value={name}
              autoFocus
              autoComplete="off"
              maxLength={limits.nameCharacters}
              dir="auto"
              aria-describedby={describedBy}
              onFocus={(event) => event.target.select()}
              onChange={(event) => setName(event.target.value)}
              onPaste={paste}
            />
          )}
        </Field>
        <div className="buttons end">
          <button type="button" className="button plain" onClick={onRestore}>
            {backup.have}
          </button>
          <button type="submit" className="button main" disabled={name.trim() === '' || inviteIn(name) !== undefined}>
            {common.continue}
          </button>
        </div>
      </form>
    </main>
  )
}

function NodeStep({ onBack, onRequested }: { onBack: () => void; onRequested: (name: string) => void }) {
  const { welcome, common } = useText()
  const link = useApp((state) => state.start?.link)
  const node = useApp((state) => state.node)
  return (
    <main className="page">
      <div className="card scroll">
        <Brand steps={welcome.step(2, steps)} />
        <header>
          <h1>{welcome.joinTitle}</h1>
          <p>{welcome.joinIntro}</p>
        </header>
        <Join
          link={link}
          label={welcome.joinLabel}
          action={welcome.join}
          busyLabel={welcome.joining}
          withNote={false}
          onRequested={(friend) => onRequested(nameOf(friend))}
        />
        <p className="or">{welcome.or}</p>
        <section className="choice" aria-labelledby="run-here">
          <div>
            <h2 id="run-here">{welcome.runTitle}</h2>
            <p className="quiet">{welcome.runIntro}</p>
          </div>
          <button
            type="button"
            className="button wide"
            disabled={node.state !== 'off'}
            onClick={() => void runNode(true)}
          >
            {node.state === 'off' ? welcome.run : welcome.running}
          </button>
        </section>
        <div className="buttons">
          <button type="button" className="button plain" disabled={node.state !== 'off'} onClick={onBack}>
            {common.back}
          </button>
        </div>
      </div>
    </main>
  )
}

function InviteStep({ requested }: { requested: string | undefined }) {
  const { welcome } = useText()
  const friends = useApp((state) => state.friends)
  // A friend who answered the invite, or sent a request, ends the first run.
  useEffect(() => {
    const states = [...friends.values()].map(({ state }) => state)
    if (states.includes('incoming')) openView({ kind: 'requests' })
    if (states.includes('incoming') || states.includes('friend')) endFirstRun()
  }, [friends])
  return (
    <main className="page">
      <div className="card scroll">
        <Brand steps={welcome.step(3, steps)} />
        <header>
          <h1>{requested === undefined ? welcome.inviteTitle : welcome.askedTitle(isolate(requested))}</h1>
          <p>{requested === undefined ? welcome.inviteIntro : welcome.askedIntro}</p>
        </header>
        <Invite />
        <div className="buttons end">
          <button type="button" className="button main" autoFocus onClick={endFirstRun}>
            {welcome.done}
          </button>
        </div>
      </div>
    </main>
  )
}

/** The name of the system's user with a capital letter; empty for accounts that are not named after a person. */
function proposedName(user: string): string {
  if (['root', 'user', 'admin', 'administrator'].includes(user.toLowerCase())) return ''
  return user.slice(0, 1).toLocaleUpperCase() + user.slice(1)
}
