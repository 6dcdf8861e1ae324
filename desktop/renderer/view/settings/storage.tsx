/** The folder for received files, backups, and erasing the profile. */
import { cleanLine, isolate } from '../../../text/foreign.ts'
import { dateOnly } from '../../model/format.ts'
import { chooseDownloads, openDialog } from '../../state/actions.ts'
import { stopWeekly } from '../../state/backups.ts'
import { errorText, useApp, useText } from '../../state/state.ts'
import { Switch } from './parts.tsx'

export function Storage() {
  const { settings } = useText()
  const downloads = useApp((state) => state.start?.downloads ?? '')
  return (
    <>
      <div className="settings-group">
        <h3>{settings.downloads}</h3>
        <p className="quiet">{settings.downloadsHint(isolate(downloads))}</p>
        <div className="buttons">
          <button type="button" className="button" onClick={() => void chooseDownloads()}>
            {settings.downloadsChoose}
          </button>
        </div>
      </div>
      <Backups />
      <div className="settings-group">
        <h3>{settings.erase}</h3>
        <p className="quiet">{settings.eraseHint}</p>
        <div className="buttons">
          <button type="button" className="button bad" onClick={() => openDialog({ kind: 'erase' })}>
            {settings.erase}…
          </button>
        </div>
      </div>
    </>
  )
}

function Backups() {
  const text = useText()
  const { backup } = text
  const backups = useApp((state) => state.backups)
  const { weekly, lastAt } = backups ?? {}
  return (
    <div className="settings-group">
      <h3>{backup.title}</h3>
      <p className="quiet">{backup.hint}</p>
      {lastAt !== undefined && <p>{backup.last(dateOnly(lastAt, text.tag))}</p>}
      <div className="buttons">
        <button type="button" className="button" onClick={() => openDialog({ kind: 'backup', weekly: false })}>
          {backup.open}
        </button>
      </div>
      <Switch
        label={backup.weekly}
        hint={weekly === undefined ? backup.weeklyHint : backup.weeklyIn(isolate(cleanLine(weekly.directory)))}
        checked={weekly !== undefined}
        onChange={(on) => void (on ? openDialog({ kind: 'backup', weekly: true }) : stopWeekly())}
      />
      {weekly?.error !== undefined && (
        <p className="notice bad" role="alert">
          {`${backup.weeklyFailed} ${errorText(weekly.error)}`}
        </p>
      )}
    </div>
  )
}
