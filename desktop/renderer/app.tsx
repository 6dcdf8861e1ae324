/** Chooses the page: lock screen, failure, first run or main window. Applies theme, text size and language. */
import { useEffect } from 'react'
import { useApp, useText } from './state/state.ts'
import { ContextMenu } from './view/context-menu.tsx'
import { Dialogs } from './view/dialogs.tsx'
import { Failed } from './view/failed.tsx'
import { useFocusKept } from './view/focus.ts'
import { LockScreen } from './view/lock-screen.tsx'
import { MainWindow } from './view/main-window.tsx'
import { Toasts } from './view/toasts.tsx'
import { Tooltip } from './view/tooltip.tsx'
import { Welcome } from './view/welcome.tsx'

export function App() {
  useAppearance()
  useFocusKept()
  return (
    <>
      <Page />
      <Dialogs />
      <ContextMenu />
      <Toasts />
      <Tooltip />
    </>
  )
}

function Page() {
  const status = useApp((state) => state.status)
  const started = useApp((state) => state.start !== undefined)
  const loaded = useApp((state) => state.friendsLoaded)
  const welcomed = useApp((state) => state.welcomed)
  if (!started) return null
  switch (status.state) {
    case 'locked':
      return <LockScreen />
    case 'failed':
      return <Failed error={status.error} />
    case 'ending':
      return null
    case 'opening':
      return loaded ? <MainWindow /> : null
    case 'open':
      if (!loaded) return null
      return welcomed ? <MainWindow /> : <Welcome />
  }
}

/** Sets theme, text size and language on the root element, where the style sheets read them. */
function useAppearance(): void {
  const text = useText()
  const theme = useApp((state) => state.preferences?.theme ?? 'system')
  const size = useApp((state) => state.preferences?.textSize ?? 'normal')
  useEffect(() => {
    const { dataset } = document.documentElement
    dataset['size'] = size
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const apply = (): void => {
      dataset['theme'] = (theme === 'system' ? dark.matches : theme === 'dark') ? 'dark' : 'light'
    }
    apply()
    dark.addEventListener('change', apply)
    return () => dark.removeEventListener('change', apply)
  }, [theme, size])
  useEffect(() => {
    document.documentElement.lang = text.tag
    document.documentElement.dir = new Intl.Locale(text.tag).getTextInfo().direction ?? 'ltr'
  }, [text])
}
