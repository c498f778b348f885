import { ABSENT, COMMANDS, DUMP, UNREADABLE } from '../file/records.js'

/**
 * Lua functions that all scripts share.
 *
 * `portable` returns the commands that create a key, in a canonical order: equal keys have equal commands,
 * whatever the version of the server and the encoding of the key. Each command is its number of arguments
 * and the arguments, each with its length, without the name of the key.
 */
const FUNCTIONS = `
local time_of_script
local function now()
  if not time_of_script then
    local time = redis.call('TIME')
    time_of_script = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return time_of_script
end

local function expiry_of(name)
  local at = redis.pcall('PEXPIRETIME', name)
  if type(at) == 'number' then return at end
  local left = redis.pcall('PTTL', name)
  if type(left) ~= 'number' then return nil, left.err end
  return left < 0 and left or now() + left
end

local function record(kind, expiry, name, value)
  return struct.pack('>Bi8I4c0', kind, expiry, #name, name) .. struct.pack('>I4', #value) .. value
end

local function records_in(bytes)
  local at, list = 1, {}
  while at <= #bytes do
    local one = {}
    one.kind, one.expiry, one.name, one.value, at = struct.unpack('>Bi8I4c0I4c0', bytes, at)
    list[#list + 1] = one
  end
  return list
end

-- Lua compares texts in the locale of the server, in which texts can be equal that have other bytes.
local compares_bytes = 'B' < 'a' and 'z' < '\\195\\164'

local function is_before(one, other)
  for i = 1, math.min(#one, #other) do
    local own, its = string.byte(one, i), string.byte(other, i)
    if own ~= its then return own < its end
  end
  return #one < #other
end

local function sort(texts) table.sort(texts, not compares_bytes and is_before or nil) end

local function command(...)
  local packed = {struct.pack('>I4', select('#', ...))}
  for _, argument in ipairs({...}) do
    local text = tostring(argument)
    packed[#packed + 1] = struct.pack('>I4', #text)
    packed[#packed + 1] = text
  end
  return table.concat(packed)
end

local function commands_for(list, name, width)
  local all = {}
  local size = 500 * width
  for from = 1, #list, size do
    all[#all + 1] = command(name, unpack(list, from, math.min(from + size - 1, #list)))
  end
  return all
end

local function fields(list)
  local map = {}
  for i = 1, #list, 2 do map[list[i]] = list[i + 1] end
  return map
end

local function portable_hash(name)
  local map, names = fields(redis.call('HGETALL', name)), {}
  for field in pairs(map) do names[#names + 1] = field end
  sort(names)
  local pairs_of = {}
  for _, field in ipairs(names) do
    pairs_of[#pairs_of + 1] = field
    pairs_of[#pairs_of + 1] = map[field]
  end
  local all = commands_for(pairs_of, 'HSET', 2)
  for from = 1, #names, 500 do
    local some = {unpack(names, from, math.min(from + 499, #names))}
    local times = redis.pcall('HPEXPIRETIME', name, 'FIELDS', #some, unpack(some))
    if times.err then break end
    for i, time in ipairs(times) do
      if time > 0 then
        all[#all + 1] = command('HPEXPIREAT', string.format('%.0f', time), 'FIELDS', 1, some[i])
      end
    end
  end
  return all
end

local function portable_stream(name, exact)
  local info = fields(redis.call('XINFO', 'STREAM', name, 'FULL', 'COUNT', 0))
  local all = {}
  for _, entry in ipairs(info.entries) do all[#all + 1] = command('XADD', entry[1], unpack(entry[2])) end
  local last = info['last-generated-id']
  if #info.entries == 0 then
    all[1] = command('XADD', 'MAXLEN', 0, last == '0-0' and '0-1' or last, 'x', 'y')
  end
  if exact and info['entries-added'] then
    all[#all + 1] = command('XSETID', last, 'ENTRIESADDED', info['entries-added'],
      'MAXDELETEDID', info['max-deleted-entry-id'])
  else
    all[#all + 1] = command('XSETID', last)
  end
  for _, one in ipairs(info.groups) do
    local group = fields(one)
    local read = exact and group['entries-read']
    if read then
      all[#all + 1] = command('XGROUP', 'CREATE', group.name, group['last-delivered-id'], 'ENTRIESREAD', read)
    else
      all[#all + 1] = command('XGROUP', 'CREATE', group.name, group['last-delivered-id'])
    end
    for _, each in ipairs(group.consumers) do
      local consumer = fields(each)
      all[#all + 1] = command('XGROUP', 'CREATECONSUMER', group.name, consumer.name)
    end
    for _, entry in ipairs(group.pel or group.pending) do
      all[#all + 1] = command('XCLAIM', group.name, entry[2], 0, entry[1], 'TIME',
        string.format('%.0f', entry[3]), 'RETRYCOUNT', entry[4], 'JUSTID', 'FORCE')
    end
  end
  return all
end

local function commands_of(name, exact)
  local kind = redis.call('TYPE', name).ok
  local all
  if kind == 'string' then
    all = {command('SET', redis.call('GET', name))}
  elseif kind == 'list' then
    all = commands_for(redis.call('LRANGE', name, 0, -1), 'RPUSH', 1)
  elseif kind == 'set' then
    local members = redis.call('SMEMBERS', name)
    sort(members)
    all = commands_for(members, 'SADD', 1)
  elseif kind == 'zset' then
    local list = redis.call('ZRANGE', name, 0, -1, 'WITHSCORES')
    for i = 1, #list, 2 do list[i], list[i + 1] = list[i + 1], list[i] end
    all = commands_for(list, 'ZADD', 2)
  elseif kind == 'hash' then
    all = portable_hash(name)
  elseif kind == 'stream' then
    all = portable_stream(name, exact)
  else
    return nil, 'ERR keys of type ' .. kind .. ' have no portable form'
  end
  return table.concat(all)
end

local function portable(name, exact)
  local is_done, form, problem = pcall(commands_of, name, exact)
  if is_done then return form, problem end
  return nil, type(form) == 'table' and form.err or tostring(form)
end

local function digest(name)
  local form, problem = portable(name, false)
  return form and redis.sha1hex(form), problem
end
`

