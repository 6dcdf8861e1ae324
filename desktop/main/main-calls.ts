/**
 * What the window may ask of the shell, each call with the schema of its parameters: everything else is refused. Here a
 * name that the window gives becomes a path or a dialog; nothing but names goes back.
 */
import { clipboard, dialog, shell } from 'electron'
import type { BrowserWindow } from 'electron'
import path from 'node:path'
import { z } from 'zod'
import { limits, QuorumError } from '#protocol'
import type { Transfer } from '#protocol'
import { openable } from '../text/foreign.ts'
import type { EmbeddedNodeStatus, Preferences, MainCalls, StagedFile, StartInfo } from '../ipc/contract.ts'
import type { ReportFile } from './report-file.ts'
import type { ShellClient } from './peer-process.ts'
import { preferencesPatch } from './preferences.ts'
import type { PreferencesPatch } from './preferences.ts'
import type { StagedFiles } from './staged-files.ts'

const nothing = z.strictObject({})
const id = z.string().min(1).max(128)
const staged = z.array(z.uuid()).min(1).max(limits.page)

const schemas = {
  start: nothing,
  setPreferences: preferencesPatch,
  copy: z.strictObject({ text: z.string().max(limits.messageText) }),
  openLink: z.strictObject({ url: z.string().max(limits.messageText) }),
  runNode: nothing,
  endNode: nothing,
  chooseFiles: z.strictObject({ folder: z.boolean() }),
  unstage: z.strictObject({ staged }),
  sendFiles: z.strictObject({ peer: id, staged, note: z.string().max(limits.noteCharacters).optional() }),
  acceptTransfer: z.strictObject({ transfer: id, choose: z.boolean() }),
  chooseDownloads: nothing,
  showTransfer: z.strictObject({ transfer: id }),
  saveReport: nothing,
  showReport: nothing,
  erase: nothing,
  quit: nothing,
} satisfies Record<keyof MainCalls, z.ZodType>

export interface ShellParts {
  window: () => BrowserWindow
  /** Errors: `cancelled` while the peer's process is not there. */
  peer: () => ShellClient
  files: StagedFiles
  start: () => StartInfo
  setPreferences: (patch: PreferencesPatch) => Preferences
  /** Where files go when nobody says otherwise, a path. */
  downloads: () => string
  setDownloads: (folder: string) => void
  report: ReportFile
  runNode: () => EmbeddedNodeStatus
  endNode: () => Promise<EmbeddedNodeStatus>
  erase: () => Promise<void>
  quit: () => void
}

/** The calls by name. Errors of a call: `bad-request` for what does not fit, then its own. */
export function shellCalls(parts: ShellParts): (name: string, params: unknown) => Promise<unknown> {
  const { files } = parts
  const calls: { [K in keyof MainCalls]: (params: z.infer<(typeof schemas)[K]>) => ReturnType<MainCalls[K]> } = {
    start: async () => parts.start(),
    setPreferences: async (patch) => parts.setPreferences(patch),
    copy: async ({ text }) => {
      await clipboard.writeText(text)
      return null
    },
    openLink: async ({ url }) => {
      const link = openable(url)
      if (link === undefined) throw new QuorumError('bad-request', 'Only links to the web are opened')
      await shell.openExternal(link)
      return null
    },
    runNode: async () => parts.runNode(),
    endNode: () => parts.endNode(),
    chooseFiles: ({ folder }) => choose(parts, folder),
    unstage: async ({ staged }) => {
      files.drop(staged)
      return null
    },
    sendFiles: async ({ peer, staged, note }) =>
      named(await parts.peer().call('sendFiles', { peer, paths: files.take(staged), ...(note ? { note } : {}) })),
    acceptTransfer: async ({ transfer, choose }) => {
      const directory = choose ? await chooseFolder(parts) : parts.downloads()
      if (directory === undefined) return null
      return named(await parts.peer().call('acceptTransfer', { transfer, directory }))
    },
    chooseDownloads: async () => {
      const folder = await chooseFolder(parts)
      if (folder !== undefined) parts.setDownloads(folder)
      return path.basename(parts.downloads())
    },
    showTransfer: async ({ transfer }) => {
      const all = await parts.peer().call('transfers', {})
      const saved = all.find((one) => one.id === transfer)?.savedTo
      if (saved === undefined) throw new QuorumError('not-found', 'It is not on this disk')
      shell.showItemInFolder(saved)
      return null
    },
    saveReport: () => parts.report.save(parts.window()),
    showReport: async () => {
      parts.report.show()
      return null
    },
    erase: async () => {
      await parts.erase()
      return null
    },
    quit: async () => {
      parts.quit()
      return null
    },
  }
  return async (name, given) => {
    if (!isCall(name)) throw new QuorumError('bad-request', 'There is no such call')
    const parsed = schemas[name].safeParse(given ?? {})
    if (!parsed.success) throw new QuorumError('bad-request', `${name}: the parameters do not fit`)
    // The table pairs each name with its own parameters; the union over all names cannot be called.
    const serve = calls[name] as (params: unknown) => Promise<unknown>
    return serve(parsed.data)
  }
}

/** To put something into. */
async function chooseFolder({ window, downloads }: ShellParts): Promise<string | undefined> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window(), {
    defaultPath: downloads(),
    properties: ['openDirectory', 'createDirectory'],
  })
  return canceled ? undefined : filePaths[0]
}

async function choose({ window, files }: ShellParts, folder: boolean): Promise<StagedFile[]> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window(), {
    properties: [folder ? 'openDirectory' : 'openFile', 'multiSelections'],
  })
  return canceled ? [] : files.add(filePaths)
}

/** Of where something was saved, only the name. */
function named(transfer: Transfer): Transfer {
  const { savedTo } = transfer
  return savedTo === undefined ? transfer : { ...transfer, savedTo: path.basename(savedTo) }
}

function isCall(name: string): name is keyof typeof schemas {
  return Object.hasOwn(schemas, name)
}
