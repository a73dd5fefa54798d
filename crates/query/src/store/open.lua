-- Counts the parked events of a generation that nobody has dropped. Few are ever dropped: each by a person.
--
-- ARGV  1 key of the parked events of the generation, 2 key of those that were dropped. As arguments: to name
--       a key to EVALSHA is to ask for leave to write it.
local open = redis.call('HLEN', ARGV[1])
if open > 0 then
  for _, name in ipairs(redis.call('HKEYS', ARGV[2])) do
    open = open - redis.call('HEXISTS', ARGV[1], name)
  end
end
return open
