-- Which replica a request goes to: rendezvous hashing over those that are up and have a free slot.
--
-- Each replica's score is a hash of the request's key and the replica's address, so all gateways agree without talking,
-- and a replica that comes or goes moves only its own share. The favourite is taken while it has a free slot, else the
-- next. Where none is free, nothing is chosen: the request waits in the backend's queue, from which the first slot that
-- gets free takes it. A request without a key goes where most slots are free.
--
-- Of n gateways each has 1/n of every replica's slots, and few slots are full more often than many. So a gateway that
-- has slots left elsewhere lends one of those to the favourite: the slot that the favourite needs for it is another
-- gateway's, and most likely free, since their load is like its own. It lends up to all slots of a replica, and keeps
-- back a tenth of its own sum, at least one: near full load every slot is needed where it is. Where a request has to
-- wait, nothing is lent any more, and no slot of its own part is kept from it because others are lent.
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
-- The servers that are up with the free slots of our part, and how many requests are on their way to one.
local function candidates(txn, backend, part)
    local up, connected = {}, 0
    for _, each in ipairs(servers[backend]) do
        local working = txn.f:srv_conn(each.name)
        connected = connected + working
        if txn.f:srv_is_up(each.name) == 1 then
            up[#up + 1] = { name = each.name, server = each.server, working = working, free = part - working }
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

-- Whether the favourite, which has no slot left of its own part, may have one more.
local function lent(up, favourite, on_their_way, part, most)
    local working = on_their_way
    for _, each in ipairs(up) do working = working + each.working end
    local all = part * #up
    return favourite.working + on_their_way < most and working < all - math.max(1, all // 10)
end

local function chosen(txn, up, on_their_way, part, most)
    local key = txn:get_var('txn.affinity_key')
    if not key then return with_most_free(up, on_their_way) end
    by_score(txn, up, key)
    local favourite = up[1]
    txn:set_var('txn.favourite', favourite and favourite.name or '')
    if not favourite then return nil end
    if favourite.free <= on_their_way and lent(up, favourite, on_their_way, part, most) then
        favourite.server:set_maxconn(favourite.working + on_their_way + 1)
        return favourite
    end
    for _, each in ipairs(up) do
        if each.free > on_their_way then return each end
    end
end

-- Arguments: slots of a replica that are this gateway's part; the most of them that it takes with lent ones.
core.register_action('choose_server', { 'http-req' }, function(txn, part, most)
    local backend = txn.f:be_name()
    local waits = txn.f:queue(backend) > 0
    part, most = tonumber(part), tonumber(most)
    local up, on_their_way = candidates(txn, backend, part)
    -- Counted here, because HAProxy's own nbsrv says 0 from the moment on that it was told to end.
    txn:set_var('txn.ready', #up)
    local server = chosen(txn, up, on_their_way, part, waits and part or most)
    -- Who waits already is first: while there is a queue, all go through it.
    if server and not waits then
        txn:set_var('txn.server', server.name)
    elseif most > part then
        for _, each in ipairs(up) do each.server:set_maxconn(part) end
    end
end, 2)
