-- Which replica a request goes to: rendezvous hashing over those that are up and have a free slot.
--
-- Each replica's score is a hash of the request's key and the replica's address, so all gateways agree without talking,
-- and a replica that comes or goes moves only its own share. The favourite is taken while it has a free slot, else the
-- next. Where none is free, nothing is chosen: the request waits in the backend's queue, from which the first slot that
-- gets free takes it. A request without a key goes where most slots are free.
--
-- A choice made here is bound to its server, and would wait there alone if the slot were gone. Two things keep that
-- from happening. HAProxy runs one thread, and nothing comes between this choice and the connection. And a request
-- that has just left the queue holds its slot before the server's count shows it: those are known by their number only
-- (in the backend, but neither queued nor connected), so a server is free when it would be even if all were its own.

local servers = {}

core.register_init(function()
    for name, backend in pairs(core.backends) do
        if name:sub(1, 6) == 'model-' then
            local found = {}
            for server_name, server in pairs(backend.servers) do
                found[#found + 1] = { name = server_name, server = server }
            end
            servers[name] = found
        end
    end
end)

-- Servers are asked for by their bare names, which are looked up in the backend at hand: of "backend/server" HAProxy 2.6
-- takes the slash out of Lua's own string.
--
-- The servers that are up with their free slots, and how many requests are on their way to one.
local function candidates(txn, backend)
    local up, connected = {}, 0
    for _, each in ipairs(servers[backend]) do
        connected = connected + txn.f:srv_conn(each.name)
        if txn.f:srv_is_up(each.name) == 1 then
            up[#up + 1] = { name = each.name, server = each.server, free = txn.f:srv_conn_free(each.name) }
        end
    end
    return up, txn.f:be_conn(backend) - txn.f:queue(backend) - connected - 1
end

local function with_most_free(up, on_their_way)
    local best
    local first = up[1] and math.random(#up) or 0
    for step = 0, #up - 1 do
        local each = up[(first + step - 1) % #up + 1]
        if each.free > on_their_way and (not best or each.free > best.free) then best = each end
    end
    return best
end

local function by_score(txn, up, key)
    local digest = txn.c:xxh64(key)
    for _, each in ipairs(up) do
        each.score = txn.c:xxh64(digest .. ' ' .. each.server:get_addr())
    end
    table.sort(up, function(one, other) return math.ult(other.score, one.score) end)
end

local function chosen(txn, up, on_their_way)
    local key = txn:get_var('txn.affinity_key')
    if not key then return with_most_free(up, on_their_way) end
    by_score(txn, up, key)
    txn:set_var('txn.favourite', up[1] and up[1].name or '')
    for _, each in ipairs(up) do
        if each.free > on_their_way then return each end
    end
end

core.register_action('choose_server', { 'http-req' }, function(txn)
    local backend = txn.f:be_name()
    local up, on_their_way = candidates(txn, backend)
    -- Counted here, because HAProxy's own nbsrv says 0 from the moment on that it was told to end.
    txn:set_var('txn.ready', #up)
    local server = chosen(txn, up, on_their_way)
    -- Who waits already is first: while there is a queue, all go through it.
    if server and txn.f:queue(backend) == 0 then txn:set_var('txn.server', server.name) end
end)