/**
 * Reads keys and writes nothing.
 *
 * Arguments: cursor of SCAN or '' for the given names, pattern, count of SCAN, limit of the reply in bytes,
 * records whose names are read, form ('dump', 'commands', 'digest' or 'before').
 *
 * Returns the next cursor, the records, their number, the number of unreadable keys among them, the names
 * of keys that were not read because of the limit (as records), and the number of keys that are gone. In
 * the form 'digest' the records are 48 bytes per key: expiry and hexadecimal SHA-1, and names are the
 * seventh value. In the form 'before' a key that does not exist has a record too.
 */
export const READ_SCRIPT: string = `${FUNCTIONS}
local cursor, pattern, count, limit, given, form = unpack(ARGV)
local following, names = '0', {}
if cursor == '' then
  for _, one in ipairs(records_in(given)) do names[#names + 1] = one.name end
else
  local page = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', count)
  following, names = page[1], page[2]
end
limit = tonumber(limit)
local records, rest, listed = {}, {}, {}
local size, total, unreadable, gone = 0, 0, 0, 0
for _, name in ipairs(names) do
  if size > limit then
    rest[#rest + 1] = record(${ABSENT}, -1, name, '')
  else
    local expiry, problem = expiry_of(name)
    local value, kind
    kind = ${DUMP}
    if problem then
      expiry = -1
    elseif form == 'digest' then
      if expiry ~= -2 then value, problem = digest(name) end
    elseif form == 'commands' then
      kind = ${COMMANDS}
      if expiry ~= -2 then value, problem = portable(name, true) end
    else
      local dump = redis.pcall('DUMP', name)
      if type(dump) == 'table' then problem = dump.err else value = dump or nil end
    end
    local one
    if form == 'digest' then
      one = struct.pack('>i8', expiry) .. (value or string.rep('0', 40))
      listed[#listed + 1] = record(${ABSENT}, -1, name, '')
      if problem then unreadable = unreadable + 1 end
    elseif value then
      one = record(kind, expiry, name, value)
    elseif problem then
      unreadable = unreadable + 1
      one = record(${UNREADABLE}, expiry, name, problem)
    elseif form == 'before' then
      one = record(${ABSENT}, -1, name, '')
    else
      gone = gone + 1
    end
    if one then
      size = size + #one
      total = total + 1
      records[#records + 1] = one
    end
  end
end
return {following, table.concat(records), total, unreadable, table.concat(rest), gone, table.concat(listed)}
`

