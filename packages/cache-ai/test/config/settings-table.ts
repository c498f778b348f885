import { ruleOf, ruleOfKind } from '../../src/config/config-schema.js'
import {
  type ConfigName,
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  snakeCaseOf,
  upperCaseOf,
} from '../../src/config/settings.js'

type Row = readonly [name: string, variable: string, byDefault: string, rule: string]

/** Returns the table of settings in `docs/configuration.md`. */
export function settingsTable(): string {
  const rows: Row[] = [
    ['in a file', 'variable', 'default', 'must be'],
    ['---', '---', '---', '---'],
    rowOf('preset', 'default'),
  ]
  for (const name of SETTING_NAMES) {
    rows.push(rowOf(name, SETTINGS[name].default), ...nestedRows(name, SETTINGS[name]))
  }
  return rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function rowOf(name: ConfigName | 'preset', byDefault: unknown): Row {
  const pythonName = name === 'preset' ? undefined : SETTINGS[name].pythonName
  const names = [name, ...(pythonName === undefined ? [] : [pythonName])].map((each) => {
    return [`\`${snakeCaseOf(each)}\``, `\`AI_CACHE_${upperCaseOf(each)}\``] as const
  })
  const listed = names.map(([written]) => written).join(' or ')
  const variables = names.map(([, variable]) => variable).join(' or ')
  return [
    listed,
    variables,
    shown(byDefault),
    name === 'preset' ? ruleOf(name) : valueOf(SETTINGS[name]),
  ]
}

function nestedRows(name: ConfigName, setting: Setting): Row[] {
  if (setting.kind !== 'object') return []
  return Object.entries(setting.fields).map(([inside, field]): Row => {
    const variable = `AI_CACHE_${upperCaseOf(name)}_${upperCaseOf(inside)}`
    const rule = field.isOptional === true ? `${valueOf(field)}; optional` : valueOf(field)
    return [`\`${snakeCaseOf(name)}.${snakeCaseOf(inside)}\``, `\`${variable}\``, '', rule]
  })
}

function valueOf(setting: Setting): string {
  const unit = setting.kind === 'integer' && setting.unit !== undefined ? setting.unit : ''
  return `${grouped(ruleOfKind(setting))}${unit === '' ? '' : `, in ${unit}`}`
}

function shown(value: unknown): string {
  if (value === undefined) return 'none'
  if (typeof value === 'number') return grouped(String(value))
  if (typeof value === 'string' || typeof value === 'boolean') return `\`${value}\``
  const fields = Object.entries(value as Record<string, number>)
  if (fields.length === 0) return 'none'
  return fields.map(([name, number]) => `${name} ${grouped(String(number))}`).join(', ')
}

/** Returns a text with commas in its large numbers. */
function grouped(text: string): string {
  return text.replaceAll(/\d{4,}/g, (digits) => Number(digits).toLocaleString('en-US'))
}
