-- What a request's body says: which model is asked, and what its affinity key is.
--
-- Variables it sets: txn.model (what `model` says, or absent), txn.affinity (session, prefix, large, none) and
-- txn.affinity_key. Nothing of the body is logged: the key is hashed before it is compared, and stays in memory.
--
-- A scanner and not a parser: it steps over values it does not want, so that its time goes with the number of tokens
-- and long strings cost one string.find each. HAProxy interrupts it every few thousand instructions for other traffic.

local find, byte, sub = string.find, string.byte, string.sub
local QUOTE, BACKSLASH, COMMA, COLON, OPEN, LIST, END = byte('"\\,:{[]', 1, 7)

-- `at` is the opening quote; the position behind the closing one, or nil. Looks for quotes only, which is a search for
-- one byte, and then whether a quote is escaped: an odd number of backslashes stands before it.
local function after_string(text, at)
    local here = at
    while true do
        here = find(text, '"', here + 1, true)
        if not here then return nil end
        local before = here - 1
        while byte(text, before) == BACKSLASH do before = before - 1 end
        if (here - before) % 2 == 1 then return here + 1 end
    end
end

local function after_nested(text, at)
    local depth, here = 0, at
    while true do
        here = find(text, '["{}%[%]]', here)
        if not here then return nil end
        local found = byte(text, here)
        if found == QUOTE then
            here = after_string(text, here)
            if not here then return nil end
        else
            depth = depth + ((found == OPEN or found == LIST) and 1 or -1)
            here = here + 1
            if depth == 0 then return here end
        end
    end
end

local function after_value(text, at)
    local first = byte(text, at)
    if first == QUOTE then return after_string(text, at) end
    if first == OPEN or first == LIST then return after_nested(text, at) end
    return find(text, '[,%]}%s]', at)
end

local function solid(text, at) return find(text, '%S', at) end

-- Calls seen(name, from, to) for each member of the object that opens at `at`; gives up in silence where it is broken.
local function each_member(text, at, seen)
    local here = solid(text, at + 1)
    while here and byte(text, here) == QUOTE do
        local past = after_string(text, here)
        local name = past and sub(text, here + 1, past - 2)
        here = past and solid(text, past)
        if not here or byte(text, here) ~= COLON then return end
        local from = solid(text, here + 1)
        local to = from and after_value(text, from)
        if not to then return end
        seen(name, from, to - 1)
        here = solid(text, to)
        if not here or byte(text, here) ~= COMMA then return end
        here = solid(text, here + 1)
    end
end

-- Calls seen(from) for each element of the list that opens at `at`, until it returns true.
local function each_element(text, at, seen)
    local here = solid(text, at + 1)
    while here and byte(text, here) ~= END do
        local to = after_value(text, here)
        if not to or seen(here) then return end
        here = solid(text, to)
        if not here or byte(text, here) ~= COMMA then return end
        here = solid(text, here + 1)
    end
end

local INSTRUCTIONS = { ['"system"'] = true, ['"developer"'] = true }

-- What stays the same through a conversation: the instructions before it, and the first thing its user said.
local function opening(text, at)
    local instructions, turn = '', nil
    each_element(text, at, function(from)
        if byte(text, from) ~= OPEN then return true end
        local role, content
        each_member(text, from, function(name, first, last)
            if name == 'role' then role = sub(text, first, last) end
            if name == 'content' then content = sub(text, first, last) end
        end)
        if INSTRUCTIONS[role] then
            instructions = instructions .. (content or '')
        elseif role == '"user"' then
            turn = content
        end
        return turn ~= nil
    end)
    return turn and (instructions .. '\n' .. turn)
end

local PROMPTS = { prompt = true, inputs = true, input = true, instances = true }

-- The model's name and the affinity key, either may be nil. As JSON readers do, the last of equal names counts.
local function understood(text, with_key)
    local model, key
    local start = solid(text, 1)
    if not start or byte(text, start) ~= OPEN then return nil, nil end
    each_member(text, start, function(name, first, last)
        if name == 'model' and byte(text, first) == QUOTE then
            model = sub(text, first + 1, last - 1):gsub('\\/', '/')
        elseif with_key and name == 'messages' and byte(text, first) == LIST then
            key = opening(text, first) or key
        elseif with_key and PROMPTS[name] then
            key = key or sub(text, first, last)
        end
    end)
    return model, key
end

-- Arguments: bytes up to which a body is read for the key; the name of the session header.
core.register_action('read_request', { 'http-req' }, function(txn, affinity_bytes, session_header)
    local body = txn.f:req_body() or ''
    local session = txn.f:req_hdr(session_header)
    local large = #body > tonumber(affinity_bytes)
    local model, key = understood(body, not session and not large)
    if model then txn:set_var('txn.model', model) end
    if session and session ~= '' then
        txn:set_var('txn.affinity', 'session')
        txn:set_var('txn.affinity_key', session)
    elseif large then
        txn:set_var('txn.affinity', 'large')
    elseif key then
        txn:set_var('txn.affinity', 'prefix')
        txn:set_var('txn.affinity_key', key)
    else
        txn:set_var('txn.affinity', 'none')
    end
end, 2)
