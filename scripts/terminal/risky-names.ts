/**
 * Which file names a person should hear a warning about before they accept: what runs when it is opened, and what
 * pretends not to. Names only: nothing is looked into. Threats.md 54; no list of endings is complete, so what is not
 * warned about is not said to be safe.
 */
import { cleanLine } from './sanitize.ts'

export type Risk =
  /** A program or script: opening it runs it. */
  | 'program'
  /** Opening it starts something else, which its name and icon hide. */
  | 'launcher'
  /** It looks like a document, and is one of the two. */
  | 'disguised'
  /** Its name has characters that are not seen, or that change the order of the others. */
  | 'hidden'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

const programs = words(
  'exe com scr pif bat cmd msi msp msix appx appxbundle ps1 psm1 vb vbs vbe js jse ws wsf wsh hta cpl jar jnlp reg ' +
    'gadget application pkg mpkg command tool scpt scptd applescript sh bash run appimage flatpakref snap deb rpm apk ' +
    'py pyw docm dotm xlsm xltm pptm potm ppsm xll',
)
const launchers = words(
  'desktop lnk url website webloc inetloc fileloc scf library-ms search-ms settingcontent-ms appref-ms diagcab ' +
    'mobileconfig',
)
/** Folders that open as one thing, and run: macOS. */
const folders = words('app workflow action pkg mpkg prefpane saver')
const documents = words(
  'jpg jpeg png gif webp heic bmp tif tiff svg pdf doc docx odt rtf txt md csv xls xlsx ods ppt pptx odp epub mp3 m4a ' +
    'ogg flac wav mp4 mov mkv avi webm zip rar 7z tar gz html htm eml',
)

/** What is risky about one path of an offer, if anything is. */
export function riskOf(path: string): Risk | undefined {
  const parts = path.split('/')
  const risks = parts.map((part, index) => riskOfName(part, index < parts.length - 1))
  return risks.find((risk) => risk !== undefined)
}

function riskOfName(raw: string, folder: boolean): Risk | undefined {
  const clean = cleanLine(raw)
  const hidden = raw.replaceAll(/\s+/gu, ' ').trim() !== clean
  // Windows drops dots and spaces at the end, and what follows a colon is not the name.
  const name = clean.replace(/:.*$/u, '').replace(/[. ]+$/u, '')
  const [last = '', before = ''] = endingsOf(name)
  const risk = folder ? (folders.has(last) ? 'program' : undefined) : riskOfEnding(last)
  if (risk === undefined) return hidden ? 'hidden' : undefined
  return hidden || documents.has(before) ? 'disguised' : risk
}

/** Without dots, the last first. */
function endingsOf(name: string): string[] {
  const [, ...endings] = name.toLowerCase().split('.')
  return endings.map((ending) => ending.trim()).toReversed()
}

function riskOfEnding(ending: string): 'program' | 'launcher' | undefined {
  if (programs.has(ending)) return 'program'
  return launchers.has(ending) ? 'launcher' : undefined
}

/** One plain sentence about the first and worst of `paths`; undefined when there is nothing to say. `label`: who. */
export function warningAbout(paths: readonly string[], label: string): string | undefined {
  const found = paths.flatMap((path) => {
    const risk = riskOf(path)
    return risk === undefined ? [] : [{ risk, name: cleanLine(path.split('/').findLast((part) => part !== '') ?? '') }]
  })
  const order: Risk[] = ['disguised', 'hidden', 'launcher', 'program']
  const [worst] = found.toSorted((a, b) => order.indexOf(a.risk) - order.indexOf(b.risk))
  if (worst === undefined) return undefined
  const others = found.length > 1 ? ` (and ${found.length - 1} more like it)` : ''
  return `“${worst.name}”${others} ${sentence[worst.risk]} Open it only if you know why ${label} sends it.`
}

const sentence = {
  program: 'is a program: opening it runs it.',
  launcher: 'starts something else when it is opened.',
  disguised: 'pretends to be a document: opening it runs it.',
  hidden: 'has hidden characters in its name: it may not be what it looks like.',
} as const satisfies Record<Risk, string>
