import type { InfrastructureError } from '@verbatim/cache-core'

/** A change in flight that other calls may have to wait for. */
export class ChangeInFlight {
  /** Why Redis did not carry out the change; `undefined` while it has not failed. */
  error: InfrastructureError | undefined
  #hasEnded = false
  #waiting: (() => void)[] | undefined

  /** Resolves when the change has ended, with the error it ended with. */
  async ended(): Promise<InfrastructureError | undefined> {
    if (!this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#waiting ??= []
        this.#waiting.push(resolve)
      })
    }
    return this.error
  }

  end(): void {
    this.#hasEnded = true
    for (const resolve of this.#waiting ?? []) resolve()
  }
}

/**
 * Redis may refuse a conditional write, such as that of a loaded value. So a conditional write never
 * supersedes a write without a condition.
 */
export type OperationKind = 'read' | 'write' | 'conditional write'

/** A read or write of one key in flight. Pass it to {@link OperationsInFlight.end} when it has ended. */
export class KeyOperation extends ChangeInFlight {
  readonly key: string
  readonly kind: OperationKind
  /** Whether something newer has taken the place of this operation. */
  isSuperseded = false
  /** The change of this process that superseded this write. */
  supersededBy: ChangeInFlight | undefined
  /** Whether Redis has sent an invalidation of the key since the operation began. */
  wasInvalidated = false

  constructor(kind: OperationKind, key: string) {
    super()
    this.kind = kind
    this.key = key
  }
}

const NONE: readonly KeyOperation[] = []

/**
 * Keeps the operations in flight for a key in order, so that neither tier stores an old value over a
 * newer one:
 *
 * - A read whose reply arrives after a write began does not bring its value into memory.
 * - A read during which Redis invalidated the key does not either: the reply may be older.
 * - A write that took long to encode is not sent after a later write or delete.
 * - A conditional write is neither sent nor copied to memory after a write that may be newer.
 *
 * Only keys with an operation in flight are remembered.
 */
export class OperationsInFlight {
  /** One operation, or several in the order in which they began. Few keys have more than one. */
  readonly #operations = new Map<string, KeyOperation | Set<KeyOperation>>()

  begin(kind: OperationKind, key: string): KeyOperation {
    const operation = new KeyOperation(kind, key)
    const others = this.#operations.get(key)
    if (others === undefined) this.#operations.set(key, operation)
    else if (others instanceof KeyOperation) this.#operations.set(key, new Set([others, operation]))
    else others.add(operation)
    return operation
  }

  /**
   * Supersedes what must not be stored over a write that is about to be sent: all reads, and for a
   * write without a condition also all conditional writes and the writes that began earlier.
   *
   * @returns false when a later write was sent already. Then this write must not be sent. Its caller
   * waits until the later write has ended: until then the key may still hold its old value
   */
  claim(write: KeyOperation): boolean {
    if (write.isSuperseded) return false
    let isEarlier = true
    for (const operation of this.#of(write.key)) {
      if (operation === write) isEarlier = false
      else if (yieldsTo(operation, write) || (isEarlier && !isConditional(write)))
        supersede(operation, write)
    }
    return true
  }

  /**
   * Ends an operation; call it for every operation, whatever its outcome. The end of a write supersedes
   * reads and conditional writes again, because one that began after the write was sent may have seen
   * either value.
   */
  end(operation: KeyOperation): void {
    const { key, kind } = operation
    const operations = this.#operations.get(key)
    if (operations === operation) this.#operations.delete(key)
    else if (operations instanceof Set) {
      operations.delete(operation)
      if (operations.size === 0) this.#operations.delete(key)
    }
    if (kind === 'read') return
    for (const other of this.#of(key)) if (yieldsTo(other, operation)) supersede(other, operation)
    operation.end()
  }

  /** Supersedes the reads of a key that Redis has invalidated, and marks its operations in flight. */
  invalidated(key: string): void {
    for (const operation of this.#of(key)) {
      operation.wasInvalidated = true
      if (operation.kind === 'read') operation.isSuperseded = true
    }
  }

  /** Supersedes all operations of the keys that match: a change of these keys is about to be sent. */
  claimAll(matches: (key: string) => boolean, change: ChangeInFlight): void {
    for (const operation of this.#matching(matches)) supersede(operation, change)
  }

  /** Supersedes the reads of the keys that match. */
  supersedeReads(matches: (key: string) => boolean): void {
    for (const operation of this.#matching(matches)) {
      if (operation.kind === 'read') operation.isSuperseded = true
    }
  }

  *#matching(matches: (key: string) => boolean): Iterable<KeyOperation> {
    for (const key of this.#operations.keys()) if (matches(key)) yield* this.#of(key)
  }

  #of(key: string): Iterable<KeyOperation> {
    const operations = this.#operations.get(key)
    if (operations === undefined) return NONE
    return operations instanceof KeyOperation ? [operations] : operations
  }
}

/** Returns whether a write supersedes an operation, whichever of them began first. */
function yieldsTo(operation: KeyOperation, write: KeyOperation): boolean {
  return operation.kind === 'read' || (isConditional(operation) && !isConditional(write))
}

function isConditional({ kind }: KeyOperation): boolean {
  return kind === 'conditional write'
}

function supersede(operation: KeyOperation, change: ChangeInFlight): void {
  operation.isSuperseded = true
  operation.supersededBy = change
}
