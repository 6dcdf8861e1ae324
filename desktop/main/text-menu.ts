/**
 * The menu of a right click, of the menu key and of Shift F10 on text: in a field what edits it, elsewhere Copy for a
 * selection. It is a menu of the system, because only the main process may read the clipboard. What has a menu of its
 * own in the page (messages, friends, files) does not come here.
 */
import { Menu } from 'electron'
import type { BrowserWindow, ContextMenuParams, MenuItemConstructorOptions } from 'electron'
import type { Catalogue } from '../text/catalogue.ts'

type Asked = Pick<
  ContextMenuParams,
  'isEditable' | 'editFlags' | 'selectionText' | 'misspelledWord' | 'dictionarySuggestions'
>

/** Adds the menu to every text of the window. */
export function addTextMenu(window: BrowserWindow, text: () => Catalogue): void {
  const { webContents } = window
  webContents.on('context-menu', (_event, params) => {
    const items = textMenu(params, text(), (word) => webContents.replaceMisspelling(word))
    if (items.length > 0) Menu.buildFromTemplate(items).popup({ window })
  })
}

/** Empty where there is nothing to edit or to copy. */
function textMenu(
  { isEditable, editFlags, selectionText, misspelledWord, dictionarySuggestions }: Asked,
  { edit, common }: Catalogue,
  replace: (word: string) => void,
): MenuItemConstructorOptions[] {
  const copy: MenuItemConstructorOptions = { label: common.copy, role: 'copy', enabled: editFlags.canCopy }
  if (!isEditable) return selectionText === '' ? [] : [copy]
  const corrections = misspelledWord === '' ? [] : dictionarySuggestions
  return [
    ...corrections.map((word) => ({ label: word, click: () => replace(word) })),
    ...(corrections.length > 0 ? [{ type: 'separator' } as const] : []),
    { label: edit.cut, role: 'cut', enabled: editFlags.canCut },
    copy,
    { label: edit.paste, role: 'paste', enabled: editFlags.canPaste },
    { type: 'separator' },
    { label: edit.selectAll, role: 'selectAll', enabled: editFlags.canSelectAll },
  ]
}
