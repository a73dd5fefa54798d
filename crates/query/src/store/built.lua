-- Marks a generation as built to its end, if the pointer still names it.
--
-- KEYS  1 pointer, 2 the mark
-- ARGV  1 generation
if redis.call('MGET', KEYS[1])[1] ~= ARGV[1] then
  return 'moved'
end
redis.call('SET', KEYS[2], '1')
return 'marked'
