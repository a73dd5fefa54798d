-- Counts the parked events of a generation that nobody has dropped. Few are ever dropped: each by a person.
--
-- KEYS  1 parked events of the generation, 2 those that were dropped
local open = redis.call('HLEN', KEYS[1])
if open > 0 then
  for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
    open = open - redis.call('HEXISTS', KEYS[1], name)
  end
end
return open
