/**
 * Which file may import which (ARCHITECTURE.md, "Import direction"), as a rule of the linter. Rooms meet at `#protocol`
 * only; inside protocol/ imports point down the table below. A file of protocol/ that is in no layer is refused too:
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

const places = layers.flatMap((layer, depth) =>
  layer.flatMap((entry) =>
    [entry].flat().map((name) => ({ name, depth, group: Array.isArray(entry) ? entry : layer })),
  ),
)

/**
 * Why `importer` may not import `specifier`, or undefined. Paths are relative to the root, with slashes.
 * @param {string} importer @param {string} specifier
 */
export function refusal(importer, specifier) {
  const room = roomOf(importer)
  if (room === undefined) return undefined
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
        const visit = (/** @type {{ source?: { value?: unknown } | null }} */ node) => {
          const specifier = node.source?.value
          const message = typeof specifier === 'string' ? refusal(file, specifier) : undefined
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
