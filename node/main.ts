/**
 * Where `quorum-node` begins: settings of the runtime that come too late once the program is loaded, then the program
 * (program.ts). It knows nothing of nodes.
 */
import v8 from 'node:v8'

// The bytes a relay carries are outside V8's heap, and their memory is freed when its young generation is collected.
// Loading the program alone makes that grow to 32 MB, after which some 80 MB of carried bytes wait for every collection;
// kept small it is collected often, which costs next to nothing because hardly anything in it is still in use.
v8.setFlagsFromString('--semi-space-growth-factor=1')

const { main } = await import('./program.ts')
main()
