/** How long calls took, in milliseconds. */
export class Latencies {
  readonly #all: number[] = []

  add(milliseconds: number): void {
    this.#all.push(milliseconds)
  }

  /** Returns a percentile by nearest rank; 0 without latencies. */
  percentile(percent: number): number {
    const sorted = this.#all.toSorted((one, other) => one - other)
    return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0
  }

  summary(): string {
    const [p50, p99, longest] = [50, 99, 100].map((percent) => this.percentile(percent).toFixed(2))
    return `${this.#all.length}: ${p50}, ${p99}, ${longest}`
  }
}
