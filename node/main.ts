/**
 * Entry point of `quorum-node`: runtime settings that have no effect once the program is loaded, then the program
 * (program.ts).
 */
import v8 from 'node:v8'

// The bytes that a relay carries are outside V8's heap, and their memory is freed when its young generation is
// collected. Loading the program alone grows that generation to 32 MB; then some 80 MB of carried bytes accumulate
// between collections. A small young generation is collected often, at little cost, because hardly anything in it is in
// use.
v8.setFlagsFromString('--semi-space-growth-factor=1')

const { main } = await import('./program.ts')
main()
