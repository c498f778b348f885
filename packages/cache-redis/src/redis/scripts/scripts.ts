import { createHash } from 'node:crypto'
import { PLACE_LENGTH } from '../../codec/place.js'
import {
  KIND_OFFSET,
  MAX_TAGS_LENGTH,
  REVISION_LENGTH,
  REVISION_OFFSET,
  USUAL_HEAD_LENGTH,
  VALUE_KINDS,
} from '../../codec/stored-line.js'

/** A Lua script for keys of one node. Redis runs it as one step, without other commands in between. */
export class Script {
  /** The script in Lua. `KEYS` holds its keys, `ARGV` its arguments. */
  readonly source: string
  /** The digest by which Redis knows the source. */
  readonly digest: string

  constructor(source: string) {
    // Without keys a script does nothing, so that it can be loaded into a server.
    this.source = `if #KEYS == 0 then return 0 end\n${source}`
    this.digest = createHash('sha1').update(this.source).digest('hex')
  }
}

/**
 * The time that a load lease lasts without a renewal, in milliseconds. A process that finds it expired loads in
 * place of its holder.
 */
export const LEASE_MS = 3_000
/**
 * The time that the line of a lease stays in Redis, in milliseconds. The value of a load that does not renew its
 * lease for so long is not stored.
 */
export const LEASE_LINE_MS = 30_000

const READ_CLOCK = `local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)`

// Redis out of memory lets a script that has begun to write go on. A record never expires, so `PERSIST` changes
// nothing, but counts as the first write. The record itself takes a few bytes.
const DESPITE_FULL_MEMORY = "redis.call('PERSIST', KEYS[1])"

// Every line of this cache starts with the format and its place (see stored-line.ts). Scripts never change
// other bytes. A lease is a line of kind `?` under a key without a value that a process loads: a revision,
// and when the lease expires in milliseconds on the server's clock. Every write and delete replaces the
// lease. So a loaded value is stored only if nothing has changed the key since the load began. (Leases are
// described in Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1.)
const LIBRARY = `
local function head(key)
  local bytes = redis.pcall('GETRANGE', key, 0, ${USUAL_HEAD_LENGTH - 1})
  if type(bytes) == 'table' then return '' end
  return bytes
end
local function kindOf(bytes, place)
  if string.sub(bytes, 1, ${3 + PLACE_LENGTH + 1}) ~= 'V2 ' .. place .. ' ' then return nil end
  return string.match(bytes, '^([${VALUE_KINDS}?])${'[%w_-]'.repeat(REVISION_LENGTH)} ', ${KIND_OFFSET + 1})
end
local function revisionOf(bytes)
  return string.sub(bytes, ${REVISION_OFFSET + 1}, ${REVISION_OFFSET + REVISION_LENGTH})
end
local function now()
  ${READ_CLOCK}
  return at
end
local function setLease(key, place, revision, untilMs)
  local line = 'V2 ' .. place .. ' 00000000 ?' .. revision .. string.format(' %.0f', untilMs)
  return redis.pcall('SET', key, line, 'PX', ${LEASE_LINE_MS})
end
local function leaseLeft(bytes, at)
  local untilMs = string.match(bytes, '^ (%d+)$', ${REVISION_OFFSET + REVISION_LENGTH + 1})
  local left = (tonumber(untilMs) or 0) - at
  if left > 0 and left <= ${LEASE_MS} then return math.ceil(left) end
  return 0
end
local function peek(key, place, maxBytes)
  local bytes = head(key)
  local kind = kindOf(bytes, place)
  if kind == '?' then return false, true end
  if not kind then
    if string.sub(bytes, 1, 5) == 'rawj:' then return {'rawj:', redis.call('PTTL', key)}, false end
    return false, false
  end
  if redis.call('STRLEN', key) > maxBytes then return false, false end
  if #bytes == ${USUAL_HEAD_LENGTH} and not string.find(bytes, '\\n', 1, true) then
    bytes = redis.call('GETRANGE', key, 0, ${USUAL_HEAD_LENGTH + MAX_TAGS_LENGTH - 1})
  end
  return {bytes, redis.call('PTTL', key)}, true
end`

/**
 * Reads a value, or leases the load of the key to the caller. Returns the bytes under the key, or the
 * revision of the lease and how long another process holds it. Fails when no lease can be written, as when
 * Redis is out of memory.
 */
export const READ_OR_LEASE: Script = new Script(
  `${LIBRARY}
local bytes = redis.call('GET', KEYS[1])
local place, revision = ARGV[1], ARGV[2]
local at = now()
if bytes then
  if kindOf(bytes, place) ~= '?' then return bytes end
  revision = revisionOf(bytes)
  local left = leaseLeft(bytes, at)
  if left > 0 then return {revision, left} end
end
local reply = setLease(KEYS[1], place, revision, at + ${LEASE_MS})
if reply.err then return reply end
return {revision, 0}`,
)

/** Renews a lease for a time in milliseconds; 0 ends it. */
export const RENEW_LEASE: Script = new Script(
  `${LIBRARY}
local bytes = head(KEYS[1])
if kindOf(bytes, ARGV[1]) ~= '?' or revisionOf(bytes) ~= ARGV[2] then return 0 end
setLease(KEYS[1], ARGV[1], ARGV[2], now() + ARGV[3])
return 1`,
)

/**
 * Stores a value until it expires, unless the deadline on the server's clock has passed, or the key does
 * not hold what is expected: the revision of a value or lease, or `-` for no value and no foreign bytes.
 * Returns the server's time, negative after the deadline, or 0 when the key holds something else.
 */
