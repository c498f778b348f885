// The messages between a test and the process of the proxy, over the IPC channel of the process.

/** `up` is from the client to the server. */
export type Direction = 'up' | 'down' | 'both'

export interface DelayOptions {
  readonly milliseconds: number
  /** Upper limit of a random additional delay, in milliseconds. The order of bytes stays. Default: 0. */
  readonly jitter?: number
  /** Default: `both`. */
  readonly direction?: Direction
}

export interface SliceOptions {
  readonly bytes: number
  /**
   * Pause between two pieces. Default: 1. Without a pause, a reader receives several pieces at once,
   * because it does not read faster than the proxy writes.
   */
  readonly pauseMilliseconds?: number
}

export interface CorruptOptions {
  /** Share of the replies and messages, from 0 to 1. */
  readonly share: number
  /**
   * The change: a flipped bit, another byte, another digit of a length or number, a missing end, or an
   * additional empty reply.
   */
  readonly how: 'bit' | 'byte' | 'digit' | 'cut' | 'insert'
  readonly seed: number
}

export interface CommandPattern {
  /** A command, or a command with its first arguments: `GET`, `CLIENT TRACKING`. Default: any command. */
  readonly command?: string
  /** The complete key in Redis. A command with several keys matches if one of them is equal. */
  readonly key?: string
}

export interface HoldOptions extends CommandPattern {
  /** Position among the next matching commands of all connections. Default: 1. */
  readonly nth?: number
}

export interface AnswerOptions extends CommandPattern {
  /** Text of the error reply, without the leading `-`. */
  readonly error: string
  /** Number of commands. Default: all until `pass()`. */
  readonly count?: number
}

interface PushPattern {
  /** Default: `__redis__:invalidate`, which includes the `invalidate` messages of RESP3. */
  readonly channel?: string
}

export interface DropPushOptions extends PushPattern {
  /** Number of pushes. Default: all until `pass()`. */
  readonly count?: number
}

export interface DelayPushOptions extends PushPattern {
  readonly milliseconds: number
}

export interface Counts {
  readonly connections: {
    readonly accepted: number
    /** Connections that the client has not ended. */
    readonly open: number
    /** Open connections of the proxy to the server. */
    readonly toServer: number
  }
  /** Number of received commands by name in capitals, including those that the proxy answered. */
  readonly commands: Readonly<Record<string, number>>
  readonly pushes: { readonly passed: number; readonly dropped: number }
  /** Bytes that were sent to the server, and to the clients. */
  readonly bytes: { readonly up: number; readonly down: number }
}

/** The requests that a test can send to the process. */
export interface Orders {
  pass(): Promise<void>
  delay(options: DelayOptions): void
  limitBandwidth(options: { readonly bytesPerSecond: number }): void
  blackHole(options: { readonly direction: Direction; readonly bytes: 'lost' | 'delayed' }): void
  acceptButNeverAnswer(): void
  refuse(): void
  cut(): void
  slice(options: SliceOptions): void
  corruptReplies(options: CorruptOptions): void
  cutAfter(options: { readonly bytes: number }): void
  holdReply(options: HoldOptions & { readonly hold: number }): void
  holdCommand(options: HoldOptions & { readonly hold: number }): void
  release(options: { readonly hold: number }): void
  dropPushes(options: DropPushOptions): void
  delayPushes(options: DelayPushOptions): void
  answerWithError(options: AnswerOptions): void
  counts(): Counts
}

export interface Order {
  readonly id: number
  readonly name: keyof Orders
  readonly options: unknown
}

export type Report =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'done'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
  | { readonly kind: 'reached'; readonly hold: number }
