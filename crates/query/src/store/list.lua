-- Reads pages of indexes with the records of their entries, all at one moment.
--
-- ARGV  1 prefix of the generation, 2 name of a hash to count, 3 key of a hash of names that do not count;
--       then for each page 6 arguments: name of the index, lowest score, highest score, 'up' or 'down',
--       most entries, families of the records with commas between them
-- Returns how many entries the hash has that count; and for each page: how many entries the index has, how many
--       of them between the scores, and the entries of the page, each with its member, its score and
--       one record of each family.
local prefix = ARGV[1]
local pages = {}
for page = 4, #ARGV, 6 do
  local index = prefix .. ARGV[page]
  local low, high, way, most = ARGV[page + 1], ARGV[page + 2], ARGV[page + 3], ARGV[page + 4]
  local found
  if way == 'up' then
    found = redis.call('ZRANGEBYSCORE', index, low, high, 'WITHSCORES', 'LIMIT', 0, most)
  else
    found = redis.call('ZREVRANGEBYSCORE', index, high, low, 'WITHSCORES', 'LIMIT', 0, most)
  end
  local entries = {}
  for entry = 1, #found, 2 do
    local records = {}
    for family in string.gmatch(ARGV[page + 5], '[^,]+') do
      records[#records + 1] = redis.call('GET', prefix .. family .. ':' .. found[entry])
    end
    entries[#entries + 1] = { found[entry], found[entry + 1], records }
  end
  local all, within = redis.call('ZCARD', index), redis.call('ZCOUNT', index, low, high)
  pages[#pages + 1] = { all, within, entries }
end
local counted = prefix .. ARGV[2]
local count = redis.call('HLEN', counted)
if count > 0 then
  for _, name in ipairs(redis.call('HKEYS', ARGV[3])) do
    count = count - redis.call('HEXISTS', counted, name)
  end
end
return { count, pages }
