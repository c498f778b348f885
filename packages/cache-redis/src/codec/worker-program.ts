/**
 * The program of a codec thread: `codec-worker.ts` and all that it imports, in one text that the build
 * puts here. A file of its own would be left out by bundlers, and would have to be found by
 * `import.meta.url`, which CommonJS does not have.
 *
 * Empty in the sources, which start no threads.
 */
export const workerProgram: string = ''
