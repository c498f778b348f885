/**
 * The program of a codec thread: `codec-worker.ts` with its imports, as one text that the build puts here. A
 * bundler would leave out a separate file, and CommonJS has no `import.meta.url` to find it.
 *
 * Empty in the sources, which start no threads.
 */
export const workerScript: string = ''
