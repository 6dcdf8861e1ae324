/** The first run, in three steps: a name, a node (joined by an invite, or run here), and one's own invite. */
import { useEffect, useState } from 'react'
import type { FormEvent } from 'react'
import { limits } from '#limits'
import { isolate } from '../../text/foreign.ts'
import { attempt, show } from '../state/actions.ts'
import { putSelf } from '../state/entities.ts'
import { nameOf } from '../model/friend-display.ts'
import { callPeer, callShell } from '../state/clients.ts'
import { store, useApp, useText } from '../state/state.ts'
import { Brand } from './brand.tsx'
import { Field } from './controls.tsx'
import { Invite } from './invite.tsx'
import { Join } from './join.tsx'

const steps = 3

export function Welcome() {
  const name = useApp((state) => state.self?.name ?? '')
  const nodes = useApp((state) => state.self?.nodes.length ?? 0)
  const [asked, setAsked] = useState<string>()
  if (name === '') return <NameStep />
  if (nodes === 0 && asked === undefined) return <NodeStep onAsked={setAsked} />
  return <InviteStep asked={asked} />
}

function NameStep() {
  const { welcome, common } = useText()
  const user = useApp((state) => state.start?.user ?? '')
  const [name, setName] = useState(() => proposed(user))
  const save = (event: FormEvent): void => {
    event.preventDefault()
    void attempt(async () => putSelf(await callPeer('setProfile', { name: name.trim() })))
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

function NodeStep({ onAsked }: { onAsked: (name: string) => void }) {
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
          onAsked={(friend) => onAsked(nameOf(friend))}
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
            onClick={() => void attempt(() => callShell('runNode'))}
          >
            {node.state === 'off' ? welcome.run : welcome.running}
          </button>
        </section>
      </div>
    </main>
  )
}

function InviteStep({ asked }: { asked: string | undefined }) {
  const { welcome } = useText()
  const friends = useApp((state) => state.friends)
  const done = (): void => store.set({ welcomed: true })
  // Somebody answered, or asks, while we looked at the invite: that is what we came for.
  useEffect(() => {
    const states = [...friends.values()].map(({ state }) => state)
    if (states.includes('incoming')) show({ kind: 'requests' })
    if (states.includes('incoming') || states.includes('friend')) done()
  }, [friends])
  return (
    <main className="page">
      <div className="card scroll">
        <Brand steps={welcome.step(3, steps)} />
        <header>
          <h1>{asked === undefined ? welcome.inviteTitle : welcome.askedTitle(isolate(asked))}</h1>
          <p>{asked === undefined ? welcome.inviteIntro : welcome.askedIntro}</p>
        </header>
        <Invite />
        <div className="buttons end">
          <button type="button" className="button main" autoFocus onClick={done}>
            {welcome.done}
          </button>
        </div>
      </div>
    </main>
  )
}

/** The system's user, with a capital letter; nothing for those that are nobody's name. */
function proposed(user: string): string {
  if (['root', 'user', 'admin', 'administrator'].includes(user.toLowerCase())) return ''
  return user.slice(0, 1).toLocaleUpperCase() + user.slice(1)
}
