/**
 * Entry point of `quorum-node`: runtime settings that have no effect once the program is loaded, then the program
 * (program.ts).
 */
import { holdYoungGeneration, letHeapGrow } from '#heap-growth'

holdYoungGeneration()
const { main } = await import('./program.ts')
letHeapGrow()
main()
