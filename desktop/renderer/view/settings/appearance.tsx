/** Theme, text size and language. */
import { languages, textSizes, themes } from '../../../ipc/contract.ts'
import { catalogueFor } from '../../../text/catalogue.ts'
import { setPreferences } from '../../state/actions.ts'
import { useApp, useText } from '../../state/state.ts'
import { Choice } from './parts.tsx'

export function Appearance() {
  const { settings } = useText()
  const preferences = useApp((state) => state.preferences)
  if (preferences === undefined) return null
  return (
    <div className="settings-group">
      <Choice
        label={settings.theme}
        value={preferences.theme}
        options={themes.map((theme) => [theme, settings.themes[theme]])}
        onChange={(theme) => void setPreferences({ theme })}
      />
      <Choice
        label={settings.textSize}
        value={preferences.textSize}
        options={textSizes.map((size) => [size, settings.textSizes[size]])}
        onChange={(textSize) => void setPreferences({ textSize })}
      />
      <Choice
        label={settings.language}
        value={preferences.language}
        options={languages.map((one) => [
          one,
          one === 'system' ? settings.languageSystem : catalogueFor([one]).languageName,
        ])}
        onChange={(language) => void setPreferences({ language })}
      />
    </div>
  )
}
