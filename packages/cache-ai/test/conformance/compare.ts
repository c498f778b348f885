// Prints what each cache shows in each row of the table, as Markdown. Wrong results are bold.
//
//   node --import tsx test/conformance/compare.ts
import { ModelServer } from '@verbatim/model-server'
import { ROWS } from './rows.js'
import { SUBJECTS } from './subjects.js'

await using server = await ModelServer.start()
const names = SUBJECTS.map(({ name }) => name)
console.log(`| experiment | correct | ${names.join(' | ')} |`)
console.log(`| --- | --- |${' --- |'.repeat(names.length)}`)
for (const { name, correct, run } of ROWS) {
  const cells: string[] = []
  for (const { open } of SUBJECTS) {
    server.reset()
    const shown = await run(open(server.url), server).catch((error: Error) => error.name)
    cells.push(shown === correct ? 'correct' : shown === undefined ? 'n/a' : `**${shown}**`)
  }
  console.log(`| ${name} | ${correct} | ${cells.join(' | ')} |`)
}
