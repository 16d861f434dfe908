-- Token counts for the access log, from the end of the answer. The data is only looked at on its way: nothing is held.
--
-- OpenAI's `usage` and TGI's `details` come last, in a whole answer and in a stream alike, so the last few kilobytes
-- are kept. TGI's own headers are asked first.

local KEPT = 4096 -- bytes of an answer's end; a usage object has under 500 with all of its details

local Usage = { id = 'token counts', flags = filter.FLT_CFG_FL_HTX }
Usage.__index = Usage

function Usage:new()
    return setmetatable({ before = '', tail = '' }, Usage)
end

function Usage:start_analyze(txn, channel)
    if channel:is_resp() then filter.register_data_filter(self, channel) end
end

function Usage:http_payload(txn, message)
    if not message.channel:is_resp() then return end
    local data = message:body()
    if not data or #data == 0 then return end
    if #data > KEPT then data = data:sub(-KEPT) end
    self.tail = self.tail .. data
    if #self.tail > KEPT then self.before, self.tail = self.tail:sub(-KEPT), '' end
end

-- Without its anchor a pattern that begins with `.*` is tried from every byte, and an answer without counts takes over a
-- second (0.4 ms with it), in which HAProxy does nothing else; its watchdog ends it for that.
local function last(text, name)
    return text:match('^.*"' .. name .. '"%s*:%s*(%d+)')
end

function Usage:http_end(txn, message)
    if not message.channel:is_resp() then return end
    local text = self.before .. self.tail
    local prompt = txn.f:res_hdr('x-prompt-tokens') or last(text, 'prompt_tokens') or last(text, 'input_length')
    local answer = txn.f:res_hdr('x-generated-tokens') or last(text, 'completion_tokens')
        or last(text, 'generated_tokens')
    if prompt then txn:set_var('txn.prompt_tokens', prompt) end
    if answer then txn:set_var('txn.completion_tokens', answer) end
end

core.register_filter('usage', Usage, function(usage) return usage end)
