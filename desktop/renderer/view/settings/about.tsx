/** The version of Quorum, a report for those who help, and the keyboard shortcuts. */
import { saveReport } from '../../state/actions.ts'
import { useApp, useText } from '../../state/state.ts'
import { Brand } from '../brand.tsx'

export function About() {
  const { settings } = useText()
  const version = useApp((state) => state.start?.version ?? '')
  const { ctrl, shift } = settings.keyNames
  const keys = [
    [`${ctrl} K`, settings.keyList.search],
    ['Alt ↓', settings.keyList.next],
    ['Alt ↑', settings.keyList.previous],
    [`${ctrl} N`, settings.keyList.add],
    [`${ctrl} G`, settings.keyList.group],
    [`${ctrl} ,`, settings.keyList.settings],
    [`${ctrl} I`, settings.keyList.details],
    [`${ctrl} J`, settings.keyList.files],
    [`${shift} Enter`, settings.keyList.newline],
    ['Esc', settings.keyList.close],
  ] as const
  return (
    <>
      <div className="settings-group">
        <Brand />
        <p>
          {settings.version} {version}
        </p>
        <p className="quiet">{settings.aboutText}</p>
      </div>
      <div className="settings-group">
        <h3>{settings.report}</h3>
        <p className="quiet">{settings.reportHint}</p>
        <div className="buttons">
          <button type="button" className="button" onClick={() => void saveReport()}>
            {settings.reportSave}
          </button>
        </div>
      </div>
      <div className="settings-group">
        <h3>{settings.keys}</h3>
        <dl className="keys">
          {keys.map(([key, action]) => (
            <div key={key} style={{ display: 'contents' }}>
              <dt>{action}</dt>
              <dd>
                <kbd>{key}</kbd>
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </>
  )
}
