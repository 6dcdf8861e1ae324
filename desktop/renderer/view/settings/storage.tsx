/** The folder for received files, backups, and erasing the profile. */
import { isolate } from '../../../text/foreign.ts'
import { chooseDownloads, openDialog } from '../../state/actions.ts'
import { useApp, useText } from '../../state/state.ts'

export function Storage() {
  const { settings, backup } = useText()
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
      <div className="settings-group">
        <h3>{backup.title}</h3>
        <p className="quiet">{backup.hint}</p>
        <div className="buttons">
          <button type="button" className="button" onClick={() => openDialog({ kind: 'backup' })}>
            {backup.open}
          </button>
        </div>
      </div>
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
