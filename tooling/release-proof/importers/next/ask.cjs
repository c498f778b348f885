// Starts the built server, sends one request, prints the response and stops the server.
process.env.HOSTNAME = '127.0.0.1'
process.env.PORT = process.argv[2]
require('./.next/standalone/server.js')

const url = `http://127.0.0.1:${process.argv[2]}/api/answer`
const endsAt = Date.now() + 60_000

async function ask() {
  try {
    const answer = await fetch(url)
    process.stdout.write(await answer.text(), () => process.exit())
  } catch (error) {
    if (Date.now() > endsAt) throw error
    setTimeout(ask, 200)
  }
}

void ask()
