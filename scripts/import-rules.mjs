/**
 * Which file may import which (ARCHITECTURE.md, "Import direction"), as a rule of the linter. Rooms meet at `#protocol`
 * (and what package.json lists beside it) only; the processes of desktop/ meet at its contract; inside protocol/ imports
 * point down the table below. A file of protocol/ that is in no layer is refused too:
 * whoever adds one says where it stands. Imports of packages and cycles are other rules' business.
 */
import path from 'node:path'

/** Folders with a wall around them. Tests see through every wall. */
const rooms = ['protocol', 'node', 'scripts', 'desktop']

/**
 * The layers of protocol/, top to bottom: a file imports from its own layer and those below it. A name stands for the
 * file, for files that begin with it and a hyphen, and for the folder; of several that fit, the longest counts.
 * Names in brackets keep to themselves within their layer: they meet their neighbours above or below.
 * @type {(string | string[])[][]}
 */
const layers = [
  ['index'],
  ['peer', 'relay-node'],
  ['introductions'],
  [
    ['friend'],
    ['chat', 'conversation'],
    ['file'],
    ['directory', 'mail', 'neighbours', 'nodes', 'port-mapping', 'reachability', 'reversal'],
  ],
  ['paths', 'upgrade', 'network', 'connection-doctor'],
  ['policy'],
  ['identity', 'invite', 'sealing', 'safety-number', 'settings', 'store', 'node-addresses'],
  ['wire', 'net', 'rate', 'retry', 'log'],
  // What callers and stores see: contracts of types and schemas, without behaviour.
  ['api', 'events', 'store/store', 'directory-store'],
  ['errors', 'limits', 'version'],
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

const places = layers.flatMap((layer, depth) =>
  layer.flatMap((entry) =>
    [entry].flat().map((name) => ({ name, depth, group: Array.isArray(entry) ? entry : layer })),
  ),
)

/**
 * Why `importer` may not import `specifier`, or undefined. Paths are relative to the root, with slashes. `types`: nothing
 * is left of the import when the program runs.
 * @param {string} importer @param {string} specifier @param {{ types?: boolean }} [how]
 */
export function refusal(importer, specifier, { types = false } = {}) {
  const room = roomOf(importer)
  if (room === undefined) return undefined
  const part = partOf(importer)
  if (part !== undefined && inPage.includes(part) && !types && /^(#|node:)/.test(specifier)) {
    return `desktop/${part} runs in the page: of ${specifier} it may import types only`
  }
  if (specifier.startsWith('#')) {
    return room === 'protocol' ? `protocol is behind ${specifier}: import the file itself` : undefined
  }
  if (!specifier.startsWith('.')) return undefined
  const target = path.posix.join(path.posix.dirname(importer), specifier)
  const targetRoom = roomOf(target)
  if (targetRoom !== room) {
    if (targetRoom === undefined) return target.includes('/') ? `${target} is outside ${room}/` : undefined
    // The bench measures parts that programs do not see; like a test it may look behind the door.
    if (targetRoom === 'protocol' && importer.startsWith('scripts/bench/')) return undefined
    return targetRoom === 'protocol' ? 'import #protocol' : `${room}/ never imports ${targetRoom}/`
  }
  const targetPart = partOf(target)
  if (part !== undefined && targetPart !== undefined && part !== targetPart && !parts[part]?.includes(targetPart)) {
    return `desktop/${part} never imports desktop/${targetPart}`
  }
  if (room !== 'protocol') return undefined
  const [from, to] = [placeOf(importer), placeOf(target)]
  if (from === undefined || to === undefined || from.depth < to.depth) return undefined
  if (from.depth > to.depth) return `${to.name} stands above ${from.name}`
  if (from.group !== to.group) return `${from.name} and ${to.name} never import each other`
  return undefined
}

/**
 * Why `file` itself is refused, or undefined.
 * @param {string} file
 */
export function misplaced(file) {
  if (roomOf(file) !== 'protocol' || placeOf(file) !== undefined) return undefined
  return `${file} is in no layer of protocol/: give it one in scripts/import-rules.mjs`
}

/** @param {string} file */
function roomOf(file) {
  return rooms.find((room) => file.startsWith(`${room}/`))
}

/** @param {string} file */
function partOf(file) {
  return Object.keys(parts).find((part) => file.startsWith(`desktop/${part}/`))
}

/** @param {string} file */
function placeOf(file) {
  const bare = file.replace(/^protocol\//, '').replace(/(\.d)?\.[a-z]+$/, '')
  const fitting = places.filter(
    ({ name }) => bare === name || bare.startsWith(`${name}-`) || bare.startsWith(`${name}/`),
  )
  return fitting.toSorted((a, b) => b.name.length - a.name.length)[0]
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
