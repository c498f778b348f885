/** What a test and the proxy's process say to each other, over the child's IPC channel. */

export type Direction = 'up' | 'down' | 'both'

export interface DelayOptions {
  readonly milliseconds: number
  /** Up to so many milliseconds are added at random. The order stays. */
  readonly jitter?: number
  /** `up` is from the client to the server. */
  readonly direction?: Direction
}

export interface SliceOptions {
  readonly bytes: number
  /**
   * Between two pieces; 1 by default. Without a pause a reader finds several pieces at once, for it
   * is not quicker to read than the proxy is to write.
   */
  readonly pauseMilliseconds?: number
}

export interface CorruptOptions {
  /** Of replies and messages, from 0 to 1. */
  readonly share: number
  /**
   * One bit is flipped, one byte is another, one digit of a length or number is another, the end is
   * missing, or a reply of nothing stands in between.
   */
  readonly how: 'bit' | 'byte' | 'digit' | 'cut' | 'insert'
  readonly seed: number
}

export interface CommandPattern {
  /** A name, or a name and more words: `GET`, `CLIENT TRACKING`. Any command without it. */
  readonly command?: string
  /** The whole key, as the server sees it. Of several keys one has to be it. */
  readonly key?: string
}

export interface HoldOptions extends CommandPattern {
  /** Which of the matching commands that come from now on, by all connections; 1 by default. */
  readonly nth?: number
}

export interface AnswerOptions extends CommandPattern {
  /** As Redis sends it, without the leading `-`. */
  readonly error: string
  /** How many commands; all until healed by default. */
  readonly count?: number
}

interface PushPattern {
  /** `__redis__:invalidate` by default; RESP3's `invalidate` counts as that. */
  readonly channel?: string
}

export interface DropPushOptions extends PushPattern {
  /** How many pushes; all until healed by default. */
  readonly count?: number
}

export interface DelayPushOptions extends PushPattern {
  readonly milliseconds: number
}

export interface Counts {
  readonly connections: {
    readonly accepted: number
    /** Those that the client has not ended. */
    readonly open: number
    /** Those that the proxy has open to the server. */
    readonly toServer: number
  }
  /** By name in capitals: each command that came, answered by whomever. */
  readonly commands: Readonly<Record<string, number>>
  readonly pushes: { readonly passed: number; readonly dropped: number }
  /** Passed on to the server, and to the clients. */
  readonly bytes: { readonly up: number; readonly down: number }
}

/** What the process can be told to do. */
export interface Orders {
  pass(): Promise<void>
  delay(options: DelayOptions): void
  limitBandwidth(options: { readonly bytesPerSecond: number }): void
  blackHole(options: { readonly direction: Direction; readonly meanwhile: 'lost' | 'held' }): void
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
  | { readonly kind: 'seen'; readonly hold: number }
