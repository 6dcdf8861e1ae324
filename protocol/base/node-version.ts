/**
 * Refuses a Node that is too old, with a sentence. The library begins with this import: what follows may fail there in
 * ways that explain nothing. The build keeps to syntax that those versions can read.
 */
const needed = 24

if (Number(process.versions.node.split('.')[0]) < needed) {
  throw new Error(`Quorum needs Node ${needed} or later; this is ${process.version}`)
}
