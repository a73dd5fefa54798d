-- Begins a new generation at position zero and makes it the live one, if the pointer still says
-- what it said. The position of the old one goes, so that whoever still folds into it notices.
--
-- KEYS  1 pointer, 2 position of the new generation, 3 position of the old one (or that of the new)
-- ARGV  1 pointer expected ('' for none), 2 the new generation, 3 the position at zero
local pointer = redis.call('MGET', KEYS[1])[1] or ''
if pointer ~= ARGV[1] then
  return 'moved'
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('DEL', KEYS[3])
redis.call('SET', KEYS[2], ARGV[3])
return 'begun'
