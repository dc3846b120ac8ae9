-- One life after the other on each thread's one connection: begin a session, read it, change it, end it. Argument: the application key.
local key
local token = ""
local step = 1

function init(args)
  key = "Bearer " .. args[1]
  io.stderr:write("ready\n")
end

local json = "application/json"
local steps = {
  function() return wrk.format("POST", "/v1/sessions", { ["Authorization"] = key, ["Content-Type"] = json }, '{"kind":"web","subject":"ada","data":{"theme":"dark","cart":["tea"]}}') end,
  function() return wrk.format("GET", "/v1/session", { ["Authorization"] = key, ["Sojourn-Session"] = token }) end,
  function() return wrk.format("PATCH", "/v1/session", { ["Authorization"] = key, ["Sojourn-Session"] = token, ["Content-Type"] = json }, '{"set":{"theme":"light"}}') end,
  function() return wrk.format("DELETE", "/v1/session", { ["Authorization"] = key, ["Sojourn-Session"] = token }) end,
}

-- wrk may ask again for a request that it could not write yet.
function request()
  return steps[step]()
end

function response(status, headers, body)
  if step == 1 then token = string.match(body, '"token":"([^"]+)"') or "" end
  step = step % #steps + 1
end

function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '@@{"requests":%d,"microseconds":%d,"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect, errors.read, errors.write, errors.timeout
  ))
end
