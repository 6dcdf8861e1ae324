/**
 * Rules for the linter. The second, `dials`, is at the end: nothing in protocol/ connects past the rules of
 * net/policy.ts. The first: which file may import which (ARCHITECTURE.md, "Import direction"). Top-level folders import
 * each other only through `#protocol` and the other doors, the `imports` of package.json. The processes of desktop/
 * share only its contract. Inside protocol/, imports point down the list of floors below. Other rules check packages
 * and cycles.
 */
import path from 'node:path'

/** Top-level folders, which import each other only through a door. Tests may import everything. */
const folders = ['protocol', 'node', 'scripts', 'desktop']

/**
 * The rooms (folders) of protocol/ by floor, from top to bottom. A file may import from its own room and from the rooms
 * below it. Rooms on the same floor never import each other. Files directly in protocol/ compose the rooms and are
 * above all of them.
 */
const floors = [
  ['friend', 'chat', 'file', 'group'],
  ['paths', 'directory', 'mailbox'],
  ['net'],
  ['identity'],
  ['api'],
  ['store'],
  ['wire'],
  ['address'],
  ['base'],
]
/** Pairs of folders that never import each other, so that each can be read without the other. */
const apart = [
  ['protocol/file/send', 'protocol/file/receive'],
  // The programs that people run need nothing from the developer tools, which are not published.
  ['scripts/cli', 'scripts/dev'],
]

/** Each part of desktop/ is a process of its own or is shared by several: the other parts that it may import. */
const parts = /** @type {Record<string, readonly string[]>} */ ({
  main: ['ipc', 'text'],
  peer: ['ipc'],
  preload: ['ipc'],
  renderer: ['ipc', 'text'],
  ipc: [],
  text: [],
})
/** Parts that run in the page, which has neither Node nor the library: they may import only types from there. */
const inPage = ['renderer', 'preload', 'ipc', 'text']
/**
 * Doors to pure files, which need neither Node nor the library, so the page may import their values. These files must
 * stay pure: they import values only from each other, and nothing from Node.
 * @type {Record<string, string>}
 */
const pureDoors = {
  '#foreign-text': 'protocol/base/foreign-text.ts',
  '#byte-size': 'protocol/base/byte-size.ts',
  '#limits': 'protocol/base/limits.ts',
  '#lookalike': 'protocol/identity/lookalike.ts',
  '#folded-text': 'protocol/base/folded-text.ts',
  '#advice': 'protocol/api/advice.ts',
  '#message-times': 'protocol/api/message-times.ts',
  '#missing-files': 'protocol/api/missing-files.ts',
}
/** The files behind these doors, and those that they share, which have no door of their own. */
const pureFiles = [...Object.values(pureDoors), 'protocol/base/units.ts']

/**
 * Returns why `importer` may not import `specifier`, or undefined if it may. Paths are relative to the root, with
 * slashes. `types`: the import is of types only, so nothing of it remains at run time.
 * @param {string} importer @param {string} specifier @param {{ types?: boolean }} [how]
 */
export function refusal(importer, specifier, { types = false } = {}) {
  const folder = folderOf(importer)
  if (folder === undefined) return undefined
  const part = partOf(importer)
  const needsNode = /^(#|node:)/.test(specifier) && !Object.hasOwn(pureDoors, specifier)
  if (part !== undefined && inPage.includes(part) && !types && needsNode) {
    return `desktop/${part} runs in the page: from ${specifier} it may import types only`
  }
  if (
    isPure(importer) &&
    !types &&
    (needsNode || (specifier.startsWith('.') && !isPure(resolve(importer, specifier))))
  ) {
    return `${importer} runs in the page: from ${specifier} it may import types only`
  }
  if (specifier.startsWith('#')) {
    return folder === 'protocol' ? `protocol is behind ${specifier}: import the file itself` : undefined
  }
  if (!specifier.startsWith('.')) return undefined
  const target = resolve(importer, specifier)
  const targetFolder = folderOf(target)
  if (targetFolder !== folder) {
    if (targetFolder === undefined) return target.includes('/') ? `${target} is outside ${folder}/` : undefined
    // The benchmark measures internal parts of the library. Like a test, it may import them without a door.
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
  if (to === undefined) return `${target} composes the rooms: it is above ${from}`
  const [high, low] = [floorOf(from), floorOf(to)]
  if (high > low) return `${to} is above ${from}`
  return high === low ? `${from} and ${to} never import each other` : undefined
}

/**
 * Returns why `file` itself is refused, or undefined if it is not: every folder of protocol/ must be on a floor.
 * @param {string} file
 */
export function misplaced(file) {
  const room = folderOf(file) === 'protocol' ? roomOf(file) : undefined
  if (room === undefined || floorOf(room) >= 0) return undefined
  return `protocol/${room} is on no floor: add it to one in scripts/dev/import-rules.mjs`
}

/** @param {string} importer @param {string} specifier */
function resolve(importer, specifier) {
  return path.posix.join(path.posix.dirname(importer), specifier)
}

/** @param {string} file */
function isPure(file) {
  return pureFiles.includes(file)
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
 * The room of a file of protocol/; undefined for a file directly in it.
 * @param {string} file
 */
function roomOf(file) {
  return /^protocol\/([^/]+)\//.exec(file)?.[1]
}

/** @param {string} room */
function floorOf(room) {
  return floors.findIndex((floor) => floor.includes(room))
}
/** They call the transports of libp2p, or what they are given to call. */
const dialers = ['protocol/net/direct-dial.ts', 'protocol/net/tcp/punch.ts', 'protocol/net/dial-race.ts']
/** @typedef {{ type?: string, name?: string, object?: Callee, property?: Callee }} Callee */
/** What asks the rules before it dials. */
const askingFirst = ['directDial', 'punch']
/** The only ones that may say that an address is from the person's own list of nodes. */
const ownNodes = [...dialers, 'protocol/net/policy.ts', 'protocol/directory/home-node.ts']

/**
 * Returns why `file` may not call `method` of `owner` to dial, or undefined if it may.
 * @param {string} file @param {string | undefined} owner @param {string | undefined} method
 */
export function dialRefusal(file, owner, method) {
  if (folderOf(file) !== 'protocol' || dialers.includes(file)) return undefined
  if (!['dial', 'dialProtocol', 'openConnection'].includes(method ?? '') || askingFirst.includes(owner ?? '')) {
    return undefined
  }
  return 'Dial by directDial.dial, which asks net/policy.ts who told the address'
}

/** The plugin as oxlint loads it. oxlint requires a default export; it is the only one in the project. */
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
    dials: {
      create(/** @type {{ cwd: string, filename: string, report(at: object): void }} */ context) {
        const file = path.relative(context.cwd, context.filename).split(path.sep).join('/')
        return {
          CallExpression(/** @type {{ callee: Callee }} */ { callee }) {
            const { object, property } = callee
            // An own method, as `this.#dial()`, asks in its turn.
            if (property?.type === 'PrivateIdentifier') return
            const message = dialRefusal(file, object?.property?.name ?? object?.name, property?.name)
            if (message !== undefined) context.report({ node: callee, message })
          },
          Literal(/** @type {{ value: unknown }} */ node) {
            if (node.value !== 'own-node' || folderOf(file) !== 'protocol' || ownNodes.includes(file)) return
            context.report({ node, message: 'Only directory/home-node.ts knows which nodes a person chose' })
          },
        }
      },
    },
  },
}
