/** Returns the text of an environment variable, or `undefined` if it is unset or blank. */
export function variable(name: string): string | undefined {
  const text = process.env[name]?.trim()
  return text === '' ? undefined : text
}
