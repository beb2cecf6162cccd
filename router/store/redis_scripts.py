"""Writes that must be whole, as Lua functions run by Redis on one hash `x:{X}`.

Beside the fields of `router.store.port` the hash holds its own index:

    s:<subscription id>   the names of the fields the binding stands under, as JSON

so that all of a binding is found and removed in one place and one slot. KEYS[1] is the
hash in each function.
"""

from __future__ import annotations

_REMOVE = """
local function remove(id)
  local index = 's:' .. id
  local names = redis.call('HGET', KEYS[1], index)
  if not names then return 0 end
  for _, name in ipairs(cjson.decode(names)) do
    redis.call('HDEL', KEYS[1], name)
    if name == 'b' then redis.call('HDEL', KEYS[1], 't') end
  end
  redis.call('HDEL', KEYS[1], index)
  return 1
end
local function due(text, now)
  local at = cjson.decode(text).expires_at
  return type(at) == 'number' and at <= now
end
local function value_of(id)
  local names = redis.call('HGET', KEYS[1], 's:' .. id)
  return names and redis.call('HGET', KEYS[1], cjson.decode(names)[1])
end
"""

BIND = (
    _REMOVE
    + """
-- ARGV: id, value, now, names as JSON. Returns '' or the kind of the conflict.
local id, value, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('HEXISTS', KEYS[1], 'n') == 0 then return 'unknown_number' end
local names = cjson.decode(ARGV[4])
for _, name in ipairs(names) do
  local text = redis.call('HGET', KEYS[1], name)
  local other = text and cjson.decode(text).subscription_id
  if other and other ~= id then
    if not due(text, now) then
      return name == 'b' and 'x_taken' or 'party_taken'
    end
    remove(other)
  end
end
local before, temporary = value_of(id), redis.call('HGET', KEYS[1], 't')
remove(id)
if temporary and before and cjson.decode(before).a == cjson.decode(value).a then
  redis.call('HSET', KEYS[1], 't', temporary)
end
for _, name in ipairs(names) do redis.call('HSET', KEYS[1], name, value) end
redis.call('HSET', KEYS[1], 's:' .. id, ARGV[4])
return ''
"""
)

UNBIND = (
    _REMOVE
    + """
-- ARGV: id, and the instant it must be due by, '' for any. Returns how many: 0 or 1;
-- 2 when it is there and not due.
local text = value_of(ARGV[1])
if text and ARGV[2] ~= '' and not due(text, tonumber(ARGV[2])) then return 2 end
return remove(ARGV[1])
"""
)

BINDING = (
    _REMOVE
    + """
-- ARGV: id. Returns its value, or nil.
return value_of(ARGV[1])
"""
)

SET_TEMPORARY = """
-- ARGV: value, '' to remove it. Returns '' or the kind of the conflict.
if redis.call('HEXISTS', KEYS[1], 'b') == 0 then return 'not_bound' end
if ARGV[1] == '' then redis.call('HDEL', KEYS[1], 't')
else redis.call('HSET', KEYS[1], 't', ARGV[1]) end
return ''
"""

EXPIRE_TEMPORARY = (
    _REMOVE
    + """
-- ARGV: now. Returns 1 when a temporary callee was removed.
local text = redis.call('HGET', KEYS[1], 't')
if not text or not due(text, tonumber(ARGV[1])) then return 0 end
return redis.call('HDEL', KEYS[1], 't')
"""
)

REMOVE_NUMBER = """
-- Returns false when there is no number, else the ids of the bindings removed with it.
if redis.call('HEXISTS', KEYS[1], 'n') == 0 then return false end
local ids = {}
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(name, 1, 2) == 's:' then ids[#ids + 1] = string.sub(name, 3) end
end
redis.call('DEL', KEYS[1])
return ids
"""

FORGET_DUE = """
-- KEYS[1] the set of what expires; ARGV: now, member. Keeps one put off meanwhile.
local at = redis.call('ZSCORE', KEYS[1], ARGV[2])
if at and tonumber(at) <= tonumber(ARGV[1]) then
  redis.call('ZREM', KEYS[1], ARGV[2])
end
return 0
"""
