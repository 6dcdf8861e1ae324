/**
 * Which file may import which (ARCHITECTURE.md, "Import direction"), as a rule of the linter. Top-level folders meet at
 * `#protocol` and the other doors of package.json; the processes of desktop/ meet at its contract; inside protocol/
 * imports point down the list of rooms below. Imports of packages and cycles are checked by other rules.
 */
import path from 'node:path'

/** Top-level folders that import nothing of each other but through a door. Tests may import everything. */
const folders = ['protocol', 'node', 'scripts', 'desktop']

/**
 * The rooms of protocol/, top to bottom: a file imports from its own room and from rooms below it. Rooms that share a
 * floor never import each other. Files that are in no room compose the rooms: they stand above all of them.
 */
const floors = [
  ['friend', 'chat', 'file'],
  ['paths', 'directory'],
  ['net'],
  ['identity'],
  ['api'],
  ['store'],
  ['wire'],
  ['address'],
  ['base'],
]
/** Two halves that never import each other, so that a reader of one need not open the other. */
const apart = [
  ['protocol/file/send', 'protocol/file/receive'],
  // What people run needs nothing of what developers run, which is not published.
  ['scripts/cli', 'scripts/dev'],
]

/** Each part of desktop/ is another process, or lives in several: what it may import of the others. */
const parts = /** @type {Record<string, readonly string[]>} */ ({
  main: ['ipc', 'text'],
  peer: ['ipc'],
  preload: ['ipc'],
  renderer: ['ipc', 'text'],
  ipc: [],
  text: [],
})
/** They run in the page too, where there is neither Node nor the library: of other rooms they know types only. */
const inPage = ['renderer', 'preload', 'ipc', 'text']
/** Doors to modules that run in the page too. So that nothing of Node follows them, these import types only. */
const pureDoors = /** @type {Record<string, string>} */ ({ '#advice': 'protocol/api/advice.ts' })

/**
 * Why `importer` may not import `specifier`, or undefined. Paths are relative to the root, with slashes. `types`: nothing
 * is left of the import when the program runs.
 * @param {string} importer @param {string} specifier @param {{ types?: boolean }} [how]
 */
export function refusal(importer, specifier, { types = false } = {}) {
  const folder = folderOf(importer)
  if (folder === undefined) return undefined
  if (!types && Object.values(pureDoors).includes(importer))
    return `${importer} runs in the page: it imports types only`
  const part = partOf(importer)
  if (
    part !== undefined &&
    inPage.includes(part) &&
    !types &&
    /^(#|node:)/.test(specifier) &&
    !(specifier in pureDoors)
  ) {
    return `desktop/${part} runs in the page: of ${specifier} it may import types only`
  }
  if (specifier.startsWith('#')) {
    return folder === 'protocol' ? `protocol is behind ${specifier}: import the file itself` : undefined
  }
  if (!specifier.startsWith('.')) return undefined
  const target = path.posix.join(path.posix.dirname(importer), specifier)
  const targetFolder = folderOf(target)
  if (targetFolder !== folder) {
    if (targetFolder === undefined) return target.includes('/') ? `${target} is outside ${folder}/` : undefined
    // The bench measures parts that programs do not see; like a test it may look behind the door.
    if (targetFolder === 'protocol' && importer.startsWith('scripts/dev/bench/')) return undefined
    return targetFolder === 'protocol' ? 'import #protocol' : `${folder}/ never imports ${targetFolder}/`
  }
  const targetPart = partOf(target)
  if (part !== undefined && targetPart !== undefined && part !== targetPart && !parts[part]?.includes(targetPart)) {
    return `desktop/${part} never imports desktop/${targetPart}`
  }
  for (const [a = '', b = ''] of [...apart, ...apart.map(([a, b]) => [b, a])]) {
    if (importer.startsWith(`${a}/`) && target.startsWith(`${b}/`)) return `${a} and ${b} never import each other`
  }
  if (folder !== 'protocol') return undefined
  const [from, to] = [roomOf(importer), roomOf(target)]
  if (from === undefined || from === to) return undefined
  if (to === undefined) return `${target} composes the rooms: it stands above ${from}`
  const [high, low] = [floorOf(from), floorOf(to)]
  if (high > low) return `${to} stands above ${from}`
  return high === low ? `${from} and ${to} never import each other` : undefined
}

/**
 * Why `file` itself is refused, or undefined: a folder of protocol/ that is in no list has no place.
 * @param {string} file
 */
export function misplaced(file) {
  const room = folderOf(file) === 'protocol' ? roomOf(file) : undefined
  if (room === undefined || floorOf(room) >= 0) return undefined
  return `protocol/${room} is on no floor: give it one in scripts/dev/import-rules.mjs`
}

/** @param {string} file */
function folderOf(file) {
  return folders.find((folder) => file.startsWith(`${folder}/`))
}

/** @param {string} file */
function partOf(file) {
  return Object.keys(parts).find((part) => file.startsWith(`desktop/${part}/`))
}

/**
 * The room of a file of protocol/; undefined for one that stands directly in it.
 * @param {string} file
 */
function roomOf(file) {
  return /^protocol\/([^/]+)\//.exec(file)?.[1]
}

/** @param {string} room */
function floorOf(room) {
  return floors.findIndex((floor) => floor.includes(room))
}
/** The plugin, as the linter loads it: the one default export, because that is its contract. */
export default {
  meta: { name: 'quorum' },
  rules: {
    'import-direction': {
      create(/** @type {{ cwd: string, filename: string, report(at: object): void }} */ context) {
        const file = path.relative(context.cwd, context.filename).split(path.sep).join('/')
        const visit = (
          /** @type {{ source?: { value?: unknown } | null, importKind?: string, exportKind?: string }} */ node,
        ) => {
          const specifier = node.source?.value
          const types = node.importKind === 'type' || node.exportKind === 'type'
          const message = typeof specifier === 'string' ? refusal(file, specifier, { types }) : undefined
          if (message !== undefined) context.report({ node: node.source, message })
        }
        return {
          Program(/** @type {object} */ node) {
            const message = misplaced(file)
            if (message !== undefined) context.report({ node, message })
          },
          ImportDeclaration: visit,
          ExportNamedDeclaration: visit,
          ExportAllDeclaration: visit,
          ImportExpression: visit,
          TSImportType: visit,
        }
      },
    },
  },
}
