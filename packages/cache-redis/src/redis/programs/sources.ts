import {
  MARK_HEAD,
  MAX_TAGS_LENGTH,
  STAMP_LENGTH,
  STAMP_OFFSET,
  USUAL_HEAD_LENGTH,
} from '../../codec/envelope.js'
import { Program } from './program.js'

/**
 * How long a process has the load of a key to itself without saying anew that it is still at it;
 * who finds the lease run out loads in its place.
 */
export const LEASE_MS = 3_000
/** How long the mark of a load stays. What takes longer, unless it says so, is not stored. */
export const MARK_LIFE_MS = 30_000

const READ_CLOCK = `local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)`

// A mark stands under a key that has no value while somebody loads it: a line as before a value, of
// kind `?`, with nothing but a stamp and until when the load is leased, in milliseconds on the server's
// clock. Any write or delete replaces it, so that what was loaded before is stored only if it is still
// there. (The idea is that of Facebook's leases: Nishtala et al., "Scaling Memcache at Facebook",
// NSDI 2013, 3.2.1.)
const LIBRARY = `
local MARK_HEAD = '${MARK_HEAD}'
local function isMark(bytes)
  return string.sub(bytes, 1, ${STAMP_OFFSET}) == MARK_HEAD
end
local function stampOf(bytes)
  return string.sub(bytes, ${STAMP_OFFSET + 1}, ${STAMP_OFFSET + STAMP_LENGTH})
end
local function now()
  ${READ_CLOCK}
  return at
end
local function setMark(key, stamp, untilMs)
  local mark = MARK_HEAD .. stamp .. string.format(' %.0f', untilMs)
  return redis.pcall('SET', key, mark, 'PX', ${MARK_LIFE_MS})
end
local function peek(key)
  local head = redis.call('GETRANGE', key, 0, ${USUAL_HEAD_LENGTH - 1})
  if head == '' or isMark(head) then return false end
  if #head == ${USUAL_HEAD_LENGTH} and not string.find(head, '\\n', 1, true) then
    head = redis.call('GETRANGE', key, 0, ${USUAL_HEAD_LENGTH + MAX_TAGS_LENGTH - 1})
  end
  return {head, redis.call('PTTL', key)}
end`

/**
 * Reads a value, or marks the key as about to be loaded by whoever brings the stamp. Answers the
 * value, or the stamp of the mark and how long somebody else has the lease; nothing when no mark
 * could be written, as when Redis is out of memory.
 */
export const READ_OR_LEASE: Program = new Program(
  'read_or_lease',
  `${LIBRARY}
local bytes = redis.call('GET', KEYS[1])
if bytes and not isMark(bytes) then return bytes end
local stamp = ARGV[1]
local at = now()
if bytes then
  stamp = stampOf(bytes)
  local left = tonumber(string.sub(bytes, ${STAMP_OFFSET + STAMP_LENGTH + 2})) - at
  if left > 0 and left <= ${LEASE_MS} then return {stamp, math.ceil(left)} end
end
if setMark(KEYS[1], stamp, at + ${LEASE_MS}).err then return false end
return {stamp, 0}`,
)

/** Says that a load is still under way, or with a lease of 0 that it is no more. */
export const RENEW_LEASE: Program = new Program(
  'renew_lease',
  `${LIBRARY}
local bytes = redis.call('GETRANGE', KEYS[1], 0, ${STAMP_OFFSET + STAMP_LENGTH - 1})
if not isMark(bytes) or stampOf(bytes) ~= ARGV[1] then return 0 end
setMark(KEYS[1], ARGV[1], now() + ARGV[2])
return 1`,
)

/**
 * Stores a value until its time comes, unless the time on the server's clock is over until which that
 * may be done, or the key is not any more in the state that was seen. Answers the server's time; less
 * than 0 when it was too late, 0 when the state was another.
 */
export const WRITE: Program = new Program(
  'write',
  `${READ_CLOCK}
if at > tonumber(ARGV[3]) then return -at end
if ARGV[4] then
  local seen = redis.call('GETRANGE', KEYS[1], ${STAMP_OFFSET}, ${STAMP_OFFSET + STAMP_LENGTH - 1})
  if seen ~= ARGV[4] then return 0 end
end
if ARGV[2] == '' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
end
return at`,
)

/** Reads of each value only what tells whether it is fresh, and its tags. */
export const PEEK: Program = new Program(
  'peek',
  `${LIBRARY}
local found = {}
for index, key in ipairs(KEYS) do found[index] = peek(key) end
return found`,
  ['no-writes'],
)

/** The same, and removes the keys. */
export const REMOVE: Program = new Program(
  'remove',
  `${LIBRARY}
local found = {}
for index, key in ipairs(KEYS) do
  found[index] = peek(key)
  redis.call('UNLINK', key)
end
return found`,
  ['allow-oom'],
)

/** Removes a key if it still holds the bytes with this digest. */
export const REMOVE_IF_UNCHANGED: Program = new Program(
  'remove_if_unchanged',
  `local bytes = redis.call('GET', KEYS[1])
if bytes and redis.sha1hex(bytes) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0`,
  ['allow-oom'],
)

/**
 * Answers the version of each tag. One that has none gets the one it is brought; one that would not
 * outlive what is to be stored under it, a longer life. Rarely, for each change is told to everybody.
 */
export const TAKE_VERSIONS: Program = new Program(
  'take_versions',
  `local holdMs = tonumber(ARGV[2])
local versions = {}
for index, key in ipairs(KEYS) do
  local version = redis.call('GET', key)
  local left = redis.call('PTTL', key)
  if not version then
    version = ARGV[1]
    redis.call('SET', key, version)
    left = 0
  end
  if left >= 0 and (holdMs < 0 or left < holdMs) then
    if holdMs < 0 then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ARGV[3]) end
  end
  versions[index] = version
end
return versions`,
)

/** All of them, to be loaded as functions. */
export const PROGRAMS: readonly Program[] = [
  READ_OR_LEASE,
  RENEW_LEASE,
  WRITE,
  PEEK,
  REMOVE,
  REMOVE_IF_UNCHANGED,
  TAKE_VERSIONS,
]
