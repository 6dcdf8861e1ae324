/**
 * Refuses a Node that is too old, with a sentence. The library begins with this import: what follows may fail there in
 * ways that explain nothing. The build keeps to syntax that those versions can read.
 */
const needed = 24
// oxlint-disable-next-line no-restricted-globals -- a constant of the runtime, not how the program was started
const { version } = process

if (Number(/^v(\d+)/.exec(version)?.[1]) < needed) {
  throw new Error(
    `Quorum needs Node ${needed} or later; this is ${version}. On Linux and Windows npm has installed one beside ` +
      'Quorum: start the program with "npx node". Elsewhere, install it from https://nodejs.org.',
  )
}
