/**
 * The calls of the window to the main process, each with the schema of its parameters; everything else is refused. Ids
 * from the window become paths here, and some calls show a dialog. Those that the person confirms are in
 * confirmed-calls.ts. Results contain names, never paths.
 */
import { clipboard, dialog, shell } from 'electron'
import type { BrowserWindow } from 'electron'
import path from 'node:path'
import { z } from 'zod'
import { callParams, limits, QuorumError } from '#protocol'
import type { Transfer } from '#protocol'
import { passphraseChanges } from '../ipc/contract.ts'
import type { EmbeddedNodeStatus, MainCalls, StagedFile, StartInfo } from '../ipc/contract.ts'
import { chooseBackup, chooseBackupFolder, chooseRestore } from './backup-choice.ts'
import { confirmedCalls } from './confirmed-calls.ts'
import type { ConfirmedCallsSetup } from './confirmed-calls.ts'
import type { ReportFile } from './report-file.ts'
import { preferencesPatch } from './preferences.ts'
import type { PastedPictures } from './pasted-pictures.ts'
import type { StagedFiles } from './staged-files.ts'

const nothing = z.strictObject({})
const id = z.string().min(1).max(128)
const staged = z.array(z.uuid()).min(1).max(limits.page)

const schemas = {
  start: nothing,
  setPreferences: preferencesPatch,
  setPrivacy: callParams.setPrivacy,
  confirmPassphrase: z.strictObject({ change: z.enum(passphraseChanges) }),
  verifyFriend: callParams.verifyFriend,
  addNode: callParams.addNode,
  copy: z.strictObject({ text: z.string().max(limits.messageText) }),
  openLink: z.strictObject({ url: z.string().max(limits.messageText) }),
  runNode: nothing,
  endNode: nothing,
  chooseFiles: z.strictObject({ folder: z.boolean() }),
  unstage: z.strictObject({ staged }),
  keepStaged: z.strictObject({ peer: id, staged: z.array(z.uuid()).max(limits.page) }),
  keptStaged: nothing,
  sendFiles: z.strictObject({ peer: id, staged, note: z.string().max(limits.noteCharacters).optional() }),
  acceptTransfer: z.strictObject({ transfer: id, choose: z.boolean() }),
  chooseDownloads: nothing,
  showTransfer: z.strictObject({ transfer: id }),
  saveReport: nothing,
  showReport: nothing,
  chooseBackup: nothing,
  chooseBackupFolder: nothing,
  chooseRestore: nothing,
  erase: nothing,
  quit: nothing,
} satisfies Record<keyof MainCalls, z.ZodType>

export interface MainCallsSetup extends ConfirmedCallsSetup {
  window: () => BrowserWindow
  files: StagedFiles
  pasted: PastedPictures
  start: () => StartInfo
  /** The path of the folder for received files. */
  downloads: () => string
  setDownloads: (folder: string) => void
  report: ReportFile
  endNode: () => Promise<EmbeddedNodeStatus>
  quit: () => void
}

/** Runs calls by name. Errors: `bad-request` for an unknown name or invalid parameters, then those of the call. */
export function mainCalls(setup: MainCallsSetup): (name: string, params: unknown) => Promise<unknown> {
  const { files, pasted } = setup
  const calls: { [K in keyof MainCalls]: (params: z.infer<(typeof schemas)[K]>) => ReturnType<MainCalls[K]> } = {
    ...confirmedCalls(setup),
    start: async () => {
      // A new page has no drafts with files of an earlier one.
      pasted.discard(files.drop())
      return setup.start()
    },
    copy: async ({ text }) => {
      await clipboard.writeText(text)
      return null
    },
    endNode: () => setup.endNode(),
    chooseFiles: ({ folder }) => chooseFiles(setup, folder),
    unstage: async ({ staged }) => {
      pasted.discard(files.drop(staged))
      return null
    },
    keepStaged: async ({ peer, staged }) => {
      const paths = files.pathsOf(staged).filter((file) => !pasted.isDrafted(file))
      await setup.peer().call('setDraftFiles', { peer, paths: [...new Set(paths)] })
      return null
    },
    keptStaged: async () => {
      const kept = await setup.peer().call('draftFiles')
      return Promise.all(kept.map(async ({ peer, paths }) => ({ peer, staged: await files.add(paths) })))
    },
    sendFiles: async ({ peer, staged, note }) => {
      const paths = files.take(staged)
      try {
        return withoutPath(await setup.peer().call('sendFiles', { peer, paths, ...(note ? { note } : {}) }))
      } finally {
        await pasted.sent(paths)
      }
    },
    acceptTransfer: async ({ transfer, choose }) => {
      const directory = choose ? await chooseFolder(setup) : setup.downloads()
      if (directory === undefined) return null
      return withoutPath(await setup.peer().call('acceptTransfer', { transfer, directory }))
    },
    chooseDownloads: async () => {
      const folder = await chooseFolder(setup)
      if (folder !== undefined) setup.setDownloads(folder)
      return path.basename(setup.downloads())
    },
    showTransfer: async ({ transfer }) => {
      const { savedTo: saved } = await setup.peer().call('transfer', { transfer })
      if (saved === undefined) throw new QuorumError('not-found', 'The files of this transfer are not on this disk')
      shell.showItemInFolder(saved)
      return null
    },
    saveReport: () => setup.report.save(setup.window()),
    showReport: async () => {
      setup.report.show()
      return null
    },
    chooseBackup: () => chooseBackup(setup.window(), setup.peer()),
    chooseBackupFolder: () => chooseBackupFolder(setup.window(), setup.peer()),
    chooseRestore: () => chooseRestore(setup.window(), setup.peer()),
    quit: async () => {
      setup.quit()
      return null
    },
  }
  return async (name, given) => {
    if (!isCall(name)) throw new QuorumError('bad-request', 'There is no such call')
    const parsed = schemas[name].safeParse(given ?? {})
    if (!parsed.success) throw new QuorumError('bad-request', `${name}: the parameters are invalid`)
    // The schema of `name` has checked the parameters; TypeScript cannot call a union of all methods.
    const run = calls[name] as (params: unknown) => Promise<unknown>
    return run(parsed.data)
  }
}

/** Asks for a folder to save to. Undefined if the dialog was cancelled. */
async function chooseFolder({ window, downloads }: MainCallsSetup): Promise<string | undefined> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window(), {
    defaultPath: downloads(),
    properties: ['openDirectory', 'createDirectory'],
  })
  return canceled ? undefined : filePaths[0]
}

async function chooseFiles({ window, files }: MainCallsSetup, folder: boolean): Promise<StagedFile[]> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window(), {
    properties: [folder ? 'openDirectory' : 'openFile', 'multiSelections'],
  })
  return canceled ? [] : files.add(filePaths)
}

/** Reduces the path of received files to its last part. */
function withoutPath(transfer: Transfer): Transfer {
  const { savedTo } = transfer
  return savedTo === undefined ? transfer : { ...transfer, savedTo: path.basename(savedTo) }
}

function isCall(name: string): name is keyof typeof schemas {
  return Object.hasOwn(schemas, name)
}
