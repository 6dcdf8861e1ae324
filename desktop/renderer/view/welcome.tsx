/** The first run in three steps: a name, a node (joined by an invite, or run here), and an own invite. */
import { useEffect, useState } from 'react'
import type { FormEvent } from 'react'
import { limits } from '#limits'
import { isolate } from '../../text/foreign.ts'
import { endFirstRun, openView, runNode, saveProfile } from '../state/actions.ts'
import { useApp, useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'
import { nameOf } from '../model/friend-display.ts'
import { Brand } from './brand.tsx'
import { Field } from './controls.tsx'
import { Invite } from './invite.tsx'
import { Join } from './join.tsx'

const steps = 3

export function Welcome() {
  const name = useApp((state) => state.self?.name ?? '')
  const nodes = useApp((state) => state.self?.nodes.length ?? 0)
  const [requested, setRequested] = useState<string>()
  if (name === '') return <NameStep />
  if (nodes === 0 && requested === undefined) return <NodeStep onRequested={setRequested} />
  return <InviteStep requested={requested} />
}

function NameStep() {
  const { welcome, common } = useText()
  const user = useApp((state) => state.start?.user ?? '')
  const [name, setName] = useState(() => proposedName(user))
  const save = (event: FormEvent): void => {
    event.preventDefault()
    void attempt(() => saveProfile({ name: name.trim() }))
  }
  return (
    <main className="page">
      <form className="card" onSubmit={save}>
        <Brand steps={welcome.step(1, steps)} />
        <header>
          <h1>{welcome.title}</h1>
          <p>{welcome.intro}</p>
        </header>
        <Field label={welcome.nameTitle} hint={welcome.nameHint}>
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
            />
          )}
        </Field>
        <div className="buttons end">
          <button type="submit" className="button main" disabled={name.trim() === ''}>
            {common.continue}
          </button>
        </div>
      </form>
    </main>
  )
}

function NodeStep({ onRequested }: { onRequested: (name: string) => void }) {
  const { welcome } = useText()
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
