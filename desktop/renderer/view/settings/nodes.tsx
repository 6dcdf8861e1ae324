/** The nodes of this profile and their states; adding a node by its address, and running one here for friends. */
import { X } from 'lucide-react'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { limits } from '#limits'
import type { NodeState } from '#protocol'
import { cleanLine } from '../../../text/foreign.ts'
import { clock } from '../../model/format.ts'
import { addNode, removeNode, runNode } from '../../state/actions.ts'
import { errorPart, errorText, useApp, useText } from '../../state/state.ts'
import { CopyLine, Field, IconButton } from '../controls.tsx'
import { Switch } from './parts.tsx'

export function NodesTab() {
  const { settings } = useText()
  const nodes = useApp((state) => state.self?.nodes ?? noNodes)
  return (
    <>
      <div className="settings-group">
        <p className="quiet">{settings.nodesIntro}</p>
        <ul className="nodes">
          {nodes.map((node) => (
            <li key={node.peer}>
              <OneNode node={node} />
            </li>
          ))}
        </ul>
        {nodes.length === 0 && <p>{settings.nodeNone}</p>}
      </div>
      <AddNode />
      <EmbeddedNode />
    </>
  )
}

const noNodes: NodeState[] = []

function OneNode({ node }: { node: NodeState }) {
  const { settings, path, tag } = useText()
  const own = useApp((state) => state.node)
  const embedded = own.peer === node.peer
  const state =
    node.problem === 'not-admitted'
      ? settings.nodeNotAdmitted
      : node.fullUntil === undefined
        ? settings.nodeStates[node.state]
        : settings.nodeFull(clock(node.fullUntil, tag))
  const notes = [
    state,
    ...(node.rttMs === undefined ? [] : [path.milliseconds(Math.round(node.rttMs).toLocaleString(tag))]),
    ...(node.reserved ? [settings.nodeRelays] : []),
  ]
  return (
    <>
      <span className={`dot ${node.state === 'connected' ? 'good' : 'warn'}`} aria-hidden="true" />
      <div style={{ minWidth: 0 }}>
        <p>
          {embedded && <strong>{settings.nodeHere}: </strong>}
          {notes.join(' · ')}
        </p>
        <p className="mono one-line selectable" dir="ltr" title={node.address}>
          {cleanLine(node.address, limits.address)}
        </p>
        {node.problem !== undefined && <p className="quiet">{settings.nodeProblems[node.problem]}</p>}
      </div>
      {embedded ? (
        <span />
      ) : (
        <IconButton label={settings.nodeRemove} onClick={() => void removeNode(node.address)}>
          <X size={18} />
        </IconButton>
      )}
    </>
  )
}

function AddNode() {
  const { settings } = useText()
  const [address, setAddress] = useState('')
  const [wrong, setWrong] = useState<string>()
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setWrong(undefined)
    try {
      await addNode(address.trim())
      setAddress('')
    } catch (error) {
      setWrong(errorPart(error, settings.nodeWrong) ?? errorText(error))
    }
  }
  return (
    <form onSubmit={(event) => void add(event)}>
      <Field label={settings.nodeAdd} hint={settings.nodeAddHint} wrong={wrong}>
        {({ id, describedBy, invalid }) => (
          <div className="field-row">
            <input
              id={id}
              className="input mono"
              dir="ltr"
              value={address}
              placeholder={settings.nodeAddPlaceholder}
              maxLength={limits.address}
              autoComplete="off"
              aria-invalid={invalid}
              aria-describedby={describedBy}
              onChange={(event) => setAddress(event.target.value)}
            />
            <button type="submit" className="button" disabled={address.trim() === ''}>
              {settings.nodeAddDo}
            </button>
          </div>
        )}
      </Field>
    </form>
  )
}

function EmbeddedNode() {
  const { settings } = useText()
  const node = useApp((state) => state.node)
  const widest = node.addresses.at(-1)
  return (
    <div className="settings-group">
      <Switch
        label={settings.runTitle}
        hint={settings.runHint}
        checked={node.state !== 'off'}
        onChange={(on) => void runNode(on)}
      />
      {node.trouble !== undefined && <p className="notice warn">{settings.runTrouble}</p>}
      {node.state === 'running' && widest !== undefined && <CopyLine value={widest} label={settings.nodeHere} />}
    </div>
  )
}
