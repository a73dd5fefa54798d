-- Makes another generation the live one. The one that was live becomes the previous one.
--
-- KEYS  1 pointer, 2 pointer that names the other one, 3 pointer of the previous one,
--       4 position of the live one (or of the other), 5 position of the other, 6 its mark
-- ARGV  1 live generation expected ('' for none), 2 the other one, 3 'level' if it may not be
--       behind the live one
local live = redis.call('MGET', KEYS[1])[1] or ''
if live ~= ARGV[1] or redis.call('MGET', KEYS[2])[1] ~= ARGV[2] then
  return 'moved'
end
local found = redis.call('MGET', KEYS[4], KEYS[5], KEYS[6])
if not found[3] then
  return 'unbuilt'
end
if ARGV[3] == 'level' and found[1] then
  local readable, theirs = pcall(cjson.decode, found[1])
  local own = cjson.decode(found[2])
  for stream = 1, #own do
    if readable and own[stream].sequence < theirs[stream].sequence then
      return 'behind'
    end
  end
end
redis.call('SET', KEYS[1], ARGV[2])
if KEYS[2] ~= KEYS[3] then
  redis.call('DEL', KEYS[2])
end
if live == '' then
  redis.call('DEL', KEYS[3])
else
  redis.call('SET', KEYS[3], live)
end
return 'active'
