-- Takes a generation from where a pointer names it, if it still does.
--
-- KEYS  1 pointer
-- ARGV  1 generation
if redis.call('MGET', KEYS[1])[1] ~= ARGV[1] then
  return 'moved'
end
redis.call('DEL', KEYS[1])
return 'dropped'
