/**
 * Between the shell and the page: passes the two message ports on as they come, and turns files that a person dropped or
 * pasted into names that the shell holds for sending. Paths stay on this side: the page cannot make one up.
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
