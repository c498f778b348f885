/** `'critical'`: the connection is not secure. `'warning'`: it should be better. `'info'`: good to know. */
export type FindingSeverity = 'critical' | 'warning' | 'info'

/** One result of a check of a connection. */
export interface SecurityFinding {
  /** A stable name to branch on, such as `'PLAIN_TEXT'`. */
  readonly id: string
  readonly severity: FindingSeverity
  /** The host and port of the server. */
  readonly server: string
  /** The fact, without secrets. */
  readonly observation: string
  /** The change that removes the finding. */
  readonly remedy: string
}

/** The certificate that a server showed. */
export interface PeerCertificateSummary {
  readonly subject: string
  readonly issuer: string
  /** In the form of ISO 8601. */
  readonly validFrom: string
  readonly validTo: string
  /** Days until it expires, rounded down; negative for an expired one. */
  readonly daysLeft: number
  /** Whether it names the host of the server, or `serverName`. */
  readonly matchesName: boolean
}

/** Facts about the connection to one server. */
export interface ServerSecurity {
  /** The host and port of the server, or the path of its socket. */
  readonly server: string
  readonly role: 'server' | 'sentinel'
  /** `'loopback'` and `'socket'` do not leave this machine. */
  readonly transport: 'tls' | 'plain text' | 'loopback' | 'socket'
  /** The negotiated version, such as `'TLSv1.3'`; absent without TLS. */
  readonly tlsVersion?: string
  /** The name of the cipher suite in OpenSSL. */
  readonly cipherSuite?: string
  readonly certificate?: PeerCertificateSummary
  /** The user that Redis reports; absent if the user may not ask. */
  readonly user?: string
  /** Commands that the user may run, although a cache does not need them; absent if Redis does not say. */
  readonly dangerousCommands?: readonly string[]
}

/** The result of `validateSecurity`. Plain data. */
export interface SecurityValidationResult {
  /** Whether nothing critical was found, and the score is at least 70. */
  readonly isSecure: boolean
  /** 100, less 40 for each id of a critical finding and 10 for each id of a warning; at least 0. */
  readonly score: number
  readonly findings: readonly SecurityFinding[]
  readonly servers: readonly ServerSecurity[]
  /** When the checks ended, in the form of ISO 8601. */
  readonly checkedAt: string
}

/** The settings and the last judgement of a connection. */
export interface SecurityStatus {
  /** The level that the settings ask for; see `SecurityConfig.securityLevel`. */
  readonly securityLevel: 'HIGH' | 'MEDIUM' | 'LOW'
  readonly hasAuthentication: boolean
  readonly tlsEnabled: boolean
  readonly certificateVerification: boolean
  /** The result of the last validation; absent before the first one. */
  readonly lastValidation?: SecurityValidationResult
}

const COSTS: Readonly<Record<FindingSeverity, number>> = { critical: 40, warning: 10, info: 0 }
const SECURE_FROM = 70
const ORDER: readonly FindingSeverity[] = ['critical', 'warning', 'info']

/** Rates findings, the worst ones first. */
export function rate(
  findings: readonly SecurityFinding[],
  servers: readonly ServerSecurity[],
): SecurityValidationResult {
  const sorted = findings.toSorted(
    (one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity),
  )
  // Several servers with the same fault are one fault of the settings.
  const costs = new Map(sorted.map(({ id, severity }) => [id, COSTS[severity]]))
  const score = Math.max(
    0,
    [...costs.values()].reduce((left, cost) => left - cost, 100),
  )
  const isCritical = sorted.some(({ severity }) => severity === 'critical')
  return {
    ...{ isSecure: !isCritical && score >= SECURE_FROM, score, findings: sorted, servers },
    checkedAt: new Date().toISOString(),
  }
}

/** Composes a result as text for people. */
export function describeResult(result: SecurityValidationResult): string {
  const { isSecure, score, servers, findings } = result
  const lines = [`${isSecure ? 'SECURE' : 'INSECURE'}, score ${score} of 100`, '']
  for (const each of servers) lines.push(...describeServer(each))
  for (const { severity, id, server, observation, remedy } of findings) {
    lines.push('', `${severity.toUpperCase()} ${id} at ${server}`, `  ${observation}`)
    lines.push(`  Remedy: ${remedy}`)
  }
  return `${lines.join('\n')}\n`
}

function describeServer(each: ServerSecurity): string[] {
  const { certificate } = each
  const facts = [each.transport, each.tlsVersion, each.cipherSuite].filter(Boolean).join(', ')
  const user = each.user === undefined ? '' : `, user ${each.user}`
  const lines = [`${each.role} ${each.server}: ${facts}${user}`]
  if (certificate !== undefined) {
    const { subject, issuer, validTo, daysLeft } = certificate
    lines.push(`  certificate of ${subject} by ${issuer}, until ${validTo} (${daysLeft} days)`)
  }
  return lines
}