export const WRITE: Script = new Script(
  `${READ_CLOCK}
if at > tonumber(ARGV[3]) then return -at end
if ARGV[4] then
  local start = redis.pcall('GETRANGE', KEYS[1], 0, ${REVISION_OFFSET + REVISION_LENGTH - 1})
  if type(start) == 'table' then return 0 end
  local isOurs = string.sub(start, 1, ${3 + PLACE_LENGTH}) == 'V2 ' .. ARGV[5]
  if ARGV[4] == '-' then
    local isLease = isOurs and string.sub(start, ${KIND_OFFSET + 1}, ${KIND_OFFSET + 1}) == '?'
    if not isLease and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  elseif not isOurs or string.sub(start, ${REVISION_OFFSET + 1}) ~= ARGV[4] then
    return 0
  end
end
if ARGV[2] == '' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
end
return at`,
)

/** Stores many values. Returns the server's time, negative after the deadline. */
export const WRITE_MANY: Script = new Script(
  `${READ_CLOCK}
if at > tonumber(ARGV[1]) then return -at end
for index, key in ipairs(KEYS) do
  local hold = ARGV[2 * index + 1]
  if hold == '' then
    redis.call('SET', key, ARGV[2 * index])
  else
    redis.call('SET', key, ARGV[2 * index], 'PXAT', hold)
  end
end
return at`,
)

/** Reads the head of each value of this cache, and its TTL in Redis. */
export const PEEK: Script = new Script(
  `${LIBRARY}
local found = {}
for index, key in ipairs(KEYS) do found[index] = peek(key, ARGV[index + 1], tonumber(ARGV[1])) end
return found`,
)

/**
 * Removes values and leases of this cache, except those with a kept revision. Returns the same as {@link PEEK}.
 * It has no deadline: a removal that takes effect late costs a miss, and no more.
 */
export const REMOVE: Script = new Script(
  `${LIBRARY}
local found = {}
for index, key in ipairs(KEYS) do
  local value, isOurs = peek(key, ARGV[2 * index], tonumber(ARGV[1]))
  found[index] = isOurs and value
  local kept = ARGV[2 * index + 1]
  if isOurs and not (value and kept ~= '' and revisionOf(value[1]) == kept) then
    redis.call('UNLINK', key)
  end
end
return found`,
)

/** Removes a key if it still holds the bytes with this digest. */
export const REMOVE_IF_UNCHANGED: Script = new Script(
  `local bytes = redis.pcall('GET', KEYS[1])
if type(bytes) == 'string' and redis.sha1hex(bytes) == ARGV[1] then
  return redis.call('UNLINK', KEYS[1])
end
return 0`,
)

/** Replaces the bytes under a key if it still holds those with this digest. The TTL stays. Returns 1 if it did. */
export const REPLACE_IF_UNCHANGED: Script = new Script(
  `local bytes = redis.pcall('GET', KEYS[1])
if type(bytes) ~= 'string' or redis.sha1hex(bytes) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1`,
)

/**
 * Returns the line of each tag's version, or false for a name that holds something else. A tag without a
 * version, or with one of an earlier generation, gets a new version. A version that would expire before the
 * values under it gets a longer TTL. The TTL is generous, because Redis invalidates a version that it
 * changes in every process.
 */
export const TAKE_VERSIONS: Script = new Script(
  `local holdMs = tonumber(ARGV[2])
local lines = {}
for index, key in ipairs(KEYS) do
  local head, start = ARGV[2 * index + 2], ARGV[2 * index + 3]
  local line = redis.pcall('GET', key)
  local left = redis.call('PTTL', key)
  if type(line) == 'table' or (line and string.sub(line, 1, #head) ~= head) then
    lines[index] = false
  else
    if not line or string.sub(line, 1, #start) ~= start then
      line = start .. ARGV[1]
      redis.call('SET', key, line)
      left = 0
    end
    if left >= 0 and (holdMs < 0 or left < holdMs) then
      if holdMs < 0 then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ARGV[3]) end
    end
    lines[index] = line
  end
end
return lines`,
)

/** Removes the records whose lines start as expected. Returns how many. */
export const REMOVE_RECORDS: Script = new Script(
  `local removed = 0
for index, key in ipairs(KEYS) do
  local start = redis.pcall('GETRANGE', key, 0, #ARGV[index] - 1)
  if start == ARGV[index] then removed = removed + redis.call('UNLINK', key) end
end
return removed`,
)

/** Replaces a record if it is as expected; empty for absent. Returns the record after that. */
export const REPLACE_RECORD: Script = new Script(
  `local line = redis.pcall('GET', KEYS[1])
if type(line) == 'table' then return false end
if (line or '') ~= ARGV[1] then return line end
${DESPITE_FULL_MEMORY}
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]`,
)

/** Increments an epoch. Returns it. */
export const ADVANCE_EPOCH: Script = new Script(
  `${DESPITE_FULL_MEMORY}
return redis.call('INCR', KEYS[1])`,
)

/** All scripts, to be loaded. */
export const SCRIPTS: readonly Script[] = [
  READ_OR_LEASE,
  RENEW_LEASE,
  WRITE,
  WRITE_MANY,
  PEEK,
  REMOVE,
  REMOVE_IF_UNCHANGED,
  REPLACE_IF_UNCHANGED,
  TAKE_VERSIONS,
  REMOVE_RECORDS,
  REPLACE_RECORD,
  ADVANCE_EPOCH,
]
