-- Reads plain values and pages of indexes with the records of their entries, all at one moment.
--
-- KEYS  the plain values
-- ARGV  1 prefix of the generation; then for each page 6 arguments: name of the index, lowest
--       score, highest score, 'up' or 'down', most entries, families of records by commas
-- Returns the plain values; then for each page: how many entries the whole index has, and a flat
--       list of each entry's member and score and one record of each family.
local prefix = ARGV[1]
local answer = { #KEYS > 0 and redis.call('MGET', unpack(KEYS)) or {} }
for page = 2, #ARGV, 6 do
  local index = prefix .. ARGV[page]
  local low, high, way, most = ARGV[page + 1], ARGV[page + 2], ARGV[page + 3], ARGV[page + 4]
  local entries
  if way == 'up' then
    entries = redis.call('ZRANGEBYSCORE', index, low, high, 'WITHSCORES', 'LIMIT', 0, most)
  else
    entries = redis.call('ZREVRANGEBYSCORE', index, high, low, 'WITHSCORES', 'LIMIT', 0, most)
  end
  local rows = {}
  for entry = 1, #entries, 2 do
    rows[#rows + 1] = entries[entry]
    rows[#rows + 1] = entries[entry + 1]
    for family in string.gmatch(ARGV[page + 5], '[^,]+') do
      rows[#rows + 1] = redis.call('GET', prefix .. family .. ':' .. entries[entry])
    end
  end
  answer[#answer + 1] = { redis.call('ZCARD', index), rows }
end
return answer