/** Lua functions that write and compare keys. */
const WRITE_FUNCTIONS = `${FUNCTIONS}
local KEY_POSITIONS = {SET = 1, RPUSH = 1, SADD = 1, HSET = 1, ZADD = 1, XADD = 1, XSETID = 1, XGROUP = 2,
  XCLAIM = 1, HPEXPIREAT = 1}

local function run_commands(name, packed)
  local at = 1
  while at <= #packed do
    local total
    total, at = struct.unpack('>I4', packed, at)
    local arguments = {}
    for i = 1, total do
      arguments[i], at = struct.unpack('>I4c0', packed, at)
    end
    local position = KEY_POSITIONS[arguments[1]]
    if not position then return 'ERR the record has a command that is not allowed' end
    table.insert(arguments, position + 1, name)
    local reply = redis.pcall(unpack(arguments))
    if type(reply) == 'table' and reply.err and arguments[1] == 'XSETID' then
      reply = redis.pcall('XSETID', name, arguments[3])
    elseif type(reply) == 'table' and reply.err and #arguments == 7 and arguments[6] == 'ENTRIESREAD' then
      reply = redis.pcall(unpack(arguments, 1, 5))
    end
    if type(reply) == 'table' and reply.err then return reply.err end
  end
end

local function put(one)
  if one.kind ~= ${DUMP} and one.kind ~= ${COMMANDS} then return 'ERR the record has an unknown kind' end
  if one.kind == ${DUMP} then
    local reply = redis.pcall('RESTORE', one.name, one.expiry < 0 and '0' or string.format('%.0f', one.expiry),
      one.value, 'ABSTTL', 'REPLACE')
    return reply.err
  end
  local old, expiry = redis.pcall('DUMP', one.name), expiry_of(one.name)
  if type(old) == 'table' then return old.err end
  local reply = redis.pcall('DEL', one.name)
  if type(reply) == 'table' then return reply.err end
  local problem = run_commands(one.name, one.value)
  if not problem and one.expiry >= 0 then
    reply = redis.pcall('PEXPIREAT', one.name, string.format('%.0f', one.expiry))
    problem = type(reply) == 'table' and reply.err or nil
  end
  if problem then
    redis.call('DEL', one.name)
    if old then
      redis.call('RESTORE', one.name, expiry < 0 and '0' or string.format('%.0f', expiry), old, 'ABSTTL')
    end
  end
  return problem
end

-- Returns whether a key is as in a record, or nil and the reason why that is not known.
local function is_unchanged(one)
  if one.kind == ${UNREADABLE} then return nil, one.value end
  local current = redis.pcall('DUMP', one.name)
  if type(current) == 'table' then return nil, current.err end
  if one.kind == ${ABSENT} then return not current end
  return current == one.value and expiry_of(one.name) == one.expiry
end
`

/**
 * Creates keys.
 *
 * Arguments: records, policy ('skip', 'replace' or 'newer'), the states before as records in the same order
 * or '' to write without a check.
 *
 * Returns one letter for each record, and the reason of the first error of each kind: `w` written, `s`
 * skipped because the key exists, `x` expired, `c` changed since the state before was read, `v` in a format
 * that only a newer server reads, `e` error, `-` not tried because the server rejects every write. The third value
 * is the reason of `-`.
 */
