/** What the window calls a transfer: by its file or folder, or by the first of several. */
import type { Transfer } from '#protocol'
import type { Catalogue } from '../../text/catalogue.ts'
import { cleanLine } from '../../text/foreign.ts'

type Named = Pick<Transfer, 'name' | 'count' | 'roots' | 'files'>

/** Foreign text. `longest`: characters of the name. */
export function titleOf(transfer: Named, { files }: Catalogue, longest = 200): string {
  const name = cleanLine(transfer.name, longest)
  return isSeveral(transfer) ? `${name} ${files.andMore(transfer.count - 1)}` : name
}

export function isFolder({ files, roots, name }: Omit<Named, 'count'>): boolean {
  return roots === 1 && files[0]?.path.startsWith(`${name}/`) === true
}

/** More than one file, which are no folder: they are saved in one together. */
export function isSeveral(transfer: Named): boolean {
  return transfer.count > 1 && !isFolder(transfer)
}
