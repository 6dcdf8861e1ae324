/** How much of a message a notification shows to everybody who sees the screen. */
import { setPreferences } from '../../state/actions.ts'
import { useApp, useText } from '../../state/state.ts'
import { Choice, Switch } from './parts.tsx'

export function NotificationsTab() {
  const { settings } = useText()
  const preferences = useApp((state) => state.preferences)
  const tray = useApp((state) => state.start?.tray ?? false)
  if (preferences === undefined) return null
  return (
    <div className="settings-group">
      <Choice
        label={settings.notifyShow}
        value={preferences.notifications}
        options={[
          ['full', settings.notifyFull],
          ['name', settings.notifyName],
          ['none', settings.notifyNone],
          ['off', settings.notifyOff],
        ]}
        onChange={(notifications) => void setPreferences({ notifications })}
      />
      {tray && (
        <Switch
          label={settings.closeToTray}
          hint={settings.closeToTrayHint}
          checked={preferences.closeToTray}
          onChange={(closeToTray) => void setPreferences({ closeToTray })}
        />
      )}
      <Switch
        label={settings.startAtLogin}
        checked={preferences.startAtLogin}
        onChange={(startAtLogin) => void setPreferences({ startAtLogin })}
      />
    </div>
  )
}
