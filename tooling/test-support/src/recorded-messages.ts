/** A logger that keeps what it receives, each message behind its level. */
export interface RecordingLogger {
  readonly lines: string[]
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

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

/** A warning of the process by one of the packages. */
interface RecordedWarning {
  readonly code: string
  readonly message: string
}

/** Warnings that the packages emit, from now on until `stop`. They come a tick after the call. */
export interface RecordedWarnings {
  readonly all: RecordedWarning[]
  stop(): void
}

export function recordWarnings(): RecordedWarnings {
  const all: RecordedWarning[] = []
  const listener = ({ name, message, ...rest }: Error): void => {
    const { code } = rest as { code?: string }
    if (name === 'VerbatimWarning') all.push({ code: code ?? '', message })
  }
  process.on('warning', listener)
  return { all, stop: () => void process.off('warning', listener) }
}
