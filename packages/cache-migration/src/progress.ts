/** The progress of a run. */
export interface Progress {
  /** Number of keys that the run has handled so far. */
  readonly keys: number
  /** Number of all keys. An estimate if the source changes, `undefined` if it is not known. */
  readonly total: number | undefined
}

/** Gets the progress of a run, many times a second. An error that it throws is ignored. */
export type OnProgress = (progress: Progress) => void

/** Counts the keys of a run for an observer. */
export class ProgressCounter {
  /** Number of all keys, see {@link Progress.total}. */
  total: number | undefined
  readonly #onProgress: OnProgress | undefined
  #keys = 0

  constructor(onProgress: OnProgress | undefined) {
    this.#onProgress = onProgress
  }

  /** Adds keys that the run has handled. */
  add(keys: number): void {
    this.#keys += keys
    try {
      this.#onProgress?.({ keys: this.#keys, total: this.total })
    } catch {
      // An observer must not fail the run.
    }
  }
}