export const WRITE_SCRIPT: string = `${WRITE_FUNCTIONS}
local records, policy, before = records_in(ARGV[1]), ARGV[2], records_in(ARGV[3])
local letters, reasons, is_rejected = {}, {}, false
local REJECTS_ALL = {OOM = true, READONLY = true, MISCONF = true, NOREPLICAS = true, MASTERDOWN = true,
  CLUSTERDOWN = true}

local function letter_of(one, state)
  if one.expiry >= 0 and one.expiry <= now() then return 'x' end
  local old, problem = expiry_of(one.name)
  if problem then return 'e', problem end
  if old ~= -2 and (policy == 'skip'
      or policy == 'newer' and (one.expiry < 0 or old < 0 or one.expiry <= old)) then
    return 's'
  end
  if state then
    local is_same, reason = is_unchanged(state)
    if reason then return 'e', reason end
    if not is_same then return 'c' end
  end
  problem = put(one)
  if not problem then return 'w' end
  if one.kind == ${DUMP}
      and (string.find(problem, 'version or checksum', 1, true) or string.find(problem, 'Bad data format', 1, true)) then
    return 'v', problem
  end
  -- Before version 7, the name of the script precedes the code.
  if REJECTS_ALL[string.match(problem, '%f[%u]%u+%f[^%u]')] then return '-', problem end
  return 'e', problem
end

for i, one in ipairs(records) do
  local letter, reason = '-', nil
  if not is_rejected then letter, reason = letter_of(one, before[i]) end
  is_rejected = is_rejected or letter == '-'
  if reason then reasons[letter] = reasons[letter] or reason end
  letters[i] = letter
end
return {table.concat(letters), reasons['e'] or false, reasons['-'] or false}
`

/**
 * Restores the states before a run, where a key is still as the run left it.
 *
 * Arguments: the records of the run, the states before in the same order, the conflict policy of the run, and
 * 'check' to change nothing. To compare a key with its record, the script writes the record and then the old contents
 * again; no client sees a state between.
 *
 * Returns one letter for each record: `r` restored, `b` already as before, `c` changed by others, `w` as the
 * run left it (only with 'check'), `e` error.
 */
export const ROLLBACK_SCRIPT: string = `${WRITE_FUNCTIONS}
local records, before, policy, only_check = records_in(ARGV[1]), records_in(ARGV[2]), ARGV[3], ARGV[4] == 'check'
local letters, reason = {}, false

local function has_expired(one) return one.expiry >= 0 and one.expiry <= now() end

-- Whether the run has replaced a key, unless the record had expired before.
local function was_replaced(one, state)
  if state.kind == ${ABSENT} or policy == 'skip' then return false end
  return policy == 'replace' or one.expiry >= 0 and state.expiry >= 0 and one.expiry > state.expiry
end

local function is_exactly(one, current, expiry)
  return one.kind == ${DUMP} and current == one.value and expiry == one.expiry
end

-- Equal keys can have different dumps, for example after the server has loaded them from its disk.
local function is_equal(one, current, expiry)
  if (one.kind ~= ${DUMP} and one.kind ~= ${COMMANDS}) or expiry ~= one.expiry then return false end
  local found = digest(one.name)
  local problem = put(one)
  local is_same = not problem and found ~= nil and digest(one.name) == found
  put({kind = ${DUMP}, name = one.name, expiry = expiry, value = current})
  return is_same
end

local function restored(state)
  if state.kind == ${ABSENT} or has_expired(state) then
    redis.call('DEL', state.name)
    return 'r'
  end
  local problem = put(state)
  return problem and 'e' or 'r', problem
end

local function letter_of(one, state)
  local current, expiry = redis.pcall('DUMP', one.name), expiry_of(one.name)
  if type(current) == 'table' then return 'e', current.err end
  if not current then
    if state.kind == ${ABSENT} or has_expired(state) then return 'b' end
    -- What the run has written expired as the run left it.
    if has_expired(one) and was_replaced(one, state) and not only_check then return restored(state) end
    return 'c'
  end
  local is_ours = is_exactly(one, current, expiry)
  if is_exactly(state, current, expiry) or not is_ours and is_equal(state, current, expiry) then return 'b' end
  if not is_ours and not is_equal(one, current, expiry) then return 'c' end
  if only_check then return 'w' end
  return restored(state)
end

for i, one in ipairs(records) do
  local letter, problem = letter_of(one, before[i])
  letters[i] = letter
  reason = reason or problem or false
end
return {table.concat(letters), reason}
`
