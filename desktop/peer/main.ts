/**
 * Entry point of the peer process: runtime settings that have no effect once the program is loaded, then the program
 * (program.ts).
 */
import { holdYoungGeneration, letHeapGrow } from '#heap-growth'

holdYoungGeneration()
await import('./program.ts')
letHeapGrow()
