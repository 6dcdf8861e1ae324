/**
 * What a person should know about a file that is offered before they open it: by its name alone, nothing is looked
 * into. No list of endings is complete, so what is not warned about is not said to be safe. Threat 54.
 */
import type { FileRisk } from '../api/model.ts'
import { bounded, ignorable, trailing, withoutUnseen } from './safe-names.ts'

const words = (...lines: string[]): ReadonlySet<string> => new Set(lines.flatMap((line) => line.split(' ')))

/**
 * What a double click may run, or what sets up how things are run or shown, by extension. Guided by what mail programs
 * block. Not here: documents with macros and web pages, which people send each other daily and whose programs ask or
 * fence them in themselves; libraries, which run with a program that is in the list.
 */
const programs = words(
  // Windows: programs, scripts, installers, settings.
  'exe com scr pif cpl bat cmd ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psm1 msh msh1 msh2 vb vbe vbs js jse ws wsc wsf wsh',
  'sct shb shs hta chm hlp msc msi msp mst msix msixbundle appx appxbundle appinstaller application xbap xll gadget jar',
  'jnlp inf ins isp reg diagcab theme themepack deskthemepack vsto ahk au3',
  // macOS: bundles, scripts, installers, profiles.
  'app command tool terminal action workflow wflow scpt scptd applescript osax prefpane saver qlgenerator pkg mpkg',
  'mobileconfig',
  // Linux: scripts, packages.
  'service sh bash zsh ksh csh tcsh fish run appimage deb rpm snap flatpak flatpakref flatpakrepo',
  // Interpreters that register themselves, packages of phones, extensions of browsers and editors.
  'py pyc pyw pyz pyzw pl rb tcl apk xapk xpi crx vsix',
  // Disk images: a double click mounts them, and what is inside no longer counts as received.
  'iso img dmg sparseimage vhd vhdx',
)
const launchers = words(
  'lnk url website scf rdp appref-ms settingcontent-ms library-ms search-ms searchconnector-ms',
  'inetloc fileloc webloc afploc ftploc vncloc desktop kdelnk',
)
/** Folders that macOS opens as one thing, and runs. */
const bundles = words('app workflow action pkg mpkg prefpane saver')
/** Whole names that set up the folder they are in. `autorun.inf` is among the extensions. */
const configuring = new Set(['desktop.ini', '.directory'])
/** The class that Windows opens it with: it hides this kind of extension even from those who want to see them. */
const classExtension = /^\{[\da-f-]{36}\}$/u

/** What a program pretends to be: the rest of its name ends like a document, numbers and filling aside. */
const document = new RegExp(
  String.raw`\.(?:${[
    'jpe?g|jfif|png|gif|webp|heic|heif|avif|bmp|tiff?|svg|ico|psd|raw|dng',
    'mp[234]|m4[av]|mov|avi|mkv|webm|wmv|mpe?g|3gp|wav|flac|ogg|opus|aac|wma|midi?',
    'pdf|docx?|docm|dotx?|xlsx?|xlsm|xlsb|pptx?|pptm|ppsx?|od[tsp]|rtf|txt|md|csv|tsv|log|epub|mobi|pages|numbers|key',
    'html?|xml|json|eml|msg|ics|vcf|zip|rar|7z|t?gz|bz2|xz|zst|tar',
  ].join('|')})[\s\u2800._()\d-]*$`,
  'u',
)
/** Blanks in a row that push what follows out of sight. */
const blanks = /[\s\u2800]{4}/u
/** Nothing in it can hide anything. */
const plain = /^[\w !#$%&'()+,;=@[\]^`{}~./-]*$/

/** Of a relative path as its sender offers it, which still has what was hidden in it; undefined when there is nothing. */
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
  const looked = bounded(name)
  const isPlain = plain.test(looked)
  const hidden = !isPlain && withoutUnseen(looked) !== looked
  const folded = (isPlain ? looked : looked.normalize('NFKC').replace(ignorable, '')).toLowerCase()
  // As Windows sees it: what stands behind a colon is not the name, and what it does not count at the end is not there.
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
