/**
 * The preload script, between the main process and the page. Passes each message port on to the page when it arrives.
 * Turns files that a person dropped or pasted into ids under which the main process holds their paths. The page never
 * sees a path, so it cannot invent one.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { Bridge, StagedFile } from '../ipc/contract.ts'

ipcRenderer.on('port', ({ ports }, name: string) => {
  window.postMessage({ quorum: name }, location.origin, ports)
})

const bridge: Bridge = {
  stage(files) {
    const paths = files.map((file) => webUtils.getPathForFile(file)).filter((path) => path !== '')
    return ipcRenderer.invoke('stage', paths) as Promise<StagedFile[]>
  },
}
contextBridge.exposeInMainWorld('quorum', bridge)
