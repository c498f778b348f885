import type { SecurityValidationResult, ServerSecurity } from './findings.js'

/** Composes a page in Markdown from a result, to be kept or sent to others. */
export function composeReport(result: SecurityValidationResult): string {
  const { isSecure, score, servers, findings, checkedAt } = result
  const lines = [
    '# Security of Redis',
    '',
    `${isSecure ? 'Secure' : 'Insecure'}: ${score} of 100 points, checked at ${checkedAt}.`,
  ]
  for (const server of servers) lines.push('', ...describeServer(server))
  lines.push('', '## Findings', '')
  if (findings.length === 0) lines.push('None.')
  for (const { severity, id, server, observation, remedy } of findings) {
    lines.push(`- [ ] **${severity} ${id}** at ${server}: ${observation} Remedy: ${remedy}.`)
  }
  return `${lines.join('\n')}\n`
}

function describeServer(each: ServerSecurity): string[] {
  const { certificate, dangerousCommands } = each
  const dangerous = dangerousCommands?.join(', ') || 'none'
  const rows: readonly (readonly [name: string, value: string | undefined])[] = [
    ['connection', each.transport],
    ['TLS', each.tlsVersion],
    ['cipher suite', each.cipherSuite],
    ['certificate of', certificate?.subject],
    ['certificate by', certificate?.issuer],
    ['valid until', certificate && `${certificate.validTo} (${certificate.daysLeft} days)`],
    ['user', each.user],
    ['dangerous commands', dangerousCommands && dangerous],
  ]
  return [
    ...[`## ${each.role} ${each.server}`, '', '| fact | value |', '| --- | --- |'],
    ...rows.flatMap(([name, value]) =>
      value === undefined ? [] : [`| ${name} | ${value.replaceAll('|', '\\|')} |`],
    ),
  ]
}
