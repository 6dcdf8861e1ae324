/** Settings: the list of tabs, and the selected tab. */
import { Bell, HardDrive, Info, Network, Palette, ShieldCheck, UserRound } from 'lucide-react'
import type { ReactNode } from 'react'
import { openView } from '../state/actions.ts'
import { settingsTabs, useText } from '../state/state.ts'
import type { SettingsTab } from '../state/state.ts'
import { About } from './settings/about.tsx'
import { Appearance } from './settings/appearance.tsx'
import { NodesTab } from './settings/nodes.tsx'
import { NotificationsTab } from './settings/notifications.tsx'
import { Privacy } from './settings/privacy.tsx'
import { ProfileTab } from './settings/profile.tsx'
import { Storage } from './settings/storage.tsx'
import { ViewBar } from './view-bar.tsx'

const icons: Record<SettingsTab, ReactNode> = {
  profile: <UserRound size={18} />,
  nodes: <Network size={18} />,
  privacy: <ShieldCheck size={18} />,
  notifications: <Bell size={18} />,
  appearance: <Palette size={18} />,
  storage: <HardDrive size={18} />,
  about: <Info size={18} />,
}

export function Settings({ tab }: { tab: SettingsTab }) {
  const { settings } = useText()
  return (
    <>
      <ViewBar title={settings.title} />
      <div className="settings">
        <div className="settings-columns">
          <nav aria-label={settings.title}>
            {settingsTabs.map((one) => (
              <button
                key={one}
                type="button"
                aria-current={one === tab}
                data-tooltip={settings[one]}
                onClick={() => openView({ kind: 'settings', tab: one })}
              >
                {icons[one]}
                <span className="one-line">{settings[one]}</span>
              </button>
            ))}
          </nav>
          <div className="settings-body scroll" key={tab} tabIndex={-1}>
            <h2>{settings[tab]}</h2>
            <Body tab={tab} />
          </div>
        </div>
      </div>
    </>
  )
}

function Body({ tab }: { tab: SettingsTab }) {
  switch (tab) {
    case 'profile':
      return <ProfileTab />
    case 'nodes':
      return <NodesTab />
    case 'privacy':
      return <Privacy />
    case 'notifications':
      return <NotificationsTab />
    case 'appearance':
      return <Appearance />
    case 'storage':
      return <Storage />
    case 'about':
      return <About />
  }
}
