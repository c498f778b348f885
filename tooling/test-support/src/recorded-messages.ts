/** A logger that records its messages. Each line is a level and a message. */
export interface RecordingLogger {
  readonly lines: string[]
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** Returns a logger that records its messages. */
export function recordingLogger(): RecordingLogger {
  const lines: string[] = []
  const record = (level: string) => (message: string) => void lines.push(`${level} ${message}`)
  return {
    lines,
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
  }
}

/** A process warning of one of the packages. */
interface RecordedWarning {
  readonly code: string
  readonly message: string
}

/** Process warnings of the packages until `stop`. Node emits them one tick after the call. */
export interface RecordedWarnings {
  readonly all: RecordedWarning[]
  stop(): void
}

/** Starts to record the process warnings of the packages. */
export function recordWarnings(): RecordedWarnings {
  const all: RecordedWarning[] = []
  const listener = ({ name, message, ...rest }: Error): void => {
    const { code } = rest as { code?: string }
    if (name === 'VerbatimWarning') all.push({ code: code ?? '', message })
  }
  process.on('warning', listener)
  return { all, stop: () => void process.off('warning', listener) }
}
