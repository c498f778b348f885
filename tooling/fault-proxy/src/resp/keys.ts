import type { Command } from './command.js'

const KEYS_COUNTED = new Set(['EVAL', 'EVAL_RO', 'EVALSHA', 'EVALSHA_RO', 'FCALL', 'FCALL_RO'])
const ALL_ARE_KEYS = new Set(
  'DEL UNLINK EXISTS TOUCH MGET WATCH PFCOUNT PFMERGE SDIFF SINTER SUNION'.split(' '),
)
const TWO_KEYS = new Set(['RENAME', 'RENAMENX', 'COPY', 'LMOVE', 'RPOPLPUSH', 'SMOVE'])
const EVERY_OTHER_IS_A_KEY = new Set(['MSET', 'MSETNX'])

/** Returns the keys of a command that a cache uses. For other commands, returns the first argument. */
export function keysOf(command: Command): readonly Buffer[] {
  const [, ...args] = command.words
  if (KEYS_COUNTED.has(command.name)) return args.slice(2, 2 + Number(args[1] ?? 0))
  if (ALL_ARE_KEYS.has(command.name)) return args
  if (TWO_KEYS.has(command.name)) return args.slice(0, 2)
  if (EVERY_OTHER_IS_A_KEY.has(command.name)) return args.filter((_, index) => index % 2 === 0)
  return args.slice(0, 1)
}
