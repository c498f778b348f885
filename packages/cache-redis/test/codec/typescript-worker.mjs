// Runs the worker from its source. Node 20 does not hand `--import` on to threads.
import { register } from 'tsx/esm/api'

register()
await import('../../src/codec/workers/codec-worker.ts')
