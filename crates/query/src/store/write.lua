-- Writes one folded batch, if Redis still stands exactly where the batch was folded from.
--
-- Nothing that a script wrote is taken back when it fails later. So all that could fail is checked
-- before the first write, every value is absolute, and the position is written last.
--
-- KEYS  1 pointer, 2 position, 3 parked, then the records, then the indexes
-- ARGV  1 generation, 2 position expected, 3 position afterwards,
--       4 number of records, 5 number of index entries, 6 number of parked events,
--       then each record's contents, each index entry's member and score ('' takes it out),
--       each parked event's name and contents
local records, entries, parked = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local stands = redis.call('MGET', KEYS[1], KEYS[2])
if stands[1] ~= ARGV[1] or stands[2] ~= ARGV[2] then
  return 'moved'
end

if #KEYS ~= 3 + records + entries or #ARGV ~= 6 + records + 2 * entries + 2 * parked then
  return 'damaged: the numbers of keys and arguments do not agree'
end
local function wrong(key, kind)
  local found = redis.call('TYPE', key).ok
  return found ~= kind and found ~= 'none'
end
if wrong(KEYS[3], 'hash') then
  return 'damaged: ' .. KEYS[3] .. ' is no hash'
end
local sorted = {}
for entry = 1, entries do
  local key = KEYS[3 + records + entry]
  if not sorted[key] and wrong(key, 'zset') then
    return 'damaged: ' .. key .. ' is no sorted set'
  end
  sorted[key] = true
  local score = ARGV[6 + records + 2 * entry]
  if score ~= '' and not tonumber(score) then
    return 'damaged: ' .. score .. ' is no score'
  end
end

-- Some hundred at once: a call costs more than what it does, and takes no more than some thousand values.
for first = 1, records, 500 do
  local last, pairs = math.min(first + 499, records), {}
  for record = first, last do
    pairs[#pairs + 1] = KEYS[3 + record]
    pairs[#pairs + 1] = ARGV[6 + record]
  end
  redis.call('MSET', unpack(pairs))
end
for entry = 1, entries do
  local key = KEYS[3 + records + entry]
  local member, score = ARGV[5 + records + 2 * entry], ARGV[6 + records + 2 * entry]
  if score == '' then
    redis.call('ZREM', key, member)
  else
    redis.call('ZADD', key, score, member)
  end
end
local first = 6 + records + 2 * entries
for event = 1, parked do
  redis.call('HSET', KEYS[3], ARGV[first + 2 * event - 1], ARGV[first + 2 * event])
end
redis.call('SET', KEYS[2], ARGV[3])
return 'written'
