import {
  KIND_OFFSET,
  MAX_TAGS_LENGTH,
  PLACE_LENGTH,
  REVISION_LENGTH,
  REVISION_OFFSET,
  USUAL_HEAD_LENGTH,
} from '../../codec/stored-line.js'
import { Program } from './program.js'

/**
 * How long a process keeps a load lease without renewing it, in milliseconds. A process that finds the
 * lease expired loads in its place.
 */
export const LEASE_MS = 3_000
/** How long the line of a lease stays, in milliseconds. The result of a load that takes longer without renewing its lease is not stored. */
export const LEASE_LINE_MS = 30_000

const READ_CLOCK = `local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)`

// A script that has begun to write may go on when Redis is out of memory, and a record is only some
// bytes long. Records do not expire, so this write changes nothing.
const DESPITE_FULL_MEMORY = "redis.call('PERSIST', KEYS[1])"

// Every line of this cache starts with the format and its place (see stored-line.ts). What does not
// start so is not ours and is never changed. A lease is the line of kind `?` under a key without a value
// while somebody loads it: a revision and until when the load is leased, in milliseconds on the server's
// clock. Any write or delete replaces it, so that what was loaded before is stored only if the lease is
// still there. (The idea is that of Facebook's leases: Nishtala et al., "Scaling Memcache at Facebook",
// NSDI 2013, 3.2.1.)
const LIBRARY = `
local function head(key)
  local bytes = redis.pcall('GETRANGE', key, 0, ${USUAL_HEAD_LENGTH - 1})
  if type(bytes) == 'table' then return '' end
  return bytes
end
local function kindOf(bytes, place)
  if string.sub(bytes, 1, ${3 + PLACE_LENGTH + 1}) ~= 'V2 ' .. place .. ' ' then return nil end
  return string.match(bytes, '^([=z?])${'[%w_-]'.repeat(REVISION_LENGTH)} ', ${KIND_OFFSET + 1})
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
 * Reads a value, or leases the load of the key to the caller. Returns the bytes that are there; or the
 * revision of the lease and how long another process has it. Fails with the refusal when no lease could
 * be written, as when Redis is out of memory.
 */
export const READ_OR_LEASE: Program = new Program(
  'read_or_lease',
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

/** Renews a lease, or with a time of 0 ends it. */
export const RENEW_LEASE: Program = new Program(
  'renew_lease',
  `${LIBRARY}
local bytes = head(KEYS[1])
if kindOf(bytes, ARGV[1]) ~= '?' or revisionOf(bytes) ~= ARGV[2] then return 0 end
setLease(KEYS[1], ARGV[1], ARGV[2], now() + ARGV[3])
return 1`,
)

/**
 * Stores a value until its time comes, unless the time on the server's clock is over until which that
 * may be done, or the key is not any more in the state that was expected: the revision of a value or of
 * a lease, or `-` for no value and no foreign bytes. Returns the server's time; less than 0 when it was
 * too late, 0 when the state was another.
 */
export const WRITE: Program = new Program(
  'write',
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

/** Stores many values, as {@link WRITE} stores one. Returns the server's time, less than 0 when it was too late. */
export const WRITE_MANY: Program = new Program(
  'write_many',
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

/** Reads of each value of ours only its head, and how long Redis holds it. */
export const PEEK: Program = new Program(
  'peek',
  `${LIBRARY}
local found = {}
for index, key in ipairs(KEYS) do found[index] = peek(key, ARGV[index + 1], tonumber(ARGV[1])) end
return found`,
  ['no-writes'],
)

/** The same, and removes the values and leases of ours, unless they have the revision that is to stay. */
export const REMOVE: Program = new Program(
  'remove',
  `${LIBRARY}
local found = {}
for index, key in ipairs(KEYS) do
  local value, isOurs = peek(key, ARGV[2 * index], tonumber(ARGV[1]))
  found[index] = isOurs and value
  local stays = ARGV[2 * index + 1]
  if isOurs and not (value and stays ~= '' and revisionOf(value[1]) == stays) then
    redis.call('UNLINK', key)
  end
end
return found`,
  ['allow-oom'],
)

/** Removes a key if it still holds the bytes with this digest. */
export const REMOVE_IF_UNCHANGED: Program = new Program(
  'remove_if_unchanged',
  `local bytes = redis.pcall('GET', KEYS[1])
if type(bytes) == 'string' and redis.sha1hex(bytes) == ARGV[1] then
  return redis.call('UNLINK', KEYS[1])
end
return 0`,
  ['allow-oom'],
)

/**
 * Returns the line of each tag's version, or nothing for a name that something else uses. A tag without
 * a version, or with one of an earlier generation, gets the one it is brought; a version that would not
 * outlive what is to be stored under it gets a longer TTL. Rarely, for each change is sent to everybody.
 */
export const TAKE_VERSIONS: Program = new Program(
  'take_versions',
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

/** Removes the records that start as they should. */
export const REMOVE_RECORDS: Program = new Program(
  'remove_records',
  `local removed = 0
for index, key in ipairs(KEYS) do
  local start = redis.pcall('GETRANGE', key, 0, #ARGV[index] - 1)
  if start == ARGV[index] then removed = removed + redis.call('UNLINK', key) end
end
return removed`,
  ['allow-oom'],
)

/** Replaces a record by another one if it is as expected; empty for absent. Returns the record. */
export const REPLACE_RECORD: Program = new Program(
  'replace_record',
  `local line = redis.pcall('GET', KEYS[1])
if type(line) == 'table' then return false end
if (line or '') ~= ARGV[1] then return line end
${DESPITE_FULL_MEMORY}
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]`,
  ['allow-oom'],
)

/** Counts an epoch up. Returns the epoch. */
export const ADVANCE_EPOCH: Program = new Program(
  'advance_epoch',
  `${DESPITE_FULL_MEMORY}
return redis.call('INCR', KEYS[1])`,
  ['allow-oom'],
)

/** All of them, to be loaded as functions. */
export const PROGRAMS: readonly Program[] = [
  READ_OR_LEASE,
  RENEW_LEASE,
  WRITE,
  WRITE_MANY,
  PEEK,
  REMOVE,
  REMOVE_IF_UNCHANGED,
  TAKE_VERSIONS,
  REMOVE_RECORDS,
  REPLACE_RECORD,
  ADVANCE_EPOCH,
]
