-- Reads some of what a generation holds, and its position, at one moment: what is read later was made
-- later, or stands behind the cursor.
--
-- ARGV  1 cursor, 2 names at once, roughly, 3 entries of an index at most, 4 prefix of the generation,
--       5 position
-- Returns the position, the next cursor, and each key with its kind and with what it holds. A larger
-- index is of the kind 'large', and nothing of it is read.
local most, prefix, found = tonumber(ARGV[3]), ARGV[4], {}
local scanned = redis.call('SCAN', ARGV[1], 'MATCH', prefix .. '*', 'COUNT', ARGV[2])
for _, key in ipairs(scanned[2]) do
  local kind, held = redis.call('TYPE', key).ok, {}
  if kind == 'string' then
    held = { redis.call('GET', key) }
  elseif kind == 'hash' then
    held = redis.call('HGETALL', key)
  elseif kind == 'zset' and redis.call('ZCARD', key) > most then
    kind = 'large'
  elseif kind == 'zset' then
    held = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  end
  found[#found + 1] = { key, kind, held }
end
return { redis.call('GET', ARGV[5]), scanned[1], found }
