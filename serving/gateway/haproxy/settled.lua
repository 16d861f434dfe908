-- Whether DNS and the first health checks have had time to answer since this process started. Before that, "there is
-- no replica" is nothing that a gateway may say.

local SECONDS = 10 -- three tries of one second each for a name, then a check; doubled and rounded
local started

core.register_init(function() started = core.now().sec end)

core.register_fetches('settled', function()
    return core.now().sec - started >= SECONDS and 1 or 0
end)
