/**
 * What a person should know about an offered file before they open it, by its name alone: no content is read. No list
 * of extensions is complete, so a file without a warning is not reported as safe. Threat 54.
 */
import type { FileRisk } from '../api/model.ts'
import { blank } from '../base/foreign-text.ts'
import { bounded, ignorable, trailing, withoutUnseen } from './safe-names.ts'

const words = (...lines: string[]): ReadonlySet<string> => new Set(lines.flatMap((line) => line.split(' ')))

/**
 * Files that a double click may run, or that configure how files are run or shown, by extension. Guided by what mail
 * programs block. Not here: documents with macros and web pages, which people send each other daily and whose programs
 * ask or isolate them; libraries, which run with a program that is in the list.
 */
const programs = words(
  // Windows: programs, scripts, installers, settings.
  'exe com scr pif cpl bat cmd ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psm1 msh msh1 msh2 vb vbe vbs js jse ws wsc wsf',
  'wsh sct shb shs hta chm hlp msc msi msp mst msix msixbundle appx appxbundle appinstaller application xbap xll',
  'gadget jar jnlp inf ins isp reg diagcab theme themepack deskthemepack vsto ahk au3',
  // macOS: bundles, scripts, installers, profiles.
  'app command tool terminal action workflow wflow scpt scptd applescript osax prefpane saver qlgenerator pkg mpkg',
  'mobileconfig',
  // Linux: scripts, packages.
  'service sh bash zsh ksh csh tcsh fish run appimage deb rpm snap flatpak flatpakref flatpakrepo',
  // Interpreters that register themselves, packages of phones, extensions of browsers and editors.
  'py pyc pyw pyz pyzw pl rb tcl apk xapk xpi crx vsix',
  // Disk images: a double click mounts them, and their contents are no longer marked as received.
  'iso img dmg sparseimage vhd vhdx',
)
const launchers = words(
  'lnk url website scf rdp appref-ms settingcontent-ms library-ms search-ms searchconnector-ms',
  'inetloc fileloc webloc afploc ftploc vncloc desktop kdelnk',
)
/** Folders that macOS treats as one item, and runs. */
const bundles = words('app workflow action pkg mpkg prefpane saver')
/** Whole names that configure the folder that they are in. `autorun.inf` is among the extensions. */
const configuring = new Set(['desktop.ini', '.directory'])
/** The class that Windows opens the file with: it hides such an extension even if extensions are shown. */
const classExtension = /^\{[\da-f-]{36}\}$/u

/** What a program pretends to be: the rest of its name ends like a document, apart from numbers and blanks. */
const document = new RegExp(
  String.raw`\.(?:${[
    'jpe?g|jfif|png|gif|webp|heic|heif|avif|bmp|tiff?|svg|ico|psd|raw|dng',
    'mp[234]|m4[av]|mov|avi|mkv|webm|wmv|mpe?g|3gp|wav|flac|ogg|opus|aac|wma|midi?',
    'pdf|docx?|docm|dotx?|xlsx?|xlsm|xlsb|pptx?|pptm|ppsx?|od[tsp]|rtf|txt|md|csv|tsv|log|epub|mobi|pages|numbers|key',
    'html?|xml|json|eml|msg|ics|vcf|zip|rar|7z|t?gz|bz2|xz|zst|tar',
  ].join('|')})[${blank}._()\d-]*$`,
  'u',
)
/** Consecutive blanks that push the rest out of sight. */
const blanks = new RegExp(`[${blank}]{4}`, 'u')
/** Nothing in such a name can hide anything. */
const plain = /^[\w !#$%&'()+,;=@[\]^`{}~./-]*$/

/** The risk of a relative path as its sender offers it, before it was made safe; undefined: none is known. */
export function riskOf(path: string): FileRisk | undefined {
  const end = path.endsWith('/') ? path.length - 1 : path.length
  const start = path.lastIndexOf('/', end - 1) + 1
  const isFolder = end < path.length
  const own = riskOfName(path.slice(start, end), isFolder)
  if (own !== undefined || start === 0) return own
  for (const part of path.slice(0, start - 1).split('/')) {
    const risk = riskOfName(part, true)
    if (risk !== undefined) return risk
  }
  return undefined
}

function riskOfName(name: string, isFolder: boolean): FileRisk | undefined {
  const processed = bounded(name)
  const isPlain = plain.test(processed)
  const hidden = !isPlain && withoutUnseen(processed) !== processed
  const folded = (isPlain ? processed : processed.normalize('NFKC').replace(ignorable, '')).toLowerCase()
  // As Windows reads it: what follows a colon is not part of the name, and it ignores dots and blanks at the end.
  const bare = folded.replace(/:.*$/su, '').replace(trailing, '')
  const dot = bare.lastIndexOf('.')
  if (dot === -1) return hidden ? 'hidden' : undefined
  const extension = bare.slice(dot + 1)
  if (classExtension.test(extension)) return 'disguised'
  const risk = isFolder ? (bundles.has(extension) ? 'program' : undefined) : riskOfExtension(extension, bare)
  if (risk === undefined) return hidden ? 'hidden' : undefined
  const stem = bare.slice(0, dot)
  return hidden || blanks.test(stem) || document.test(stem) ? 'disguised' : risk
}

function riskOfExtension(extension: string, name: string): 'program' | 'launcher' | undefined {
  if (programs.has(extension) || configuring.has(name)) return 'program'
  return launchers.has(extension) ? 'launcher' : undefined
}
