/**
 * The preload script, between the main process and the page. Passes each message port on to the page when it arrives.
 * Turns files that a person dropped or pasted into ids under which the main process holds their paths. It tells no path
 * itself: it submits the files as a form, whose list Chromium checks (main/given-files.ts).
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { givenPath } from '../ipc/contract.ts'
import type { Bridge, StagedFile } from '../ipc/contract.ts'

ipcRenderer.on('port', ({ ports }, name: string) => {
  window.postMessage({ quorum: name }, location.origin, ports)
})

/** Submitting is a navigation, and a second one would end the first. */
let last: Promise<unknown> = Promise.resolve()

const bridge: Bridge = {
  stage(files) {
    const onDisk = files.filter((file) => webUtils.getPathForFile(file) !== '')
    if (onDisk.length === 0) return Promise.resolve([])
    const staged = last.then(() => give(onDisk))
    last = staged.catch(() => undefined)
    return staged
  },
}

function give(files: File[]): Promise<StagedFile[]> {
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
  return ipcRenderer.invoke('stage', id) as Promise<StagedFile[]>
}

contextBridge.exposeInMainWorld('quorum', bridge)
