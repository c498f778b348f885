import type { ComponentChildren } from 'preact'

interface TableProps {
  /** The name for screen readers. */
  readonly label: string
  readonly columns: readonly string[]
  /** The indexes of columns with numbers. */
  readonly numeric?: readonly number[]
  readonly rows: readonly { readonly key: string; readonly cells: readonly ComponentChildren[] }[]
}

/** A table that scrolls sideways on narrow screens. */
export function Table({ label, columns, numeric = [], rows }: TableProps) {
  const classOf = (index: number): string => (numeric.includes(index) ? 'number' : '')
  return (
    <div class="scrolls" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={column} scope="col" class={classOf(index)}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, index) => (
                <td key={columns[index]} class={classOf(index)}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
