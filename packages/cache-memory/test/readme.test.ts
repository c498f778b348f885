import { testReadme } from '@verbatim/test-support'

await testReadme(new URL('../README.md', import.meta.url))
