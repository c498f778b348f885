import {
  HEADER_LENGTH,
  KIND_OFFSET,
  MAX_TAGS_LENGTH,
  STAMP_LENGTH,
  STAMP_OFFSET,
  TAGS_LENGTH_OFFSET,
} from '../codec/envelope.js'
import { Script } from './script.js'

/**
 * How long a process has the load of a key to itself without saying anew that it is still at it;
 * who finds the lease run out loads in its place.
 */
export const LEASE_MS = 3_000
/** How long the mark of a load stays. What takes longer, unless it says so, is not stored. */
const MARKER_LIFE_MS = 30_000

// A marker stands under a key that has no value while somebody loads it: the head of an envelope of
// kind 0 with a stamp, then until when the load is leased, in milliseconds on the server's clock, as
// a double. Any write or delete replaces it, so that what was loaded before is stored only if it is
// still there. (The idea is that of Facebook's leases: Nishtala et al., "Scaling Memcache at
// Facebook", NSDI 2013, 3.2.1.)
const LIBRARY = `
local MARKER_HEAD = '\\245\\086\\001\\000'
local function isMarker(bytes)
  return string.sub(bytes, 1, ${KIND_OFFSET + 1}) == MARKER_HEAD
end
local function stampOf(bytes)
  return string.sub(bytes, ${STAMP_OFFSET + 1}, ${STAMP_OFFSET + STAMP_LENGTH})
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function mark(key, stamp, untilMs)
  local marker = MARKER_HEAD .. stamp .. struct.pack('>d', untilMs)
  return redis.pcall('SET', key, marker, 'PX', ${MARKER_LIFE_MS})
end
local function peek(key)
  local head = redis.call('GETRANGE', key, 0, ${HEADER_LENGTH - 1})
  if head == '' or isMarker(head) then return false end
  if #head == ${HEADER_LENGTH} then
    local tagsLength = struct.unpack('>I4', head, ${TAGS_LENGTH_OFFSET + 1})
    if tagsLength > 0 and tagsLength <= ${MAX_TAGS_LENGTH} then
      head = redis.call('GETRANGE', key, 0, ${HEADER_LENGTH - 1} + tagsLength)
    end
  end
  return {head, redis.call('PTTL', key)}
end`

function program(source: string): Script {
  return new Script(`${LIBRARY}\n${source.trim()}`)
}

/**
 * Reads values, each with what is left of its life. By itself, for it is what is asked most. Not a transaction: Redis refuses to queue even
 * reads for one when it is out of memory.
 */
export const READ: Script = new Script(`
local found = {}
for index, key in ipairs(KEYS) do
  local bytes = redis.call('GET', key)
  -- No marker: these are the first four bytes of one.
  if bytes and string.sub(bytes, 1, 4) ~= '\\245\\086\\001\\000' then
    found[index] = {bytes, redis.call('PTTL', key)}
  else
    found[index] = false
  end
end
return found`)

/**
 * Reads a value, or marks the key as about to be loaded by whoever brings the stamp. Answers the
 * stamp of the marker and how long somebody else has the lease; nothing when no marker could be
 * written, as when Redis is out of memory.
 */
export const READ_OR_LEASE: Script = program(`
local bytes = redis.call('GET', KEYS[1])
if bytes and not isMarker(bytes) then return {bytes, redis.call('PTTL', KEYS[1])} end
local stamp = ARGV[1]
local at = now()
if bytes then
  stamp = stampOf(bytes)
  local left = struct.unpack('>d', bytes, ${STAMP_OFFSET + STAMP_LENGTH + 1}) - at
  if left > 0 and left <= ${LEASE_MS} then return {stamp, math.ceil(left), 'leased'} end
end
if mark(KEYS[1], stamp, at + ${LEASE_MS}).err then return false end
return {stamp, 0, 'leased'}`)

/** Says that a load is still under way, or with a lease of 0 that it is no more. */
export const RENEW_LEASE: Script = program(`
local bytes = redis.call('GETRANGE', KEYS[1], 0, ${STAMP_OFFSET + STAMP_LENGTH - 1})
if not isMarker(bytes) or stampOf(bytes) ~= ARGV[1] then return 0 end
mark(KEYS[1], ARGV[1], now() + ARGV[2])
return 1`)

/**
 * Stores a value, unless the time on the server's clock is over until which that may be done, or
 * the key is not any more in the state that was seen. Answers the server's time; less than 0 when
 * it was too late, 0 when the state was another.
 */
export const WRITE: Script = new Script(`
local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)
if at > tonumber(ARGV[3]) then return -at end
if ARGV[4] then
  local seen = redis.call('GETRANGE', KEYS[1], ${STAMP_OFFSET}, ${STAMP_OFFSET + STAMP_LENGTH - 1})
  if seen ~= ARGV[4] then return 0 end
end
if ARGV[2] == '' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return at`)

/** Reads of each value only what tells whether it is fresh, and its tags. */
export const PEEK: Script = program(`
local found = {}
for index, key in ipairs(KEYS) do found[index] = peek(key) end
return found`)

/** The same, and removes the keys. */
export const REMOVE: Script = program(`
local found = {}
for index, key in ipairs(KEYS) do
  found[index] = peek(key)
  redis.call('UNLINK', key)
end
return found`)

/** Removes a key if it still holds the bytes with this digest. */
export const REMOVE_IF_UNCHANGED: Script = program(`
local bytes = redis.call('GET', KEYS[1])
if bytes and redis.sha1hex(bytes) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0`)

/**
 * Answers the version of each tag. One that has none gets the one it is brought; one that would not
 * outlive what is to be stored under it, a longer life. Rarely, for each change is told to everybody.
 */
export const TAKE_VERSIONS: Script = program(`
local holdMs = tonumber(ARGV[2])
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
return versions`)
