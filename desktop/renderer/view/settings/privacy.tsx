/** What friends and the network learn, and the passphrase that protects the profile on this computer. */
import { useState } from 'react'
import type { FormEvent } from 'react'
import type { DirectMode, Privacy as PrivacyChoices } from '#protocol'
import { directChoices } from '../../../ipc/contract.ts'
import { usesLan } from '../../model/uses-lan.ts'
import { setPreferences, setPrivacy } from '../../state/actions.ts'
import { callMain, callPeer } from '../../state/clients.ts'
import { errorText, useApp, useText } from '../../state/state.ts'
import { attempt } from '../../state/toasts.ts'
import { goodLength, PassphraseField } from '../passphrase-field.tsx'
import { Choice, Switch } from './parts.tsx'

/** Idle minutes before the profile is locked; 0: never by itself. */
const lockChoices = [0, 1, 5, 15, 60]

export function Privacy() {
  const { settings } = useText()
  const preferences = useApp((state) => state.preferences)
  const privacy = useApp((state) => state.self?.privacy)
  const guarded = useApp((state) => state.status.state === 'open' && state.status.guarded)
  if (preferences === undefined) return null
  return (
    <>
      <div className="settings-group">{privacy !== undefined && <Choices privacy={privacy} />}</div>
      <Passphrase key={String(guarded)} guarded={guarded} />
      <div className="settings-group">
        <Choice
          label={settings.lockAfter}
          hint={guarded ? settings.lockHint : settings.lockNeeds}
          value={String(preferences.lockAfter)}
          disabled={!guarded}
          options={lockChoices.map((minutes) => [
            String(minutes),
            minutes === 0 ? settings.lockNever : settings.lockMinutes(minutes),
          ])}
          onChange={(minutes) => void setPreferences({ lockAfter: Number(minutes) })}
        />
        {guarded && (
          <div className="buttons">
            <button type="button" className="button" onClick={() => void attempt(() => callPeer('lock'))}>
              {settings.lockNow}
            </button>
          </div>
        )}
      </div>
    </>
  )
}

function Choices({ privacy }: { privacy: PrivacyChoices }) {
  const { settings } = useText()
  const { direct, lan, upnp, mdns, readReceipts, typingMarks } = privacy
  const hidden = direct === 'never'
  const nearby = usesLan(privacy)
  const modes: readonly DirectMode[] = direct === 'only' ? [...directChoices, direct] : directChoices
  return (
    <>
      <Choice
        label={settings.direct}
        hint={settings.directHint[direct]}
        value={direct}
        options={modes.map((choice) => [choice, settings.directChoices[choice]])}
        onChange={(chosen) => void setPrivacy({ direct: chosen })}
      />
      <Switch
        label={settings.lan}
        hint={settings.lanHint}
        checked={lan && !hidden}
        disabled={hidden}
        onChange={(on) => void setPrivacy({ lan: on })}
      />
      <Switch
        label={settings.mdns}
        hint={settings.mdnsHint}
        checked={mdns && nearby}
        disabled={!nearby}
        onChange={(on) => void setPrivacy({ mdns: on })}
      />
      <Switch
        label={settings.upnp}
        hint={settings.upnpHint}
        checked={upnp && !hidden}
        disabled={hidden}
        onChange={(on) => void setPrivacy({ upnp: on })}
      />
      <Switch
        label={settings.readReceipts}
        hint={settings.readReceiptsHint}
        checked={readReceipts}
        onChange={(on) => void setPrivacy({ readReceipts: on })}
      />
      <Switch
        label={settings.typingMarks}
        checked={typingMarks}
        onChange={(on) => void setPrivacy({ typingMarks: on })}
      />
    </>
  )
}

function Passphrase({ guarded }: { guarded: boolean }) {
  const { settings } = useText()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [busy, setBusy] = useState(false)
  const change = async (to: string | undefined): Promise<void> => {
    setWrong(undefined)
    setBusy(true)
    try {
      if (await callMain('confirmPassphrase', { change: to === undefined ? 'remove' : 'set' })) {
        await callPeer('setPassphrase', {
          ...(guarded ? { current } : {}),
          ...(to === undefined ? {} : { next: to }),
        })
      }
    } catch (error) {
      setWrong(errorText(error))
    }
    setBusy(false)
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (next === again) void change(next)
    else setWrong(settings.passphraseDiffer)
  }
  return (
    <form onSubmit={submit}>
      <div>
        <h3>{settings.passphrase}</h3>
        <p className="quiet">{settings.passphraseHint}</p>
      </div>
      {guarded && <PassphraseField label={settings.passphraseNow} value={current} onChange={setCurrent} />}
      <PassphraseField
        label={settings.passphraseNew}
        value={next}
        hint={next !== '' && next.length < goodLength ? settings.passphraseShort : undefined}
        onChange={setNext}
      />
      {next !== '' && (
        <PassphraseField label={settings.passphraseAgain} value={again} onChange={setAgain} wrong={wrong} />
      )}
      {next === '' && wrong !== undefined && (
        <p className="notice bad" role="alert">
          {wrong}
        </p>
      )}
      <div className="buttons">
        <button
          type="submit"
          className="button"
          disabled={busy || next === '' || again === '' || (guarded && current === '')}
        >
          {guarded ? settings.passphraseChange : settings.passphraseSet}
        </button>
        {guarded && (
          <button
            type="button"
            className="button bad"
            disabled={busy || current === ''}
            onClick={() => void change(undefined)}
          >
            {settings.passphraseRemove}
          </button>
        )}
      </div>
    </form>
  )
}
