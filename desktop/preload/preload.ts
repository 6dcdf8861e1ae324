/**
 * The preload script, between the main process and the page. Passes each message port on to the page when it arrives.
 * Turns files that a person dropped or pasted into ids under which the main process holds their paths. It tells no path
 * itself: it submits the files as a form, whose list Chromium checks (main/given-files.ts). A picture that is not on
 * the disk has no path: its bytes are passed on (main/pasted-pictures.ts).
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { givenPath } from '../ipc/contract.ts'
import type { Bridge, StagedResult } from '../ipc/contract.ts'

ipcRenderer.on('port', ({ ports }, name: string) => {
  window.postMessage({ quorum: name }, location.origin, ports)
})

/** Submitting is a navigation, and a second one would end the first. */
let last: Promise<unknown> = Promise.resolve()

const bridge: Bridge = {
  stage(files) {
    const staged = last.then(() => stage(files))
    last = staged.catch(() => undefined)
    return staged
  },
}

async function stage(files: File[]): Promise<StagedResult> {
  const onDisk = files.filter((file) => webUtils.getPathForFile(file) !== '')
  const result: StagedResult = onDisk.length === 0 ? { staged: [] } : await give(onDisk)
  for (const file of files) {
    if (onDisk.includes(file) || !file.type.startsWith('image/')) continue
    const bytes = new Uint8Array(await file.arrayBuffer())
    const { staged, error } = (await ipcRenderer.invoke('stage-picture', bytes)) as StagedResult
    result.staged.push(...staged)
    if (error !== undefined) result.error ??= error
  }
  return result
}

function give(files: File[]): Promise<StagedResult> {
  const id = crypto.randomUUID()
  const list = new DataTransfer()
  for (const file of files) list.items.add(file)
  const input = Object.assign(document.createElement('input'), { type: 'file', name: 'files', multiple: true })
  input.files = list.files
  const form = document.createElement('form')
  Object.assign(form, { method: 'post', enctype: 'multipart/form-data', action: `${givenPath}${id}`, hidden: true })
  form.append(input)
  document.body.append(form)
  form.submit()
  form.remove()
  return ipcRenderer.invoke('stage', id) as Promise<StagedResult>
}

contextBridge.exposeInMainWorld('quorum', bridge)
